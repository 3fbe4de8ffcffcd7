import HTTPExchange
import JSON
import NIOCore
import Synchronization
import Testing
import Time

@testable import Gateway

/// Heads that came before: the short way must say what the long way says, and see every change.
@Suite("Heads that come again") struct RepeatedHeadTests {
  /// A verifier that a test turns: one token, whoever it is now.
  private final class TurningVerifier: BearerVerifier {
    let identity = Mutex<Identity?>(WordVerifier.alice)

    func verify(_ token: String, now: Timestamp) -> BearerVerdict {
      identity.withLock { $0 }.map { .accepted($0) } ?? .refused("revoked")
    }
  }

  private let verifier = TurningVerifier()

  private func rig(
    vary: String? = nil, _ configure: (inout GatewaySettings) -> Void = { _ in }
  ) throws -> Rig {
    let count = CallCounter()
    return try Rig(
      configure: { settings in
        var rule = CacheRule()
        rule.identity = true
        settings.cache.routes["GET /orders"] = rule
        configure(&settings)
      },
      assemble: { assembly in
        assembly.verifier = { _ in verifier }
        assembly.functions["EchoFunction"] = FunctionHandler { _, context in
          count.count()
          var response = Response(json: [
            "user": .string(context.identity?.subject ?? ""), "calls": .int(count.value),
          ])
          response.headers.append("cache-control", "public, max-age=60")
          if let vary { response.headers.append("vary", vary) }
          return response
        }
      })
  }

  /// Sends a head as the listener reads it: bytes and where the lines lie.
  private func send(
    _ rig: Rig, _ target: String = "/api/v1/orders", _ fields: [(String, String)] = []
  ) async throws -> Response {
    let all = [("host", "localhost:8080"), ("authorization", "Bearer one")] + fields
    var bytes = Array("GET \(target) HTTP/1.1\r\n".utf8)
    var lines: [ReceivedFields.Line] = []
    for (name, value) in all {
      let start = bytes.count
      bytes += Array("\(name): \(value)\r\n".utf8)
      let end = start + name.utf8.count
      lines.append(.init(name: start..<end, value: end + 2..<bytes.count - 2))
    }
    let request = Request(
      method: "GET", target: try RequestTarget(parsing: target), authority: "localhost:8080",
      headers: HeaderFields(ReceivedFields(bytes: bytes, lines: lines)))
    let context = RequestContext(
      requestID: "REQ-1", sourceAddress: "192.0.2.1", clock: rig.clock)
    switch rig.gateway.decide(request, context) {
    case .answer(let response): return response
    case .handle(let work): return await work.run(.empty)
    }
  }

  /// Every field of an answer, in the order of their names.
  private func fields(_ response: Response) -> [String] {
    let opening = response.opening.map { String(buffer: $0) } ?? ""
    let lines = opening.split(separator: "\r\n").dropFirst().map(String.init)
    return (lines + response.headers.fields.map { "\($0.name): \($0.value)" }).sorted()
  }

  @Test("get the fields and the body that the long way gives, with an age that goes on")
  func same() async throws {
    let rig = try rig()
    _ = try await send(rig)
    let long = try await send(rig)
    #expect(long.opening == nil)
    _ = try await send(rig)
    let short = try await send(rig)
    #expect(short.opening != nil)
    #expect(fields(short) == fields(long))
    #expect(short.json == long.json)
    #expect(short.notes.subject == "sub-alice")
    #expect(short.notes.routeKey == "GET /orders")
    rig.clock.advance(by: .seconds(7))
    #expect(fields(try await send(rig)).contains("age: 7"))
    rig.clock.advance(by: .seconds(60))
    #expect(try await send(rig).json?["calls"] == 2)
  }

  @Test("are refused once the token is good no more") func revoked() async throws {
    let rig = try rig()
    for _ in 0..<4 { #expect(try await send(rig).status == 200) }
    verifier.identity.withLock { $0 = nil }
    #expect(try await send(rig).status == 401)
  }

  @Test("never give one caller's answer to another") func identities() async throws {
    let rig = try rig()
    for _ in 0..<4 { #expect(try await send(rig).json?["user"] == "sub-alice") }
    verifier.identity.withLock {
      $0 = Identity(subject: "sub-eve", username: "alice", scopes: ["orders.read", "profile"])
    }
    for _ in 0..<4 { #expect(try await send(rig).json?["user"] == "sub-eve") }
  }

  @Test("see what was purged") func purged() async throws {
    let rig = try rig()
    for _ in 0..<4 { #expect(try await send(rig).json?["calls"] == 1) }
    #expect(rig.plan.responses.purge(path: "/orders") == 1)
    for _ in 0..<4 { #expect(try await send(rig).json?["calls"] == 2) }
  }

  @Test("are counted in every bucket") func throttled() async throws {
    let rig = try rig { settings in
      settings.throttle.user = RateLimit(ratePerSecond: 1, burst: 5)
    }
    for _ in 0..<5 { #expect(try await send(rig).status == 200) }
    #expect(try await send(rig).status == 429)
  }

  @Test("are judged anew after a minute, however often they come") func aged() async throws {
    let rig = try rig()
    for _ in 0..<3 { _ = try await send(rig) }
    #expect(try await send(rig).opening != nil)
    rig.clock.advance(by: .seconds(59))
    #expect(try await send(rig).opening != nil)
    rig.clock.advance(by: .seconds(1))
    #expect(try await send(rig).opening == nil)
    #expect(rig.gateway.repeated.kept == 0)
    for _ in 0..<3 { _ = try await send(rig) }
    #expect(try await send(rig).opening != nil)
  }

  @Test("leave memory when nobody sends them any more") func swept() async throws {
    let rig = try rig()
    for _ in 0..<4 { _ = try await send(rig) }
    #expect(rig.gateway.repeated.kept == 1)
    let gateway = rig.gateway
    let clock = rig.clock
    let sweeping = Task { await gateway.sweepHeads(clock: clock) }
    for round in 1...4 {
      while clock.sleeping == 0 { await Task.yield() }
      #expect(gateway.repeated.kept == 1, "before \(round * 15) s")
      clock.advance(by: .seconds(15))
    }
    while gateway.repeated.kept > 0 { await Task.yield() }
    sweeping.cancel()
    await sweeping.value
  }

  @Test("of an answer that varies go the long way, each to its own") func varying() async throws {
    let rig = try rig(vary: "accept-language")
    for _ in 0..<4 {
      let german = try await send(rig, "/api/v1/orders", [("accept-language", "de")])
      let english = try await send(rig, "/api/v1/orders", [("accept-language", "en")])
      #expect(german.opening == nil)
      #expect(german.json?["calls"] == 1)
      #expect(english.json?["calls"] == 2)
    }
  }

  @Test("with a condition or a range are judged anew") func conditions() async throws {
    let rig = try rig()
    for _ in 0..<4 {
      let part = try await send(rig, "/api/v1/orders", [("range", "bytes=0-0")])
      #expect(part.opening == nil)
    }
  }
}
