import Diagnostics
import HTTPExchange
import TestSupport
import Testing

@testable import Gateway

/// Where a key may stand.
enum KeySpot: String, Sendable, CaseIterable {
  case root, path, operation, integration, components, scheme, authorizer, cors, validator, server
}

/// One key with a value that is right for it.
struct SpottedKey: Sendable, CustomTestStringConvertible {
  var place: KeySpot
  var name: String
  var value = "x"
  /// Whether it does something here, or only tells people something.
  var isHonoured = false
  var testDescription: String { "\(place) \(name)" }
}

/// Issue 3, point 1: whatever is not honoured is refused with its place; nothing is skipped. Every
/// key of OpenAPI 3.1 and of API Gateway's extensions is put where it may stand.
@Suite("Nothing is skipped")
struct NothingSkippedTests {
  private static func keys(_ place: KeySpot, _ names: String, isHonoured: Bool = false)
    -> [SpottedKey]
  {
    names.split(separator: " ").map { entry in
      let parts = entry.split(separator: "=", maxSplits: 1)
      return SpottedKey(
        place: place, name: String(parts[0]), value: parts.count > 1 ? String(parts[1]) : "x",
        isHonoured: isHonoured)
    }
  }

  /// API Gateway's extensions by name (AWS, "OpenAPI extensions for API Gateway").
  private static let extensions =
    "x-amazon-apigateway-api-key-source x-amazon-apigateway-auth x-amazon-apigateway-authtype "
    + "x-amazon-apigateway-binary-media-types x-amazon-apigateway-documentation "
    + "x-amazon-apigateway-endpoint-configuration x-amazon-apigateway-gateway-responses "
    + "x-amazon-apigateway-importexport-version x-amazon-apigateway-integrations "
    + "x-amazon-apigateway-minimum-compression-size x-amazon-apigateway-policy "
    + "x-amazon-apigateway-tag-value x-amazon-apigateway-security-policy x-anything"

  static let refusedKeys: [SpottedKey] =
    keys(.root, "webhooks \(extensions)") + keys(.path, "trace $ref servers \(extensions)")
    + keys(.operation, "callbacks servers \(extensions)")
    + keys(
      .integration,
      "cacheKeyParameters cacheNamespace connectionId contentHandling credentials "
        + "integrationSubtype passthroughBehavior requestParameters responseParameters tlsConfig "
        + "integrationTarget responseTransferMode connectionType=VPC_LINK timeoutInMillis=500")
    + keys(.components, "links callbacks pathItems \(extensions)")
    + keys(.scheme, "x-amazon-apigateway-authtype x-anything")
    + keys(
      .authorizer,
      "authorizerUri authorizerCredentials authorizerResultTtlInSeconds identityValidationExpression "
        + "authorizerPayloadFormatVersion enableSimpleResponses type=request")
    + keys(.cors, "allowedOrigins x-anything") + keys(.validator, "validateHeaders")
    + keys(.server, "variables x-amazon-apigateway-endpoint-configuration")

  static let honouredKeys: [SpottedKey] =
    keys(.root, "tags=[] externalDocs={url:x} x-amazon-apigateway-cors={}", isHonoured: true)
    + keys(.path, "summary description parameters=[]", isHonoured: true)
    + keys(
      .operation,
      "tags=[] summary description operationId deprecated=true parameters=[] responses={} "
        + "security=[] externalDocs={url:x} x-portico-time-class=stream", isHonoured: true)
    + keys(.integration, "connectionType=INTERNET payloadFormatVersion='1.0'", isHonoured: true)
    + keys(.components, "schemas={} responses={} parameters={} examples={}", isHonoured: true)
    + keys(.scheme, "description bearerFormat=JWT", isHonoured: true)
    + keys(.authorizer, "identitySource=$request.header.Authorization", isHonoured: true)
    + keys(.cors, "allowMethods=[GET] maxAge=5", isHonoured: true)
    + keys(.validator, "validateRequestBody=true", isHonoured: true)
    + keys(.server, "description", isHonoured: true)

  /// A good document with one line more at a place; each place is a marker of its own.
  private static func document(_ key: SpottedKey?) -> String {
    let text = """
      openapi: 3.1.0
      info: { title: T, version: "1" }
      #root
      servers:
        - url: /
          #server
      x-amazon-apigateway-cors:
        allowOrigins: ["https://a.example"]
        #cors
      x-amazon-apigateway-request-validators:
        all:
          validateRequestParameters: true
          #validator
      paths:
        /a:
          #path
          get:
            #operation
            x-amazon-apigateway-integration:
              type: aws_proxy
              uri: EchoFunction
              #integration
      components:
        #components
        securitySchemes:
          token:
            type: http
            scheme: bearer
            #scheme
            x-amazon-apigateway-authorizer:
              jwtConfiguration: { issuer: i, audience: [a] }
              #authorizer
              type: jwt
      """
    guard let key else { return text }
    var lines = text.split(separator: "\n").map(String.init)
    // The new value stands instead of the one that is there, since a key may stand once.
    if let old = lines.firstIndex(where: { $0.hasSuffix("type: jwt") }), key.name == "type" {
      lines.remove(at: old)
    }
    if key.name == "x-amazon-apigateway-cors" {
      lines.removeAll { $0.contains("x-amazon-apigateway-cors") || $0.contains("allowOrigins") }
    }
    return lines.map { line in
      guard line.hasSuffix("#\(key.place.rawValue)") else { return line }
      return line.replacing("#\(key.place.rawValue)", with: "\(key.name): \(key.value)")
    }.joined(separator: "\n")
  }

  private static func findings(_ text: String) -> [Diagnostic] {
    do {
      _ = try OpenAPILoader.load(text, file: "site/openapi.yaml")
      return []
    } catch {
      return error.diagnostics
    }
  }

  @Test("the document itself is good") func plain() {
    #expect(Self.findings(Self.document(nil)).isEmpty)
  }

  @Test("refused with file, line and reason", arguments: refusedKeys) func refused(key: SpottedKey)
    throws
  {
    let text = Self.document(key)
    let found = Self.findings(text)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let line = try #require(lines.firstIndex { $0.contains("\(key.name): \(key.value)") }) + 1
    let near = found.filter { abs(($0.place?.line ?? -9) - line) <= 2 }
    #expect(!near.isEmpty, "\(found)")
    for finding in found {
      #expect(finding.place?.file == "site/openapi.yaml" && (finding.place?.line ?? 0) > 0)
      #expect(!finding.message.isEmpty && finding.remedy != nil)
    }
  }

  @Test("taken", arguments: honouredKeys) func honoured(key: SpottedKey) {
    let found = Self.findings(Self.document(key))
    #expect(found.isEmpty, "\(found)")
  }

  /// Random words at every place: none passes.
  @Test("a key that nobody knows passes nowhere", arguments: 0..<60) func fuzz(_ seed: UInt64) {
    var random = SplitMix(state: seed &* 104_729 &+ 11)
    let letters = Array("abcdefghijklmnopqrstuvwxyz-")
    let word = String(
      (0..<Int(random.next() % 12 + 5)).map { _ in letters[Int(random.next() % 27)] })
    let prefix = ["", "x-", "x-amazon-apigateway-"][Int(random.next() % 3)]
    for place in KeySpot.allCases {
      let key = SpottedKey(place: place, name: "\(prefix)q\(word)", value: "{ a: [1] }")
      let found = Self.findings(Self.document(key))
      #expect(found.contains { $0.message.contains("'\(key.name)'") }, "\(place) \(key.name)")
    }
  }
}
