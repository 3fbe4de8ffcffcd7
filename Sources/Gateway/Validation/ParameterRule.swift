import Diagnostics
import HTTPExchange
import JSON

/// One parameter of an operation: where it stands and what it may be.
struct ParameterRule: Sendable {
  enum Location: String, Sendable {
    case path, query, header
  }

  let name: String
  let location: Location
  let isRequired: Bool
  let schema: JSONSchema?
  /// Whether the value is a list, and whether by commas in one value or by repeating the name.
  let isList: Bool
  let isExploded: Bool
  /// Whether a value is a text whatever it looks like, since the schema names no type.
  let isText: Bool

  /// JSON Pointer into the request's parameters, such as `/query/limit`.
  var pointer: String { SchemaCompiler.step("/\(location.rawValue)", name) }

  /// The texts that a request carries for the parameter.
  func texts(
    _ request: Request, _ context: RequestContext, _ query: [(name: String, value: String)]
  )
    -> [String]
  {
    switch location {
    case .path: context.pathParameter(name).map { [$0] } ?? []
    case .header: request.headers.values(name)
    case .query: query.filter { $0.name == name }.map(\.value)
    }
  }

  /// What is wrong with the texts of a parameter that is there.
  func violations(in texts: [String]) -> [Violation] {
    guard let schema else { return [] }
    guard isList else { return texts.flatMap { best(schema, readings(of: $0)) } }
    let parts = isExploded ? texts : texts.flatMap { split($0) }
    let lists = [
      JSON.array(parts.map { readings(of: $0)[0] }), .array(parts.map { .string($0) }),
    ]
    return best(schema, lists)
  }

  private func split(_ text: String) -> [String] {
    text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      let inner = part.drop { $0 == " " }
      return location == .header ? String(inner) : String(part)
    }
  }

  /// A text may stand for a number, a truth value or itself: valid when one of them is.
  private func readings(of text: String) -> [JSON] {
    if isText { return [.string(text)] }
    if text == "true" || text == "false" { return [.bool(text == "true"), .string(text)] }
    guard let number = JSONNumber(text: text) else { return [.string(text)] }
    return [.number(number), .string(text)]
  }

  private func best(_ schema: JSONSchema, _ readings: [JSON]) -> [Violation] {
    var found: [Violation] = []
    for reading in readings {
      let violations = schema.violations(in: reading)
      if violations.isEmpty { return [] }
      // The reading whose type was right tells best what is wrong.
      if found.isEmpty || !violations.contains(where: { $0.keyword == "type" }) {
        found = violations
      }
    }
    return found.map {
      Violation(pointer: pointer + $0.pointer, keyword: $0.keyword, message: $0.message)
    }
  }
}

/// Reads the parameters of an operation; what is not honoured is refused.
struct ParameterReader {
  private let operation: APIOperation
  private let document: JSON
  private let references: DocumentReference
  private(set) var findings: [Diagnostic] = []

  /// OpenAPI 3.1 §4.8.12.1: these are described elsewhere and not by parameters.
  private static let ignoredHeaders: Set<String> = ["accept", "content-type", "authorization"]

  init(operation: APIOperation, document: APIDocument) {
    self.operation = operation
    self.document = document.json
    references = DocumentReference(document: document.json)
  }

  mutating func read() -> [ParameterRule] {
    var rules: [ParameterRule] = []
    for (index, item) in (operation.json["parameters"]?.array ?? []).enumerated() {
      let pointer = "/\(operation.routeKey)/parameters/\(index)"
      guard let (value, at) = references.follow(item, pointer: pointer) else {
        refuse("a parameter refers to '\(item["$ref"]?.string ?? "")', which does not exist")
        continue
      }
      guard let rule = rule(value, at) else { continue }
      // The operation's own parameter follows its path's and wins (OpenAPI 3.1 §4.8.10.1).
      rules.removeAll { $0.name == rule.name && $0.location == rule.location }
      rules.append(rule)
    }
    return rules
  }

  private mutating func refuse(_ message: String, remedy: String? = nil) {
    findings.append(
      Diagnostic(
        .parameterInvalid, "\(operation.routeKey): \(message)", at: operation.place,
        remedy: remedy))
  }

  private mutating func rule(_ value: JSON, _ pointer: String) -> ParameterRule? {
    guard let name = value["name"]?.string, !name.isEmpty, let place = value["in"]?.string else {
      refuse("a parameter has no name or no place", remedy: "write 'name' and 'in'")
      return nil
    }
    guard let location = ParameterRule.Location(rawValue: place) else {
      refuse(
        "the parameter '\(name)' is in '\(place)', which is not validated",
        remedy: "use path, query or header, or leave parameters out of this route's validator")
      return nil
    }
    if location == .header, Self.ignoredHeaders.contains(name.lowercased()) { return nil }
    let style = value["style"]?.string ?? (location == .query ? "form" : "simple")
    guard style == (location == .query ? "form" : "simple"), value["content"] == nil else {
      refuse(
        "the parameter '\(name)' has a form that is not honoured",
        remedy: "use 'schema' with the default style")
      return nil
    }
    let schema = value["schema"].flatMap { compile($0, "\(pointer)/schema") }
    return ParameterRule(
      name: name, location: location,
      isRequired: location == .path || value["required"]?.bool == true, schema: schema,
      isList: isList(value["schema"], "\(pointer)/schema"),
      isExploded: value["explode"]?.bool ?? (location == .query),
      isText: isText(value["schema"], "\(pointer)/schema"))
  }

  private func isList(_ schema: JSON?, _ pointer: String) -> Bool {
    guard let schema, let (value, _) = references.follow(schema, pointer: pointer) else {
      return false
    }
    return value["type"]?.string == "array" || value["type"]?.array?.contains("array") == true
  }

  private func isText(_ schema: JSON?, _ pointer: String) -> Bool {
    guard let schema, let (value, _) = references.follow(schema, pointer: pointer) else {
      return true
    }
    return !["type", "enum", "const", "allOf", "anyOf", "oneOf"].contains { value[$0] != nil }
  }

  private mutating func compile(_ schema: JSON, _ pointer: String) -> JSONSchema? {
    do throws(DiagnosticList) {
      return try SchemaCompiler(document: document, place: operation.place)
        .compile(schema, pointer: pointer)
    } catch {
      findings += error.diagnostics
      return nil
    }
  }
}
