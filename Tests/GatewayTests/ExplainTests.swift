import Diagnostics
import HTTPExchange
import JSON
import SiteBundle
import Testing
import Time

@testable import Gateway

/// Explanations and lints.
@Suite struct ExplainTests {
  private let rig: Rig

  init() throws {
    rig = try Rig(configure: {
      $0.explains = true
      $0.throttle.stage = RateLimit(ratePerSecond: 5, burst: 1)
    })
  }

  private func explain(_ query: String, headers: [(String, String)] = []) async throws -> JSON {
    let response = try await rig.send(
      "GET", "/_portico/explain?\(query)", headers: headers, address: "127.0.0.1")
    #expect(response.status == 200)
    return try #require(response.json)
  }

  @Test func tellsTheRouteAndWhereItStopped() async throws {
    let told = try await explain("method=POST&url=/api/v1/buy")
    #expect(told["behaviour"]?.string == "api")
    #expect(told["route"]?["key"]?.string == "POST /buy")
    #expect(told["route"]?["authorizer"]?.string == "token")
    #expect(told["route"]?["place"]?.string?.hasPrefix("openapi.yaml:") == true)
    let stages = try #require(told["stages"]?.array)
    #expect(stages.map { $0["name"]?.string } == Gateway.order.map(\.name))
    let authorize = stages.first { $0["name"]?.string == "authorize" }
    #expect(authorize?["verdict"]?.string == "refuses with 401: Unauthorized")
    #expect(stages.last?["verdict"]?.string == "not reached")
  }

  @Test func goesOnWithAToken() async throws {
    let told = try await explain(
      "method=POST&url=/api/v1/buy", headers: [("Authorization", "good")])
    #expect(told["stages"]?.array?.last?["verdict"]?.string == "would be asked")
    #expect(rig.calls.value == 0)
  }

  @Test func takesNoToken() async throws {
    for _ in 0..<5 { _ = try await explain("url=/api/v1/check") }
    #expect(try await rig.send("GET", "/api/v1/check").status == 200)
    #expect(try await rig.send("GET", "/api/v1/check").status == 429)
  }

  @Test func tellsOfTheSite() async throws {
    #expect(try await explain("url=/about/")["status"]?.int == 200)
    #expect(try await explain("url=/about")["status"]?.int == 301)
    #expect(try await explain("url=/.git/config")["why"]?.string?.contains("hidden") == true)
    #expect(try await explain("url=/login")["route"]?["key"]?.string == "GET /login")
  }

  @Test func answersLoopbackInPreviewOnly() async throws {
    let target = "/_portico/explain?url=/"
    #expect(try await rig.send("GET", target, address: "192.0.2.1").status == 404)
    #expect(
      try await rig.send("GET", target, host: "rebound.example", address: "127.0.0.1").status
        == 404)
    let production = try Rig()
    #expect(try await production.send("GET", target, address: "127.0.0.1").status == 404)
  }

  @Test func namesTheTraps() throws {
    let trap = try Rig(
      configure: {
        $0.throttle.stage = RateLimit(ratePerSecond: 1, burst: 1)
        $0.throttle.routes["GET /check"] = ThrottlePolicy.RouteLimits(
          all: RateLimit(ratePerSecond: 9, burst: 9))
      })
    let manifest = BundleManifest(
      headerGroups: [
        "page": [HeaderPair("Content-Security-Policy", String(repeating: "a", count: 1_784))]
      ],
      spaRoutes: [SPARoute(prefix: "/", shell: "index.html")])
    let codes = Set(GatewayLint.findings(trap.plan, manifest: manifest).map(\.code))
    #expect(codes.contains(.keyRouteWithoutKeys))
    #expect(codes.contains(.openWriteWithoutLimit))
    #expect(codes.contains(.routeLimitAboveStage))
    #expect(codes.contains(.shellMasksAPI))
    #expect(codes.contains(.policyTooLong))
    let catchAll = """
      openapi: 3.1.0
      info: { title: T, version: "1" }
      security: [{ token: [] }]
      paths:
      \(Rig.path("/$default", "x-amazon-apigateway-any-method", "EchoFunction"))
      components:
        securitySchemes:
          token:
            type: http
            x-amazon-apigateway-authorizer:
              type: jwt
              jwtConfiguration: { issuer: i, audience: [a] }
      """
    let eaten = try Rig(api: catchAll)
    #expect(
      GatewayLint.findings(eaten.plan, manifest: nil).map(\.code)
        .contains(.defaultEatsPreflight))
  }
}
