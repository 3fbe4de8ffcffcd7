import Cryptography
import HTTPExchange
import JSON
import Synchronization

@testable import Gateway

/// What the tables run against.
enum ConformanceSetup: String, Sendable {
  /// The rig's document, with CORS.
  case standard
  /// Limits, keys, a stage cache and validators.
  case limited
  /// No CORS, and a `$default` route.
  case open

  /// Keys that a table may send; the settings know only their digests.
  static let key = "conformance-key-of-thirty-characters"
  static let spentKey = "conformance-key-whose-quota-is-spent"
  static let disabledKey = "conformance-key-that-is-disabled-now"

  func rig(strict: Bool) throws -> Rig {
    switch self {
    case .standard: return try Rig(configure: { $0.strictAWS = strict })
    case .limited:
      return try Rig(
        api: Self.limitedAPI,
        configure: {
          $0.strictAWS = strict
          Self.limit(&$0)
        }, assemble: Self.assemble)
    case .open:
      return try Rig(
        api: Self.openAPI, configure: { $0.strictAWS = strict }, assemble: Self.assemble)
    }
  }

  private static func limit(_ settings: inout GatewaySettings) {
    let single = RateLimit(ratePerSecond: 1, burst: 1)
    settings.throttle.routes = ["GET /limited": ThrottlePolicy.RouteLimits(all: single)]
    settings.plans = [
      UsagePlan(name: "usual", routeThrottles: ["GET /keyed/slow": single]),
      UsagePlan(name: "spent", quota: 1, period: .day, offset: 1),
    ]
    settings.keys = [
      (key, "usual", true), (spentKey, "spent", true), (disabledKey, "usual", false),
    ]
    .map { key, plan, enabled in
      APIKeyRecord(
        name: key, sha256: SHA256.hash(Array(key.utf8)).hex, plan: plan, enabled: enabled)
    }
    settings.routeCORS = ["GET /check": CORSPolicy(allowOrigins: ["*"], allowMethods: ["GET"])]
    for (name, invalidation) in [
      ("ignored", CacheRule.Invalidation.ignored), ("refused", .refused), ("warned", .warned),
      ("allowed", .allowed),
    ] {
      var rule = CacheRule(mode: .stage)
      rule.query = .named(["symbol"])
      rule.invalidation = invalidation
      settings.cache.routes["GET /staged/\(name)"] = rule
    }
  }

  private static func assemble(_ assembly: inout GatewayAssembly) {
    let calls = CallCounter()
    assembly.functions["CountFunction"] = FunctionHandler { request, _ in
      calls.count()
      var response = Response(json: [
        "call": .int(calls.value), "query": .string(request.target.query ?? ""),
      ])
      response.headers.append("cache-control", "no-store")
      return response
    }
    assembly.functions["UnavailableFunction"] = FunctionHandler { _, _ in
      throw IntegrationFailure.unavailable("down")
    }
    assembly.eventFunctions["Bare"] = { _ in ["hello": "world"] }
    assembly.eventFunctions["Cookies"] = { _ in
      [
        "statusCode": 201, "headers": ["X-One": "1"], "cookies": ["a=1", "b=2; Secure"],
        "body": "aGVsbG8=", "isBase64Encoded": true,
      ]
    }
    assembly.eventFunctions["Malformed"] = { _ in ["statusCode": "often"] }
    assembly.eventFunctions["MultiValue"] = { _ in
      ["statusCode": 200, "multiValueHeaders": ["X-Two": ["1", "2"]], "body": "{}"]
    }
  }

  private static let limitedAPI = """
    openapi: 3.1.0
    info: { title: Test, version: "1" }
    x-amazon-apigateway-cors: { allowOrigins: ["https://*"], allowMethods: [GET, POST] }
    x-amazon-apigateway-request-validators:
      all: { validateRequestBody: true, validateRequestParameters: true }
    paths:
    \(Rig.path("/check", "get", "EchoFunction"))
    \(Rig.path("/limited", "get", "EchoFunction", "security: [{ token: [] }]"))
    \(Rig.path("/keyed", "get", "EchoFunction", "security: [{ key: [] }]"))
    \(Rig.path("/keyed/slow", "get", "EchoFunction", "security: [{ key: [] }]"))
    \(Rig.path("/keyed/token", "get", "EchoFunction", "security: [{ key: [], token: [] }]"))
    \(Rig.path("/query", "get", "EchoFunction", "security: [{ query: [] }]"))
    \(Rig.path("/staged/ignored", "get", "CountFunction"))
    \(Rig.path("/staged/refused", "get", "CountFunction"))
    \(Rig.path("/staged/warned", "get", "CountFunction"))
    \(Rig.path("/staged/allowed", "get", "CountFunction"))
    \(Rig.path("/away", "get", "UnavailableFunction"))
    \(Rig.path("/bare", "get", "Bare"))
    \(Rig.path("/cookies", "get", "Cookies"))
    \(Rig.path("/malformed", "get", "Malformed"))
    \(Rig.path("/malformed1", "get", "Bare", version: "1.0"))
    \(Rig.path("/multi", "get", "MultiValue", version: "1.0"))
    \(Rig.path("/any", "x-amazon-apigateway-any-method", "EchoFunction"))
    \(Rig.path("/both/{proxy+}", "x-amazon-apigateway-any-method", "EchoFunction"))
          parameters: []
        post:
          responses: { default: { description: x } }
          x-amazon-apigateway-integration: { type: aws_proxy, uri: EchoFunction }
      /valid:
        post:
          x-amazon-apigateway-request-validator: all
          parameters:
            - { name: side, in: query, required: true, schema: { enum: [buy, sell] } }
            - { name: X-Note, in: header, required: true, schema: { type: string } }
          requestBody:
            required: true
            content:
              application/json:
                schema: { type: object, required: [n], properties: { n: { type: integer } } }
          responses: { default: { description: x } }
          x-amazon-apigateway-integration: { type: aws_proxy, uri: EchoFunction }
    components:
      securitySchemes:
        token:
          type: http
          scheme: bearer
          x-amazon-apigateway-authorizer:
            type: jwt
            jwtConfiguration: { issuer: "${accounts.issuer_url}", audience: [portico-api] }
        query:
          type: http
          scheme: bearer
          x-amazon-apigateway-authorizer:
            type: jwt
            identitySource: $request.querystring.Token
            jwtConfiguration: { issuer: "${accounts.issuer_url}", audience: [portico-api] }
        key: { type: apiKey, name: x-api-key, in: header }
    """

  private static let openAPI = """
    openapi: 3.1.0
    info: { title: Test, version: "1" }
    paths:
    \(Rig.path("/cors", "get", "CorsFunction"))
    \(Rig.path("/$default", "x-amazon-apigateway-any-method", "EchoFunction"))
    """
}
