import Diagnostics
import JSON

/// Reads one rule of a Choice, or a rule within `And`, `Or` and `Not`.
struct ChoiceReader {
  let fields: FieldReader

  private static let depthMost = 16

  func test(depth: Int) -> ChoiceTest? {
    defer { fields.finish("a choice rule") }
    guard depth <= Self.depthMost else {
      fields.note(.workflowChoiceWrong, "more than \(Self.depthMost) rules within one another")
      return nil
    }
    let operators = fields.object.names.filter {
      ["And", "Or", "Not"].contains($0) || ChoiceOperator.named[$0] != nil
    }
    guard let name = operators.first, operators.count == 1 else {
      let near = fields.object.names.compactMap {
        Suggestion.nearest(to: $0, among: ChoiceOperator.named.keys.sorted())
      }.first
      fields.note(
        .workflowChoiceWrong,
        operators.isEmpty
          ? "the rule has no comparison" : "the rule has several: \(operators)",
        remedy: near.map { "did you mean '\($0)'?" }
          ?? "write one comparison, such as \"NumericLessThan\": 10")
      for name in operators { _ = fields.value(name) }
      return nil
    }
    switch name {
    case "And": return several(name, depth).map { .and($0) }
    case "Or": return several(name, depth).map { .or($0) }
    case "Not":
      let inner = FieldReader(
        fields.value("Not")?.object ?? JSONObject(), at: "\(fields.pointer)/Not", fields.findings)
      return ChoiceReader(fields: inner).test(depth: depth + 1).map { .not($0) }
    default: return comparison(name)
    }
  }

  private func several(_ name: String, _ depth: Int) -> [ChoiceTest]? {
    guard let entries = fields.value(name)?.array, !entries.isEmpty else {
      fields.note(.workflowChoiceWrong, "'\(name)' is not a list of rules", field: name)
      return nil
    }
    let tests = entries.enumerated().map { position, entry in
      let reader = FieldReader(
        entry.object ?? JSONObject(), at: "\(fields.pointer)/\(name)/\(position)",
        fields.findings)
      return ChoiceReader(fields: reader).test(depth: depth + 1)
    }
    let read = tests.compactMap { $0 }
    return read.count == tests.count ? read : nil
  }

  private func comparison(_ name: String) -> ChoiceTest? {
    guard let comparison = ChoiceOperator.named[name], let value = fields.value(name) else {
      return nil
    }
    if !fields.has("Variable") {
      fields.note(
        .workflowChoiceWrong, "'Variable' is missing",
        remedy: "name what is compared: \"Variable\": \"$.price\"")
    }
    let variable = fields.expression("Variable")
    let operand: ChoiceOperand
    if comparison.takesPath {
      guard let path = fields.expression(name) else { return nil }
      operand = .path(path)
    } else {
      guard comparison.accepts(value) else {
        fields.note(
          .workflowChoiceWrong, "'\(name)' cannot compare with \(value.text)", field: name)
        return nil
      }
      operand = .literal(value)
    }
    return variable.map { .compare(variable: $0, operator: comparison, operand: operand) }
  }
}
