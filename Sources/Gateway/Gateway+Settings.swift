import Diagnostics
import Settings

/// The sections `edge` (hosts, bundle) and `gateway` of the settings as values.
package struct GatewaySettings: Sendable {
  /// The API's document.
  package var openAPIFile = "site/openapi.yaml"
  /// The provider's document, mounted at the root.
  package var accountsOpenAPIFile = "site/accounts.openapi.yaml"
  /// Where the API answers on the site's host.
  package var basePaths = ["/api/v1", "/Prod"]
  /// Hosts of the site; empty allows any, loopback is always allowed.
  package var hosts: [String] = []
  /// Hosts on which the API answers at the root.
  package var apiHosts = ["api.localhost"]
  /// The one origin of preview, to which pages opened by loopback address are redirected.
  package var canonicalOrigin: String?
  /// Exactly AWS's bytes in answers the gateway makes itself.
  package var strictAWS = false
  /// Whether `/_portico/explain` answers; only in preview, and then to loopback alone.
  package var explains = false
  /// Bytes of a request's body; AWS allows 10 MB.
  package var bodyBytes = 10_485_760
  /// Bytes of the bundle held in memory.
  package var bundleBytes = 268_435_456
  /// `RateLimit` fields on answers; AWS has none.
  package var rateLimitFields = true
  /// Buckets remembered at once; each costs about 150 bytes.
  package var buckets = 65_536
  package var throttle = ThrottlePolicy()
  package var plans: [UsagePlan] = []
  package var keys: [APIKeyRecord] = []
  /// CORS policies of single routes, by route key; they win over the document's.
  package var routeCORS: [String: CORSPolicy] = [:]
  /// Whose tokens are taken, by security scheme or issuer.
  package var authorizers: [AuthorizerSettings] = []
  package var accessLog = AccessLogSettings()
  package var upstream = UpstreamSettings()
  package var cache = CacheSettings()

  package init() {}

  /// Whether answers carry `RateLimit` fields.
  package var sendsRateLimitFields: Bool { rateLimitFields && !strictAWS }
}

/// How a finished exchange is written down.
package struct AccessLogSettings: Sendable, Hashable {
  /// The form of a line.
  package enum Form: String, Sendable, Hashable, CaseIterable {
    case json, human, template, off
  }

  package var form = Form.json
  /// A line with `$context` variables, for the form `template`; AWS allows 3 KB.
  package var template = ""

  package init() {}
}

extension GatewaySettings {
  /// Reads both sections; findings are noted on the readers.
  package init(
    edge: SettingsReader, gateway: SettingsReader,
    readFile: (String) throws -> String = { throw Diagnostic(.secretUnreadable, $0) }
  ) {
    self.init()
    hosts = edge.strings("hosts")
    apiHosts = edge.strings("api_hosts", default: apiHosts)
    bundleBytes = edge.int("bundle_bytes", default: bundleBytes, in: 1_048_576...8_589_934_592)
    openAPIFile = gateway.string("openapi", default: openAPIFile)
    accountsOpenAPIFile = gateway.string("accounts_openapi", default: accountsOpenAPIFile)
    strictAWS = gateway.bool("strict_aws", default: strictAWS)
    bodyBytes = gateway.int("body_bytes", default: bodyBytes, in: 0...10_485_760)
    rateLimitFields = gateway.bool("rate_limit_fields", default: rateLimitFields)
    buckets = gateway.int("buckets", default: buckets, in: 16...16_777_216)
    basePaths = gateway.strings("base_paths", default: basePaths)
    for path in basePaths where !path.hasPrefix("/") || path.hasSuffix("/") {
      gateway.note(
        .routeInvalid, "the base path '\(path)' does not begin, or ends, with '/'",
        key: "base_paths", remedy: "write it as /api/v1")
    }
    throttle = Self.throttle(gateway.section("throttle"))
    plans = gateway.entries(of: "usage_plans").map { Self.plan($0.name, $0.reader) }
    keys = gateway.entries(of: "api_keys").compactMap { key($0.name, $0.reader) }
    for (name, reader) in gateway.entries(of: "cors") {
      routeCORS[name] = Self.cors(reader)
    }
    authorizers = gateway.entries(of: "authorizers").map {
      AuthorizerSettings($0.name, $0.reader, readFile: readFile)
    }
    upstream = UpstreamSettings(gateway.section("upstream"))
    cache = CacheSettings(gateway.section("cache"))
    let log = gateway.section("access_log")
    accessLog.form = log.choice("form", default: accessLog.form)
    accessLog.template = log.string("template", default: "")
    for name in AccessLogTemplate(accessLog.template).unknownVariables {
      log.note(
        .accessLogInvalid, "the template names the unknown variable '$context.\(name)'",
        key: "template",
        remedy: Suggestion.nearest(to: name, among: AccessLogRecord.variables).map {
          "did you mean '$context.\($0)'?"
        })
    }
    if accessLog.template.utf8.count > 3_072 {
      log.note(.settingTooLong, "the template is longer than 3,072 bytes", key: "template")
    }
  }

