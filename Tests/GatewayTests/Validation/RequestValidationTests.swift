import Diagnostics
import HTTPExchange
import JSON
import NIOCore
import Testing
import Time

@testable import Gateway

@Suite("Request validation") struct RequestValidationTests {
  private static let document = """
    openapi: 3.1.0
    info: { title: Test, version: "1" }
    x-amazon-apigateway-request-validator: all
    x-amazon-apigateway-request-validators:
      all: { validateRequestBody: true, validateRequestParameters: true }
    paths:
      /orders/{id}:
        parameters:
          - { name: id, in: path, required: true, schema: { type: string, pattern: "^[0-9]+$" } }
        post:
          parameters:
            - { $ref: "#/components/parameters/Limit" }
            - { name: side, in: query, required: true, schema: { enum: [buy, sell] } }
            - { name: Idempotency-Key, in: header, required: true, schema: { maxLength: 5 } }
            - { name: ids, in: query, explode: false,
                schema: { type: array, maxItems: 2, items: { type: integer } } }
            - { name: live, in: query, schema: { type: boolean } }
          requestBody:
            required: true
            content:
              application/json: { schema: { $ref: "#/components/schemas/Order" } }
              text/plain: {}
          responses: { default: { description: x } }
          x-amazon-apigateway-integration: { type: aws_proxy, uri: "Echo", payloadFormatVersion: "2.0" }
    components:
      parameters:
        Limit: { name: limit, in: query, schema: { type: integer, minimum: 1, maximum: 50 } }
      schemas:
        Order:
          type: object
          required: [symbol, quantity]
          properties:
            symbol: { $ref: "#/components/schemas/Symbol" }
            quantity: { type: integer, minimum: 1 }
        Symbol: { type: string, pattern: "^[A-Z]{1,5}$" }
    """

  private func rule(_ text: String = document) throws -> any RouteValidation {
    let document = try OpenAPILoader.load(text, file: "openapi.yaml")
    let operation = try #require(document.operations.first)
    return try #require(try RequestValidation.make(operation, document))
  }

  private func head(
    _ query: String?, id: String = "7", headers: [(String, String)] = [("idempotency-key", "k")],
    length: Int = 10, type: String? = "application/json; charset=utf-8"
  ) throws -> GatewayRefusal? {
    var fields = HeaderFields(headers)
    if length > 0 { fields.append("content-length", String(length)) }
    if let type { fields.append("content-type", type) }
    var context = RequestContext(
      requestID: "r", sourceAddress: "127.0.0.1", clock: ManualClock())
    context.pathParameters = [("id", id)]
    let request = Request(
      method: "POST", target: RequestTarget(path: "/orders/\(id)", query: query), headers: fields)
    return try rule().refusal(head: request, context)
  }

  private func violations(_ refusal: GatewayRefusal?) -> [String] {
    let list: JSON
    switch refusal {
    case .invalidBody(_, let found), .invalidParameters(_, let found): list = found
    default: return []
    }
    return (list.array ?? []).map {
      "\($0["pointer"]?.string ?? "") \($0["keyword"]?.string ?? "")"
    }
  }

  private func message(_ refusal: GatewayRefusal?) -> String? {
    switch refusal {
    case .invalidBody(let message, _), .invalidParameters(let message, _): message
    default: nil
    }
  }

  @Test("a good head passes") func good() throws {
    #expect(try head("side=buy&limit=5&ids=1,2&live=true") == nil)
    #expect(try head("side=buy", type: nil) == nil)
    #expect(try head("side=buy", type: "text/plain") == nil)
  }

  @Test("missing and blank required parameters are named together") func missing() throws {
    let refusal = try head("side=%20", headers: [])
    #expect(
      message(refusal) == "Missing required request parameters: [side, Idempotency-Key]")
    #expect(violations(refusal) == ["/query/side required", "/header/Idempotency-Key required"])
  }

  @Test(
    "parameters are typed",
    arguments: [
      ("side=hold", "/query/side enum"), ("side=buy&limit=51", "/query/limit maximum"),
      ("side=buy&limit=x", "/query/limit type"), ("side=buy&limit=1.5", "/query/limit type"),
      ("side=buy&limit=1&limit=99", "/query/limit maximum"),
      ("side=buy&ids=1,2,3", "/query/ids maxItems"), ("side=buy&ids=1,a", "/query/ids/1 type"),
      ("side=buy&live=1", "/query/live type"),
    ])
  func typed(query: String, expected: String) throws {
    let refusal = try head(query)
    #expect(message(refusal) == "Invalid request parameters")
    #expect(violations(refusal) == [expected])
  }

  @Test("path and header parameters are held too") func others() throws {
    let path = try head("side=buy", id: "x")
    #expect(violations(path) == ["/path/id pattern"])
    let long = try head("side=buy", headers: [("idempotency-key", "123456")])
    #expect(violations(long) == ["/header/Idempotency-Key maxLength"])
  }

  @Test("media types that the document does not name are 415") func media() throws {
    #expect(try head("side=buy", type: "application/xml") == .unsupportedMediaType)
    #expect(try head("side=buy", type: "nonsense") == .unsupportedMediaType)
    let coded = [("idempotency-key", "k"), ("content-encoding", "gzip")]
    #expect(try head("side=buy", headers: coded) == .unsupportedMediaType)
  }

  @Test("a body that is needed and not there is refused by the head") func empty() throws {
    let refusal = try head("side=buy", length: 0)
    #expect(message(refusal) == "Invalid request body")
    #expect(violations(refusal) == [" required"])
  }

  @Test(
    "bodies",
    arguments: [
      (#"{"symbol":"AAPL","quantity":1}"#, []),
      (#"{"symbol":"aapl","quantity":0}"#, ["/symbol pattern", "/quantity minimum"]),
      (#"{"symbol":"AAPL"}"#, [" required"]), ("{", [" json"]), ("[]", [" type"]),
      (#"{"symbol":"A","symbol":"B","quantity":1}"#, [" json"]), ("", [" required"]),
    ])
  func bodies(text: String, expected: [String]) throws {
    let request = Request(
      method: "POST", target: RequestTarget(path: "/orders/7"),
      headers: HeaderFields([("content-type", "application/json")]))
    let refusal = try rule().refusal(body: ByteBuffer(string: text), of: request)
    #expect(Set(violations(refusal)) == Set(expected))
    if !expected.isEmpty { #expect(message(refusal) == "Invalid request body") }
  }

  @Test("an operation without validator is not validated") func none() throws {
    let text = Self.document.replacing("x-amazon-apigateway-request-validator: all\n", with: "")
    let document = try OpenAPILoader.load(text, file: "openapi.yaml")
    let operation = try #require(document.operations.first)
    #expect(try RequestValidation.make(operation, document) == nil)
  }

  @Test(
    "descriptions that cannot be validated are refused at load",
    arguments: [
      ("in: query, explode: false", "in: cookie", "cookie"),
      ("explode: false", "style: deepObject", "form"),
      ("text/plain: {}", "text/csv: { schema: { type: string } }", "text/csv"),
      ("#/components/parameters/Limit", "#/components/parameters/Gone", "does not exist"),
      ("maxItems: 2", "unevaluatedItems: false", "unevaluatedItems"),
      ("#/components/schemas/Symbol", "other.yaml#/Symbol", "another document"),
    ])
  func refused(from: String, to: String, part: String) throws {
    #expect {
      _ = try rule(Self.document.replacing(from, with: to))
    } throws: { error in
      (error as? DiagnosticList)?.diagnostics.contains { $0.message.contains(part) } == true
    }
  }
}
