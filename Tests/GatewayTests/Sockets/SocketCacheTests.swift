import HTTPExchange
import TestSupport
import Testing
import Time

@testable import Gateway

/// The cache through the whole stack: socket, gateway, cache, pool, upstream's socket.
@Suite("Cache through sockets", .timeLimit(.minutes(2)), .serialized)
struct SocketCacheTests {
  @Test func `a thousand waiters on a cold key ask the upstream once, and so after expiry`()
    async throws
  {
    let count = 1_000
    try await withUpstream(isOpen: false, { _ in Self.fresh("slow") }) { upstream, rig in
      try await withSocket(rig) { socket in
        let clients = (0..<count).compactMap { _ in RawClient(port: socket.port, timeoutMS: 30_000)
        }
        #expect(clients.count == count)
        for round in 1...2 {
          for client in clients { client.send(SocketRig.request("GET", "/api/v1/up/quote")) }
          // All of them wait before the upstream says a word.
          while rig.plan.responses.counts.collapsed < round * (count - 1)
            || upstream.received.count < round
          {
            await Task.yield()
          }
          upstream.open()
          let answers = clients.map { SocketAnswer($0.readAnswer()) }
          #expect(answers.allSatisfy { $0.status == 200 && $0.body == "slow" })
          #expect(upstream.received.count == round)
          upstream.shut()
          // The answer is past its minute: the key is cold again.
          rig.clock.advance(by: .seconds(61))
        }
      }
    }
  }

  /// What an attacker adds to the first request for a path.
  static let attacks: [(name: String, method: String, fields: [(String, String)], body: String)] = [
    ("X-Forwarded-Host", "GET", [("X-Forwarded-Host", "evil.example")], ""),
    ("X-Forwarded-Proto", "GET", [("X-Forwarded-Proto", "evil")], ""),
    ("X-Forwarded-Scheme", "GET", [("X-Forwarded-Scheme", "http")], ""),
    ("X-Forwarded-For", "GET", [("X-Forwarded-For", "203.0.113.9")], ""),
    ("X-Forwarded-Port", "GET", [("X-Forwarded-Port", "1")], ""),
    ("X-Forwarded-Prefix", "GET", [("X-Forwarded-Prefix", "/evil")], ""),
    ("Forwarded", "GET", [("Forwarded", "host=evil.example;proto=https")], ""),
    ("X-Original-URL", "GET", [("X-Original-URL", "/evil")], ""),
    ("X-Rewrite-URL", "GET", [("X-Rewrite-URL", "/evil")], ""),
    ("X-Host", "GET", [("X-Host", "evil.example")], ""),
    ("X-HTTP-Method-Override", "GET", [("X-HTTP-Method-Override", "DELETE")], ""),
    ("X-Method-Override", "GET", [("X-Method-Override", "PUT")], ""),
    ("X-HTTP-Method", "GET", [("X-HTTP-Method", "POST")], ""),
    ("another Host", "GET", [], ""),
    ("GET with a body", "GET", [], "evil"),
    (
      "GET with a chunked body", "GET", [("Transfer-Encoding", "chunked")], "4\r\nevil\r\n0\r\n\r\n"
    ),
    ("Range", "GET", [("Range", "bytes=0-0")], ""),
    ("If-None-Match", "GET", [("If-None-Match", "\"evil\"")], ""),
    ("If-Match", "GET", [("If-Match", "\"evil\"")], ""),
    ("HEAD", "HEAD", [], ""),
    ("POST", "POST", [("Content-Type", "text/plain")], "evil"),
    ("Authorization", "GET", [("Authorization", "Bearer evil")], ""),
    ("a reserved field", "GET", [("X-Amzn-Oidc-Data", "evil"), ("x_amzn_oidc_data", "evil")], ""),
    ("a listed field", "GET", [("Connection", "X-Evil"), ("X-Evil", "evil")], ""),
  ]

  @Test(arguments: attacks)
  func `what an attacker adds leaves no trace in what others get`(
    attack: (name: String, method: String, fields: [(String, String)], body: String)
  ) async throws {
    try await withUpstream(isOpen: true, { Self.fresh(Self.echo($0)) }) { _, rig in
      try await withSocket(rig) { socket in
        let expected = try socket.ask("GET", "/api/v1/up/clean")
        let host = attack.name == "another Host" ? "evil.example" : "localhost:8080"
        let fields =
          attack.fields.contains { $0.0 == "Transfer-Encoding" }
          ? attack.fields + [("Content-Type", "text/plain")] : attack.fields
        if attack.name == "GET with a chunked body" {
          let client = try #require(RawClient(port: socket.port))
          client.send(
            "GET /api/v1/up/target HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n"
              + "Transfer-Encoding: chunked\r\n\r\n" + attack.body)
          _ = client.readToEnd()
        } else {
          _ = try socket.ask(
            attack.method, "/api/v1/up/target", host: host, headers: fields, body: attack.body)
        }
        for _ in 1...2 {
          let victim = try socket.ask("GET", "/api/v1/up/target")
          #expect(victim.status == 200)
          #expect(victim.body == expected.body)
          #expect(!victim.body.contains("evil"))
        }
      }
    }
  }

  /// Everything of the request that a client could have written, without what differs every time.
  private static func echo(_ request: String) -> String {
    request.split(separator: "\r\n").dropFirst().filter {
      !$0.hasPrefix("traceparent:") && !$0.hasPrefix("x-amzn-trace-id:")
    }.joined(separator: ";")
  }

  private static func fresh(_ body: String) -> String {
    "HTTP/1.1 200 OK\r\ncontent-length: \(body.utf8.count)\r\ncontent-type: text/plain\r\n"
      + "cache-control: max-age=60\r\n\r\n\(body)"
  }

  private func withUpstream(
    isOpen: Bool, _ answer: @escaping GatedUpstream.Answer,
    _ body: (GatedUpstream, Rig) async throws -> Void
  ) async throws {
    let upstream = try await GatedUpstream(isOpen: isOpen, answer)
    let pool = UpstreamPool(UpstreamSettings(), group: upstream.group)
    let outcome: Result<Void, any Error>
    do {
      try await body(upstream, Rig.proxy(to: upstream.port, pool))
      outcome = .success(())
    } catch { outcome = .failure(error) }
    try await pool.shutdown()
    try await upstream.stop()
    try outcome.get()
  }
}
