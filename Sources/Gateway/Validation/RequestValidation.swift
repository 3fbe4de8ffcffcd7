import Diagnostics
import HTTPExchange
import JSON
import NIOCore

/// Holds requests of one route against its document: parameters by the head, then the whole body.
///
/// The texts are those of API Gateway's request validators (REST); the violations beside them are
/// ours and left out under `strict_aws`.
package struct RequestValidation: RouteValidation {
  private let parameters: [ParameterRule]
  private let body: BodyRule?

  /// The validation that an operation's validator asks for, or nil when it asks for none.
  package static func make(_ operation: APIOperation, _ document: APIDocument)
    throws(DiagnosticList) -> (any RouteValidation)?
  {
    var findings: [Diagnostic] = []
    var parameters: [ParameterRule] = []
    var body: BodyRule?
    if operation.validates.parameters {
      var reader = ParameterReader(operation: operation, document: document)
      parameters = reader.read()
      findings += reader.findings
    }
    if operation.validates.body {
      var reader = BodyReader(operation: operation, document: document)
      body = reader.read()
      findings += reader.findings
    }
    if !findings.isEmpty { throw DiagnosticList(findings) }
    if parameters.isEmpty, body == nil { return nil }
    return RequestValidation(parameters: parameters, body: body)
  }

  package var readsBody: Bool { body != nil }

  package func refusal(head request: Request, _ context: RequestContext) -> GatewayRefusal? {
    checkParameters(request, context) ?? body?.refusal(head: request)
  }

  package func refusal(body buffer: ByteBuffer, of request: Request) -> GatewayRefusal? {
    body?.refusal(body: buffer, of: request)
  }

  private func checkParameters(_ request: Request, _ context: RequestContext) -> GatewayRefusal? {
    if parameters.isEmpty { return nil }
    let query = parameters.contains { $0.location == .query } ? request.target.queryItems : []
    var missing: [ParameterRule] = []
    var violations: [Violation] = []
    for rule in parameters {
      let texts = rule.texts(request, context, query)
      // A blank value counts as missing, as API Gateway has it.
      let isBlank = texts.allSatisfy { $0.allSatisfy(\.isWhitespace) }
      if rule.isRequired, isBlank {
        missing.append(rule)
      } else if !texts.isEmpty {
        violations += rule.violations(in: texts)
      }
    }
    if !missing.isEmpty {
      let names = missing.map(\.name).joined(separator: ", ")
      return .invalidParameters(
        message: "Missing required request parameters: [\(names)]",
        violations: .array(
          missing.map {
            Violation(pointer: $0.pointer, keyword: "required", message: "is missing").json
          }))
    }
    if violations.isEmpty { return nil }
    return .invalidParameters(
      message: "Invalid request parameters",
      violations: .array(violations.prefix(JSONSchema.Limits().violations).map(\.json)))
  }
}

/// What an operation's body may be.
struct BodyRule: Sendable {
  let isRequired: Bool
  /// The media types that the document names; a schema only where it is JSON.
  let contents: [(type: MediaType, schema: JSONSchema?)]
  private static let message = "Invalid request body"

  private func content(of request: Request) -> (type: MediaType, schema: JSONSchema?)? {
    // API Gateway takes a body without a type for JSON.
    guard let type = MediaType(request.headers["content-type"] ?? "application/json") else {
      return nil
    }
    return contents.filter { $0.type.specificity(for: type) > 0 }
      .max { $0.type.specificity(for: type) < $1.type.specificity(for: type) }
  }

  func refusal(head request: Request) -> GatewayRefusal? {
    let length = request.headers["content-length"]
    let hasBody = request.headers.contains("transfer-encoding") || (length ?? "0") != "0"
    guard hasBody else {
      return isRequired ? refused([missing]) : nil
    }
    // What is coded cannot be held against a schema (RFC 9110 §8.4).
    if let coding = request.headers["content-encoding"], !equalsIgnoringCase(coding, "identity") {
      return .unsupportedMediaType
    }
    return content(of: request) == nil ? .unsupportedMediaType : nil
  }

  func refusal(body buffer: ByteBuffer, of request: Request) -> GatewayRefusal? {
    if buffer.readableBytes == 0 { return isRequired ? refused([missing]) : nil }
    guard let content = content(of: request) else { return .unsupportedMediaType }
    guard let schema = content.schema else { return nil }
    do throws(JSONSyntaxError) {
      let value = try JSON(parsing: buffer.readableBytesView)
      let violations = schema.violations(in: value)
      return violations.isEmpty ? nil : refused(violations)
    } catch {
      return refused([
        Violation(pointer: "", keyword: "json", message: "is not JSON: \(error.description)")
      ])
    }
  }

  private var missing: Violation {
    Violation(pointer: "", keyword: "required", message: "is missing")
  }

  private func refused(_ violations: [Violation]) -> GatewayRefusal {
    .invalidBody(message: Self.message, violations: .array(violations.map(\.json)))
  }
}

/// Reads an operation's `requestBody`.
struct BodyReader {
  private let operation: APIOperation
  private let document: APIDocument
  private(set) var findings: [Diagnostic] = []

  init(operation: APIOperation, document: APIDocument) {
    self.operation = operation
    self.document = document
  }

  mutating func read() -> BodyRule? {
    guard let written = operation.json["requestBody"] else { return nil }
    let references = DocumentReference(document: document.json)
    let pointer = "/\(operation.routeKey)/requestBody"
    guard let (value, at) = references.follow(written, pointer: pointer) else {
      refuse("the body refers to '\(written["$ref"]?.string ?? "")', which does not exist")
      return nil
    }
    var contents: [(MediaType, JSONSchema?)] = []
    for (name, content) in value["content"]?.object?.members ?? [] {
      guard let type = MediaType(name) else {
        refuse("'\(name)' is not a media type")
        continue
      }
      guard let schema = content["schema"] else {
        contents.append((type, nil))
        continue
      }
      guard type.isJSON else {
        refuse(
          "the body's type '\(name)' has a schema, but only JSON is held against one",
          remedy: "remove the schema, or leave bodies out of this route's validator")
        continue
      }
      contents.append((type, compile(schema, "\(at)/content/\(name)/schema")))
    }
    if contents.isEmpty { refuse("the body has no 'content'") }
    return BodyRule(isRequired: value["required"]?.bool ?? false, contents: contents)
  }

  private mutating func refuse(_ message: String, remedy: String? = nil) {
    findings.append(
      Diagnostic(
        .parameterInvalid, "\(operation.routeKey): \(message)", at: operation.place,
        remedy: remedy))
  }

  private mutating func compile(_ schema: JSON, _ pointer: String) -> JSONSchema? {
    do throws(DiagnosticList) {
      return try SchemaCompiler(document: document.json, place: operation.place)
        .compile(schema, pointer: pointer)
    } catch {
      findings += error.diagnostics
      return nil
    }
  }
}
