import Foundation
import HTTPExchange
import JSON
import Testing

@testable import Gateway

@Suite("Validation in the gateway") struct ValidationStageTests {
  private static let api = """
    openapi: 3.1.0
    info: { title: Test, version: "1" }
    x-amazon-apigateway-request-validators:
      all: { validateRequestBody: true, validateRequestParameters: true }
    paths:
      /buy:
        post:
          x-amazon-apigateway-request-validator: all
          parameters:
            - { name: dry, in: query, required: true, schema: { type: boolean } }
          requestBody:
            content:
              application/json:
                schema: { type: object, required: [symbol], properties: { n: { minimum: 1 } } }
          responses: { default: { description: x } }
          x-amazon-apigateway-integration:
            { type: aws_proxy, uri: EchoFunction, payloadFormatVersion: "2.0" }
    """

  private func send(_ target: String, _ body: String, type: String? = nil, strict: Bool = false)
    async throws -> (response: Response, calls: Int)
  {
    let rig = try Rig(api: Self.api, accounts: nil) { $0.strictAWS = strict }
    var headers = [("content-length", String(body.utf8.count))]
    if let type { headers.append(("content-type", type)) }
    let response = try await rig.send(
      "POST", "/api/v1\(target)", headers: headers, body: body)
    return (response, rig.calls.value)
  }

  @Test("a good request reaches the handler") func good() async throws {
    let (response, calls) = try await send("/buy?dry=true", #"{"symbol":"A","n":2}"#)
    #expect(response.status == 200 && calls == 1)
  }

  @Test("AWS's text with our violations") func violations() async throws {
    let (response, calls) = try await send("/buy?dry=true", #"{"n":0}"#)
    #expect(response.status == 400 && calls == 0)
    #expect(response.json?["message"] == "Invalid request body")
    let list = response.json?["violations"]?.array ?? []
    #expect(Set(list.compactMap { $0["pointer"]?.string }) == ["", "/n"])
    let (missing, _) = try await send("/buy", "{}")
    #expect(missing.json?["message"] == "Missing required request parameters: [dry]")
  }

  @Test("strict_aws says AWS's text alone") func strict() async throws {
    let (response, _) = try await send("/buy?dry=true", "{}", strict: true)
    #expect(response.text == #"{"message":"Invalid request body"}"#)
  }

  @Test("another media type is 415") func media() async throws {
    let (response, calls) = try await send("/buy?dry=true", "a=b", type: "text/plain")
    #expect(response.status == 415 && calls == 0)
    #expect(response.json?["message"] == "Unsupported Media Type")
  }
}

@Suite("The project's own documents") struct OwnDocumentTests {
  @Test("every schema that is asked for compiles", arguments: ["openapi", "accounts.openapi"])
  func compile(name: String) throws {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    let path = root.appendingPathComponent("site/\(name).yaml")
    let variables = ["accounts.issuer_url": "http://localhost", "accounts.audience": "a"]
    let document = try OpenAPILoader.load(
      try String(contentsOf: path, encoding: .utf8), file: "site/\(name).yaml",
      variables: variables.merging(["site.origin": "http://localhost"]) { first, _ in first })
    for operation in document.operations { _ = try RequestValidation.make(operation, document) }
    for (name, schema) in document.json["components"]?["schemas"]?.object ?? JSONObject() {
      let compiler = SchemaCompiler(document: document.json)
      _ = try compiler.compile(schema, pointer: "/components/schemas/\(name)")
    }
  }
}
