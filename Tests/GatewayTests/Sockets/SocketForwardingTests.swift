import HTTPExchange
import Listener
import TestSupport
import Testing

@testable import Gateway

/// What an upstream is told of the client, and what of the client's words never reaches it
/// (spec/gateway.md §4.3), through both sockets.
@Suite("Forwarding through sockets", .timeLimit(.minutes(1))) struct SocketForwardingTests {
  static let claimed = [
    ("X-Forwarded-For", "203.0.113.9, 198.51.100.7"), ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "evil.example"), ("Forwarded", "for=203.0.113.9;host=evil.example"),
  ]

  @Test func `a stranger's forwarding fields mean nothing`() async throws {
    let seen = try await request(Self.claimed)
    #expect(seen["x-forwarded-for"] == ["127.0.0.1"])
    #expect(seen["x-forwarded-proto"] == ["http"])
    #expect(seen["x-forwarded-host"] == ["localhost:8080"])
    #expect(seen["forwarded"] == ["for=127.0.0.1;host=\"localhost:8080\";proto=http"])
  }

  @Test func `a trusted proxy is believed, up to whom it does not vouch for`() async throws {
    let seen = try await request(Self.claimed, trusting: ["127.0.0.0/8"])
    // The rightmost address that is not a trusted proxy's: further left anybody may have written.
    #expect(seen["x-forwarded-for"] == ["198.51.100.7"])
    #expect(seen["x-forwarded-proto"] == ["https"])
    #expect(seen["x-forwarded-host"] == ["localhost:8080"])
    let chain = try await request(Self.claimed, trusting: ["127.0.0.0/8", "198.51.100.0/24"])
    #expect(chain["x-forwarded-for"] == ["203.0.113.9"])
  }

  @Test func `fields of one connection and reserved fields stay here`() async throws {
    let seen = try await request([
      ("Connection", "X-Listed"), ("X-Listed", "a"), ("Keep-Alive", "timeout=5"), ("TE", "gzip"),
      ("Proxy-Authorization", "Basic x"), ("Proxy-Connection", "close"), ("Trailer", "X-T"),
      ("Upgrade", "h2c"), ("X-Amz-Security", "a"), ("X-Amzn-Oidc-Data", "a"),
      ("x_amzn_oidc_data", "a"), ("Apigw-Requestid", "a"), ("X-User-Id", "root"), ("X-Kept", "yes"),
    ])
    #expect(seen["x-kept"] == ["yes"])
    #expect(seen["via"] == ["1.1 portico"])
    let allowed: Set = [
      "host", "x-kept", "via", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
      "forwarded", "traceparent", "x-amzn-trace-id", "connection",
    ]
    #expect(Set(seen.keys).isSubset(of: allowed), "\(seen.keys.sorted())")
  }

  @Test(arguments: ["0x2\r\nab\r\n0\r\n\r\n", "fffffffffffffffff\r\na", "2\r\nabc\r\n0\r\n\r\n"])
  func `a body that turns out broken is never whole for the upstream`(rest: String) async throws {
    let upstream = try await EchoUpstream(answers: ["HTTP/1.1 204 No Content\r\n\r\n"])
    let pool = UpstreamPool(UpstreamSettings(), group: upstream.group)
    let outcome: Result<Void, any Error>
    do {
      try await withSocket(Rig.proxy(to: upstream.port, pool)) { socket in
        let client = try #require(RawClient(port: socket.port))
        client.send(
          "POST /api/v1/up/x HTTP/1.1\r\nHost: localhost:8080\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5\r\nhello\r\n" + rest)
        #expect(SocketAnswer(client.readToEnd()).status == 400)
      }
      outcome = .success(())
    } catch { outcome = .failure(error) }
    try await pool.shutdown()
    try await upstream.stop()
    try outcome.get()
    #expect(upstream.received.isEmpty)
  }

  /// Sends one request through the gateway and answers the fields that the upstream got.
  private func request(
    _ fields: [(String, String)], trusting: [String] = []
  ) async throws -> [String: [String]] {
    let upstream = try await GatedUpstream { _ in "HTTP/1.1 204 No Content\r\n\r\n" }
    let pool = UpstreamPool(UpstreamSettings(), group: upstream.group)
    let outcome: Result<Void, any Error>
    do {
      let rig = try Rig.proxy(to: upstream.port, pool)
      try await withSocket(
        rig, limits: { $0.trustedProxies = trusting.compactMap { AddressRange($0) } }
      ) { socket in
        let answer = try socket.ask("GET", "/api/v1/up/x", headers: fields)
        #expect(answer.status == 204)
      }
      outcome = .success(())
    } catch { outcome = .failure(error) }
    try await pool.shutdown()
    try await upstream.stop()
    try outcome.get()
    var seen: [String: [String]] = [:]
    for line in (upstream.received.first ?? "").split(separator: "\r\n").dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      seen[parts[0].lowercased(), default: []].append(String(parts[1].drop { $0 == " " }))
    }
    return seen
  }
}
