extension Rig {
  /// An API with one route of every kind.
  static let api = """
    openapi: 3.1.0
    info: { title: Test, version: "1" }
    security: [{ token: [] }]
    x-amazon-apigateway-cors:
      allowOrigins: ["https://app.example", "http://localhost:8080"]
      allowMethods: [GET, POST]
      allowHeaders: [Content-Type, Authorization]
      exposeHeaders: [apigw-requestid]
      maxAge: 300
      allowCredentials: true
    paths:
    \(path("/check", "get", "EchoFunction", "security: []"))
    \(path("/buy", "post", "EchoFunction"))
    \(path("/orders", "get", "EchoFunction", "security: [{ token: [orders.read, orders.write] }]"))
    \(path("/admin", "get", "EchoFunction", "security: [{ token: [admin] }]"))
    \(path("/keyed", "get", "EchoFunction", "security: [{ key: [] }]"))
    \(path("/cors", "get", "CorsFunction", "security: []"))
    \(path("/throw", "get", "ThrowFunction", "security: []"))
    \(path("/nonsense", "get", "NonsenseFunction", "security: []"))
    \(path("/problem", "get", "ProblemFunction", "security: []"))
    \(path("/event", "post", "EventEcho", "security: [{ token: [orders.read] }]"))
    \(path("/event/{id}", "get", "EventEcho"))
    \(path("/event1/{id}", "get", "EventEcho", version: "1.0"))
    \(path("/stocks/{symbol}", "get", "EchoFunction", "security: []"))
    \(path("/stocks/top", "get", "EchoFunction", "security: []"))
    \(path("/files/{proxy+}", "get", "EchoFunction", "security: []"))
    \(path("/files/a/{proxy+}", "x-amazon-apigateway-any-method", "EchoFunction", "security: []"))
      /mock:
        get:
          security: []
          responses: { default: { description: x } }
          x-amazon-apigateway-integration:
            type: mock
            requestTemplates: { application/json: '{"statusCode": 200}' }
            responses:
              "200": { statusCode: "200", responseTemplates: { application/json: '{"mock":true}' } }
    components:
      securitySchemes:
        token:
          type: http
          scheme: bearer
          x-amazon-apigateway-authorizer:
            type: jwt
            identitySource: $request.header.Authorization
            jwtConfiguration: { issuer: "${accounts.issuer_url}", audience: [portico-api] }
        key: { type: apiKey, name: x-api-key, in: header }
    """

  static let accounts = """
    openapi: 3.1.0
    info: { title: Accounts, version: "1" }
    paths:
    \(path("/oauth2/token", "post", "EchoFunction"))
    \(path("/login", "get", "EchoFunction"))
    """

  /// One path with one operation on a function.
  static func path(
    _ path: String, _ method: String, _ function: String, _ line: String = "summary: x",
    version: String = "2.0"
  ) -> String {
    """
      \(path):
        \(method):
          \(line)
          responses: { default: { description: x } }
          x-amazon-apigateway-integration:
            type: aws_proxy
            uri: arn:aws:apigateway:eu-north-1:lambda:path/2015-03-31/functions/${\(function).Arn}/invocations
            payloadFormatVersion: "\(version)"
    """
  }
}
