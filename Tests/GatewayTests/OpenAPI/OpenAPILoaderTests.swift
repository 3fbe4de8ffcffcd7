import Diagnostics
import Foundation
import HTTPExchange
import JSON
import TestSupport
import Testing

@testable import Gateway

/// The loader: what it takes, and that it refuses everything else with its place.
@Suite struct OpenAPILoaderTests {
  private static let head = """
    openapi: 3.1.0
    info: { title: T, version: "1" }

    """

  private static func findings(_ text: String, variables: [String: String] = [:]) -> [Diagnostic] {
    do {
      _ = try OpenAPILoader.load(text, file: "o.yaml", variables: variables)
      return []
    } catch {
      return error.diagnostics
    }
  }

  private static let integration = "x-amazon-apigateway-integration: { type: aws_proxy, uri: F }"

  private static func operation(_ lines: [String]) -> String {
    head + "paths:\n  /a:\n    get:\n" + lines.map { "      \($0)\n" }.joined()
  }

  /// A document that is refused: whole, or lines at its root, or lines of its one operation.
  struct Refused: Sendable, CustomStringConvertible {
    enum Part: Sendable {
      case whole(String)
      case root(String)
      case operation(String)
      case integration(String)
      case scheme(String)
    }

    var part: Part
    var code: DiagnosticCode

    init(_ code: DiagnosticCode, _ part: Part) {
      self.part = part
      self.code = code
    }

    var text: String {
      switch part {
      case .whole(let text): text
      case .root(let line): OpenAPILoaderTests.head + line
      case .operation(let line):
        OpenAPILoaderTests.operation([line, OpenAPILoaderTests.integration])
      case .integration(let inner):
        OpenAPILoaderTests.operation(["x-amazon-apigateway-integration: { \(inner) }"])
      case .scheme(let inner):
        OpenAPILoaderTests.head + "components: { securitySchemes: { t: { \(inner) } } }"
      }
    }

    var description: String { "\(code) \(part)" }
  }

  @Test func namesTheLineOfWhatItRefuses() throws {
    let found = Self.findings(Self.operation(["callbacks: {}", Self.integration]))
    let first = try #require(found.first)
    #expect(first.code == .openAPIUnsupported)
    #expect(first.place?.file == "o.yaml")
    #expect(first.place?.line == 6)
    #expect(first.place?.excerpt?.contains("callbacks") == true)
    #expect(first.remedy != nil)
  }

  static let refused: [Refused] = [
    Refused(.openAPISyntax, .whole("openapi: 3.0.3\npaths: {}")),
    Refused(.openAPISyntax, .whole("- a")),
    Refused(.openAPISyntax, .whole("openapi: 3.1.0\nopenapi: 3.1.0")),
    Refused(.openAPISyntax, .whole("openapi: 3.1.0\npaths: {\n")),
    Refused(.openAPIUnsupported, .root("webhooks: {}")),
    Refused(.openAPIUnsupported, .root("x-amazon-apigateway-policy: {}")),
    Refused(.openAPIUnsupported, .root("x-amazon-apigateway-gateway-responses: {}")),
    Refused(.openAPIUnsupported, .root("components: { callbacks: {} }")),
    Refused(.openAPIUnsupported, .root("servers: [{ url: /, variables: {} }]")),
    Refused(.openAPIUnsupported, .operation("x: 1")),
    Refused(.openAPIUnsupported, .operation("x-amazon-apigateway-request-validator: no")),
    Refused(.openAPIUnsupported, .operation("x-portico-time-class: slow")),
    Refused(.authorizerInvalid, .operation("security: [{ nobody: [] }]")),
    Refused(.authorizerInvalid, .operation("security: [{}]")),
    Refused(.authorizerInvalid, .operation("security: [{ a: [] }, { b: [] }]")),
    Refused(.integrationInvalid, .whole(operation(["responses: {}"]))),
    Refused(.integrationInvalid, .integration("type: aws, uri: F")),
    Refused(.integrationInvalid, .integration("type: aws_proxy, uri: 'a b'")),
    Refused(.integrationInvalid, .integration("type: aws_proxy")),
    Refused(.openAPIUnsupported, .integration("type: aws_proxy, uri: F, cacheNamespace: x")),
    Refused(.openAPIUnsupported, .integration("type: aws_proxy, uri: F, timeoutInMillis: 100")),
    Refused(.integrationInvalid, .integration("type: http_proxy, uri: 'ftp://x'")),
    Refused(.integrationInvalid, .integration("type: http_proxy, uri: 'http://x/{proxy}'")),
    Refused(
      .openAPIUnsupported,
      .integration("type: mock, responses: { default: { responseTemplates: { a/b: $context.x } } }")
    ),
    Refused(
      .corsInvalid,
      .root("x-amazon-apigateway-cors: { allowOrigins: ['*'], allowCredentials: true }")),
    Refused(.corsInvalid, .root("x-amazon-apigateway-cors: { allowOrigins: ['example.org'] }")),
    Refused(.authorizerInvalid, .scheme("type: http, scheme: bearer")),
    Refused(
      .authorizerInvalid, .scheme("type: http, x-amazon-apigateway-authorizer: { type: request }")),
    Refused(
      .authorizerInvalid,
      .scheme("x-amazon-apigateway-authorizer: { type: jwt, jwtConfiguration: { issuer: i } }")),
    Refused(
      .variableUnknown,
      .scheme(
        "x-amazon-apigateway-authorizer: { type: jwt, jwtConfiguration: "
          + "{ issuer: '${accounts.issuer_url}', audience: [a] } }")),
    Refused(.routeInvalid, .root("paths:\n  /a/{b+}/c: {}")),
    Refused(.routeInvalid, .root("paths:\n  /a/{b}/{b}: {}")),
    Refused(.routeInvalid, .root("paths:\n  /a/x{b}: {}")),
    Refused(.routeInvalid, .root("paths:\n  a: {}")),
  ]