  // MARK: Throttling

  /// A limit of a section, or nil when it names no rate.
  private static func limit(_ reader: SettingsReader, prefix: String = "") -> RateLimit? {
    let rate = reader.double("\(prefix)rate_per_second", default: 0, in: 0...1_000_000)
    let burst = reader.int("\(prefix)burst", default: Int(rate.rounded(.up)), in: 0...10_000_000)
    guard rate > 0 else { return nil }
    return RateLimit(ratePerSecond: rate, burst: max(1, burst))
  }

  private static func throttle(_ reader: SettingsReader) -> ThrottlePolicy {
    var policy = ThrottlePolicy(
      stage: limit(reader), address: limit(reader.section("address")),
      user: limit(reader.section("user")))
    for (key, route) in reader.entries(of: "routes") {
      policy.routes[key] = ThrottlePolicy.RouteLimits(
        all: limit(route), address: limit(route, prefix: "address_"))
    }
    return policy
  }

  private static func plan(_ name: String, _ reader: SettingsReader) -> UsagePlan {
    let quota = reader.int("quota", default: 0)
    var routes: [String: RateLimit] = [:]
    for (key, route) in reader.entries(of: "routes") { routes[key] = limit(route) }
    return UsagePlan(
      name: name, throttle: limit(reader), routeThrottles: routes,
      quota: quota > 0 ? quota : nil, period: reader.choice("quota_period", default: .month),
      offset: reader.int("quota_offset", default: 0),
      failsOpen: reader.bool("quota_fails_open", default: false))
  }

  private func key(_ name: String, _ reader: SettingsReader) -> APIKeyRecord? {
    let hash = reader.string("sha256", default: "").lowercased()
    let plan = reader.optionalString("plan")
    let enabled = reader.bool("enabled", default: true)
    let isHash = hash.utf8.count == 64 && hash.allSatisfy(\.isHexDigit)
    if !isHash {
      reader.note(
        .usagePlanInvalid, "the key '\(name)' has no SHA-256 of 64 digits", key: "sha256",
        remedy: "make one with 'portico key new'")
    }
    if let plan, !plans.contains(where: { $0.name == plan }) {
      reader.note(
        .usagePlanInvalid, "the key '\(name)' names the unknown plan '\(plan)'", key: "plan",
        remedy: "define it under gateway.usage_plans")
    }
    return isHash ? APIKeyRecord(name: name, sha256: hash, plan: plan, enabled: enabled) : nil
  }

  private static func cors(_ reader: SettingsReader) -> CORSPolicy {
    let age = reader.int("max_age_seconds", default: -1, in: -1...86_400)
    let policy = CORSPolicy(
      allowOrigins: reader.strings("allow_origins"), allowMethods: reader.strings("allow_methods"),
      allowHeaders: reader.strings("allow_headers"),
      exposeHeaders: reader.strings("expose_headers"), maxAge: age < 0 ? nil : age,
      allowCredentials: reader.bool("allow_credentials", default: false))
    if let problem = policy.problem {
      reader.note(.corsInvalid, problem.message, key: "allow_origins", remedy: problem.remedy)
    }
    return policy
  }
}
