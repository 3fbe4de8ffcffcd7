import Diagnostics
import JSON

/// Reads the fields of one object of a definition and notes what is wrong with them; whatever was
/// not asked for is unknown.
final class FieldReader {
  let object: JSONObject
  /// JSON Pointer of the object.
  let pointer: String
  let findings: DefinitionFindings
  private var known: Set<String> = ["Comment"]

  init(_ object: JSONObject, at pointer: String, _ findings: DefinitionFindings) {
    self.object = object
    self.pointer = pointer
    self.findings = findings
  }

  func note(
    _ code: DiagnosticCode, _ message: String, field: String? = nil, remedy: String? = nil
  ) {
    let place = field.map { "\(pointer)/\($0.pointerEscaped)" } ?? pointer
    findings.note(code, message, at: place, remedy: remedy)
  }

  func has(_ name: String) -> Bool { object[name] != nil }

  func value(_ name: String) -> JSON? {
    known.insert(name)
    return object[name]
  }

  func text(_ name: String) -> String? {
    guard let value = value(name) else { return nil }
    guard let text = value.string else {
      note(.workflowFieldWrong, "'\(name)' is not a text", field: name)
      return nil
    }
    return text
  }

  func requiredText(_ name: String, _ example: String) -> String {
    if let text = text(name) { return text }
    if !has(name) {
      note(.workflowFieldWrong, "'\(name)' is missing", remedy: "add \"\(name)\": \"\(example)\"")
    }
    return ""
  }

  func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
    guard let value = value(name) else { return nil }
    guard let integer = value.int, range.contains(integer) else {
      note(
        .workflowFieldWrong,
        "'\(name)' is \(value.text), not a whole number of \(range.lowerBound) … \(range.upperBound)",
        field: name)
      return nil
    }
    return integer
  }

  /// A path or, where allowed, a call of an intrinsic function.
  func expression(_ name: String, allowsCalls: Bool = false) -> ValueExpression? {
    guard let text = text(name) else { return nil }
    return expression(text, field: name, allowsCalls: allowsCalls)
  }

  func expression(_ text: String, field: String, allowsCalls: Bool) -> ValueExpression? {
    let isCall = !text.hasPrefix("$")
    do throws(PathSyntaxError) {
      if isCall, !allowsCalls { throw PathSyntaxError(reason: "a path begins with '$'") }
      return try ValueExpression(parsing: text)
    } catch {
      let code: DiagnosticCode =
        isCall && allowsCalls ? .workflowIntrinsicWrong : .workflowPathWrong
      note(code, "'\(text)' cannot be read: \(error.reason)", field: field)
      return nil
    }
  }

  func selection(_ name: String) -> Selection {
    guard let value = value(name) else { return .whole }
    if value.isNull { return .nothing }
    guard let expression = expression(name) else { return .whole }
    if case .path(let path) = expression, path.steps.isEmpty { return .whole }
    return .value(expression)
  }

  func resultPlace() -> ResultPlace {
    guard let value = value("ResultPath") else { return .whole }
    if value.isNull { return .discard }
    guard let expression = expression("ResultPath") else { return .whole }
    guard case .path(let path) = expression, path.isReference else {
      note(
        .workflowPathWrong, "a result cannot be put at '\(value.text)'", field: "ResultPath",
        remedy: "use names and indices alone, such as $.result")
      return .whole
    }
    return path.steps.isEmpty ? .whole : .at(path)
  }

  func template(_ name: String) -> PayloadTemplate? {
    guard let value = value(name) else { return nil }
    return PayloadTemplate(value, at: "\(pointer)/\(name)") { place, error in
      let isCall = !error.reason.contains("path begins")
      findings.note(
        isCall ? .workflowIntrinsicWrong : .workflowPathWrong,
        "the value cannot be computed: \(error.reason)", at: place)
    }
  }

  /// A number written down, or a path to one under the same name with `Path`.
  func number(_ name: String, in range: ClosedRange<Int>) -> NumberField? {
    let literal = integer(name, in: range)
    let path = expression("\(name)Path")
    if has(name), has("\(name)Path") {
      note(.workflowFieldWrong, "both '\(name)' and '\(name)Path' are given", field: name)
    }
    return literal.map { .literal($0) } ?? path.map { .path($0) }
  }

  /// A text written down, or a path or call under the same name with `Path`.
  func textOrPath(_ name: String, allowsCalls: Bool = false) -> TextField? {
    let literal = text(name)
    let path = expression("\(name)Path", allowsCalls: allowsCalls)
    if has(name), has("\(name)Path") {
      note(.workflowFieldWrong, "both '\(name)' and '\(name)Path' are given", field: name)
    }
    return literal.map { .literal($0) } ?? path.map { .path($0) }
  }

  /// Notes every field that nobody asked for.
  func finish(_ owner: String) {
    for name in object.names where !known.contains(name) {
      if let lack = Self.lacking[name] {
        note(.workflowUnsupported, lack, field: name)
      } else {
        let near = Suggestion.nearest(to: name, among: known)
        note(
          .workflowFieldUnknown, "\(owner) has no field '\(name)'", field: name,
          remedy: near.map { "did you mean '\($0)'?" })
      }
    }
  }

  /// Parts of the language that are refused by name.
  private static let lacking: [String: String] = [
    "Assign": "variables (Assign) are not supported",
    "Arguments": "JSONata (Arguments) is not supported",
    "Output": "JSONata (Output) is not supported",
    "Condition": "JSONata (Condition) is not supported",
    "Credentials": "cross-account Credentials are not supported",
    "Branches": "Parallel is not supported",
    "Iterator": "Map is not supported",
    "ItemProcessor": "Map is not supported",
  ]
}

/// What was found in one definition.
final class DefinitionFindings {
  private(set) var diagnostics: [Diagnostic] = []
  private let file: String

  /// Findings beyond this are not kept: a document that wrong needs no longer list.
  private static let most = 100

  init(file: String) { self.file = file }

  func note(
    _ code: DiagnosticCode, _ message: String, at pointer: String, remedy: String? = nil
  ) {
    guard diagnostics.count < Self.most else { return }
    diagnostics.append(
      Diagnostic(code, message, at: Place(file: "\(file)#\(pointer)"), remedy: remedy))
  }
}
