import HTTPExchange
import JSON
import Synchronization
import Testing

@testable import Gateway

@Suite("The cache in the gateway") struct CacheStageTests {
  /// A gateway whose functions answer with a lifetime and count their calls.
  private func rig(_ configure: (inout GatewaySettings) -> Void = { _ in }) throws -> Rig {
    let count = CallCounter()
    return try Rig(
      configure: configure,
      assemble: { assembly in
        assembly.functions["EchoFunction"] = FunctionHandler { request, context in
          count.count()
          var response = Response(json: [
            "user": .string(context.identity?.subject ?? ""), "calls": .int(count.value),
          ])
          if request.method == "GET" { response.headers.append("cache-control", "max-age=60") }
          return response
        }
      })
  }

  @Test("a hit is answered on the event loop, with its own CORS fields and request id")
  func hit() async throws {
    let rig = try rig()
    let first = try await rig.send(
      "GET", "/api/v1/check", headers: [("origin", "https://app.example")])
    #expect(first.headers["access-control-allow-origin"] == "https://app.example")
    let context = RequestContext(requestID: "REQ-2", sourceAddress: "192.0.2.1", clock: rig.clock)
    let request = Request(
      method: "GET", target: try RequestTarget(parsing: "/api/v1/check"),
      authority: "localhost:8080")
    guard case .answer(let second) = rig.gateway.decide(request, context) else {
      Issue.record("a hit needs no task")
      return
    }
    #expect(second.json?["calls"] == 1)
    #expect(second.headers["access-control-allow-origin"] == nil)
    #expect(second.headers.values("apigw-requestid") == ["REQ-2"])
    #expect(second.notes.cache == "hit")
  }

  @Test("HEAD is answered from GET") func head() async throws {
    let rig = try rig()
    _ = try await rig.send("GET", "/api/v1/check")
    let response = try await rig.send("HEAD", "/api/v1/check")
    #expect(response.headers["cache-status"] == "Portico; hit; ttl=60")
  }

  @Test("a write under one base path removes what is stored under another") func invalidation()
    async throws
  {
    let rig = try rig()
    let target = "/Prod/files/a/b"
    #expect(try await rig.send("GET", target).json?["calls"] == 1)
    #expect(try await rig.send("GET", target).json?["calls"] == 1)
    #expect(try await rig.send("PUT", "/api/v1/files/a/b").json?["calls"] == 2)
    #expect(try await rig.send("GET", target).json?["calls"] == 3)
  }

  @Test("with an authorizer each caller has answers of its own, after the token was judged")
  func users() async throws {
    let rig = try rig { settings in
      var rule = CacheRule(mode: .stage)
      rule.identity = true
      settings.cache.routes["GET /orders"] = rule
    }
    func send(_ token: String) async throws -> Response {
      try await rig.send("GET", "/api/v1/orders", headers: [("authorization", "Bearer \(token)")])
    }
    #expect(try await send("good").json?["calls"] == 1)
    #expect(try await send("good").json?["calls"] == 1)
    #expect(try await send("later").json?["calls"] == 1)
    #expect(try await send("forged").status == 401)
    #expect(try await send("unscoped").status == 403)
    #expect(rig.plan.responses.purge(path: "/orders") == 1)
    #expect(try await send("good").json?["calls"] == 2)
  }
}
