import Gateway
import HTTPExchange
import JSON
import SiteBundle
import Time
import Tokens

/// What each stage of the gateway adds to a request: routes that differ by one stage, decided in
/// place without a socket.
enum StageFigures {
  static func run() throws {
    guard let key = SigningKey.generate(.rs256), let token = TokenFigures.token(key) else {
      throw Unmeasurable()
    }
    let gateway = try gateway(key)
    let plain = ["accept": "*/*", "user-agent": "bench"]
    let bearer = plain.merging(["authorization": "Bearer \(token)"]) { first, _ in first }
    let empty = try cost(gateway, "GET", "/plain", plain)
    BenchParts.report("gateway: match, CORS, answer of a mock", "nanoseconds", empty)
    for (name, path, fields) in [
      ("a throttle of the route", "/throttled", plain),
      ("a token seen before", "/secured", bearer),
      ("three parameters held against the document", "/validated?a=1&b=two&c=true", plain),
    ] {
      // Measured again beside each, so that what disturbs the machine disturbs both.
      let without = try cost(gateway, "GET", "/plain", fields)
      let with = try cost(gateway, "GET", path, fields)
      BenchParts.report("gateway: \(name)", "nanoseconds", max(0, with - without))
    }
    let missing = try cost(gateway, "GET", "/secured", plain)
    BenchParts.report("gateway: a request without its token, refused", "nanoseconds", missing)
  }

  private static func cost(
    _ gateway: Gateway, _ method: String, _ target: String, _ fields: [String: String]
  ) throws -> Double {
    let target = try RequestTarget(parsing: "/api/v1" + target)
    let request = Request(
      method: method, target: target, authority: "localhost:8080",
      headers: HeaderFields(fields.map { ($0.key, $0.value) }))
    let clock = SystemClock()
    return BenchParts.nanoseconds {
      let context = RequestContext(
        requestID: "AAAAAAAAAAAAAA=", sourceAddress: "127.0.0.1", clock: clock)
      _ = gateway.decide(request, context)
    }
  }

  private static func gateway(_ key: SigningKey) throws -> Gateway {
    guard let verifying = key.verificationKey else { throw Unmeasurable() }
    let keys = KeySet([verifying], generation: 1)
    var settings = GatewaySettings()
    settings.throttle.routes["GET /throttled"] = ThrottlePolicy.RouteLimits(
      all: RateLimit(ratePerSecond: 1_000_000, burst: 10_000_000), address: nil)
    let site = try StaticSite(manifest: BundleManifest(), limit: 1) { _, _ in [] }
    let assembly = GatewayAssembly(
      settings: settings, api: try OpenAPILoader.load(document, file: "bench.yaml"), site: site,
      functions: [:]
    ) { definition in
      JWTVerifier(
        profile: .rfc9068(issuer: definition.issuer, audiences: definition.audiences),
        keys: .local { keys })
    }
    return Gateway(plan: try assembly.plan())
  }

  private static func path(_ name: String, _ rest: String) -> String {
    """
      /\(name):
        get:
          operationId: \(name)
          security: \(name == "secured" ? "[{ token: [] }]" : "[]")
    \(rest)
          responses: { "200": { description: ok } }
          x-amazon-apigateway-integration:
            type: mock
            requestTemplates: { application/json: '{"statusCode": 200}' }
            responses: { default: { statusCode: "200" } }

    """
  }

  private static let parameters = """
          parameters:
            - { name: a, in: query, required: true, schema: { type: integer } }
            - { name: b, in: query, required: true, schema: { type: string, maxLength: 20 } }
            - { name: c, in: query, required: true, schema: { type: boolean } }
          x-amazon-apigateway-request-validator: all
    """

  private static let document = """
    openapi: 3.1.0
    info: { title: bench, version: "1" }
    x-amazon-apigateway-request-validators:
      all: { validateRequestBody: true, validateRequestParameters: true }
    paths:
    \(path("plain", ""))\(path("throttled", ""))\(path("secured", ""))\(path("validated", parameters))
    components:
      securitySchemes:
        token:
          type: http
          scheme: bearer
          x-amazon-apigateway-authorizer:
            type: jwt
            identitySource: $request.header.Authorization
            jwtConfiguration: { issuer: "http://localhost:8080", audience: [portico-api] }
    """
}
