import Diagnostics
import Settings
import Testing

@testable import Gateway

/// The sections `edge` and `gateway`.
@Suite struct GatewaySettingsTests {
  private static func read(_ yaml: String) throws -> GatewaySettings {
    let root = try SettingsDocument(yaml: yaml).reader()
    let settings = GatewaySettings(edge: root.section("edge"), gateway: root.section("gateway"))
    try root.finish()
    return settings
  }

  @Test func readsEverything() throws {
    let settings = try Self.read(
      """
      edge:
        hosts: [example.org]
        api_hosts: [api.example.org]
        bundle_bytes: 1048576
      gateway:
        base_paths: [/v1]
        strict_aws: true
        body_bytes: 1000
        throttle:
          rate_per_second: 100
          burst: 50
          address: { rate_per_second: 10, burst: 20 }
          user: { rate_per_second: 0.5 }
          routes:
            POST /buy: { rate_per_second: 5, burst: 6, address_rate_per_second: 1, address_burst: 2 }
        usage_plans:
          gold: { rate_per_second: 9, quota: 1000, quota_period: day, quota_offset: 3, routes: { GET /a: { rate_per_second: 1 } } }
        api_keys:
          partner: { sha256: \(String(repeating: "Ab", count: 32)), plan: gold }
        cors:
          GET /check: { allow_origins: ["*"], max_age_seconds: 60 }
        access_log: { form: template, template: "$context.requestId" }
        upstream: { connect_timeout_ms: 500 }
      """)
    #expect(settings.hosts == ["example.org"])
    #expect(settings.basePaths == ["/v1"])
    #expect(settings.strictAWS && !settings.sendsRateLimitFields)
    #expect(settings.throttle.stage == RateLimit(ratePerSecond: 100, burst: 50))
    #expect(settings.throttle.address == RateLimit(ratePerSecond: 10, burst: 20))
    #expect(settings.throttle.user == RateLimit(ratePerSecond: 0.5, burst: 1))
    let buy = settings.throttle.routes["POST /buy"]
    #expect(buy?.all == RateLimit(ratePerSecond: 5, burst: 6))
    #expect(buy?.address == RateLimit(ratePerSecond: 1, burst: 2))
    let plan = try #require(settings.plans.first)
    #expect(plan.quota == 1000 && plan.period == .day && plan.offset == 3)
    #expect(plan.routeThrottles["GET /a"] == RateLimit(ratePerSecond: 1, burst: 1))
    #expect(settings.keys.first?.sha256 == String(repeating: "ab", count: 32))
    #expect(settings.routeCORS["GET /check"]?.maxAge == 60)
    #expect(settings.accessLog.form == .template)
    #expect(settings.upstream.connectTimeoutMS == 500)
  }

  @Test(arguments: [
    ("gateway: { base_paths: [v1] }", DiagnosticCode.routeInvalid),
    ("gateway: { base_paths: [/v1/] }", .routeInvalid),
    ("gateway: { api_keys: { a: { sha256: abc } } }", .usagePlanInvalid),
    (
      "gateway: { cors: { GET /a: { allow_origins: ['*'], allow_credentials: true } } }",
      .corsInvalid
    ),
    ("gateway: { throtle: {} }", .settingsUnknownKey),
    ("gateway: { throttle: { rate_per_second: fast } }", .settingsWrongValue),
    ("edge: { bundle_bytes: 1 }", .settingsWrongValue),
  ])
  func refuses(_ yaml: String, _ code: DiagnosticCode) {
    do {
      _ = try Self.read(yaml)
      Issue.record("accepted")
    } catch let list as DiagnosticList {
      #expect(list.diagnostics.contains { $0.code == code }, "\(list.diagnostics)")
    } catch {
      Issue.record("\(error)")
    }
  }
}