  @Test(arguments: refused)
  func refuses(_ document: Refused) {
    let found = Self.findings(document.text)
    #expect(found.contains { $0.code == document.code }, "\(found)")
    #expect(found.allSatisfy { $0.place != nil })
  }

  @Test(arguments: [
    ("BuyFunction", "BuyFunction"), ("get-user", "get-user"),
    ("${BuyFunction.Arn}", "BuyFunction"),
    ("arn:aws:lambda:eu-north-1:123456789012:function:Buy", "Buy"),
    ("arn:aws:lambda:eu-north-1:123456789012:function:Buy:live", "Buy"),
    (
      "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${BuyFunction.Arn}/invocations",
      "BuyFunction"
    ),
    (
      "arn:aws:apigateway:x:lambda:path/2015-03-31/functions/arn:aws:lambda:x:1:function:Buy/invocations",
      "Buy"
    ),
    ("", nil), ("a/b", nil), ("arn:aws:apigateway:x:lambda:path/functions/F", nil),
  ])
  func readsTheNameOfAFunction(_ uri: String, _ name: String?) {
    #expect(IntegrationReader.functionName(uri) == name)
  }

  @Test func aNameWithoutAHandlerIsRefused() {
    do {
      _ = try Rig(assemble: { $0.functions["EchoFunction"] = nil })
      Issue.record("accepted")
    } catch let list as DiagnosticList {
      #expect(list.diagnostics.contains { $0.code == .functionUnbound && $0.place != nil })
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test func settingsThatNameNoRouteAreRefused() {
    do {
      _ = try Rig(configure: {
        $0.throttle.routes["GET /chek"] = ThrottlePolicy.RouteLimits()
      })
      Issue.record("accepted")
    } catch let list as DiagnosticList {
      #expect(list.diagnostics.first?.code == .routeUnknown)
      #expect(list.diagnostics.first?.remedy == "did you mean 'GET /check'?")
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test(arguments: ["site/openapi.yaml", "site/accounts.openapi.yaml"])
  func theProjectsDocumentsLoad(_ path: String) throws {
    let text = try String(
      contentsOf: Repository.root.appendingPathComponent(path), encoding: .utf8)
    let document = try OpenAPILoader.load(
      text, file: path,
      variables: [
        "accounts.issuer_url": "http://localhost:8080", "accounts.audience": "portico-api",
        "site.origin": "http://localhost:8080",
      ])
    #expect(document.operations.count >= 10)
    #expect(Set(document.operations.map(\.routeKey)).count == document.operations.count)
  }

  @Test func theProjectsDocumentsBind() throws {
    let variables = [
      "accounts.issuer_url": "http://localhost:8080", "accounts.audience": "portico-api",
      "site.origin": "http://localhost:8080",
    ]
    func load(_ path: String) throws -> APIDocument {
      let url = Repository.root.appendingPathComponent(path)
      return try OpenAPILoader.load(
        String(contentsOf: url, encoding: .utf8), file: path, variables: variables)
    }
    let (api, accounts) = (try load("site/openapi.yaml"), try load("site/accounts.openapi.yaml"))
    let names = (api.operations + accounts.operations).compactMap { operation -> String? in
      guard case .function(let name, _) = operation.integration else { return nil }
      return name
    }
    var assembly = GatewayAssembly(
      settings: GatewaySettings(), api: api, accounts: accounts, site: try Rig.site(),
      functions: [:], verifier: { _ in WordVerifier() })
    for name in names {
      assembly.functions[name] = FunctionHandler { _, _ in Response(status: 204) }
    }
    let plan = try assembly.plan()
    let publicRoutes = plan.allRoutes.prefix(api.operations.count)
      .filter { $0.authorizer == nil }.map(\.key)
    #expect(
      publicRoutes.sorted() == [
        "GET /check", "GET /market/clock", "GET /stream", "POST /auth/confirm",
        "POST /auth/confirm-forgot-password", "POST /auth/forgot-password", "POST /auth/login",
        "POST /auth/resend-confirmation", "POST /auth/signup",
      ])
  }

  @Test func readsScalarsByTheCoreRules() throws {
    let node = try SourceNode(
      parsing: "{ a: yes, b: true, c: 010, d: 1.50, e: ~, f: 'true', g: 1:30, h: [x, 2] }",
      file: "x")
    #expect(
      node.json.text
        == #"{"a":"yes","b":true,"c":"010","d":1.50,"e":null,"f":"true","g":"1:30","h":["x",2]}"#)
  }
}
