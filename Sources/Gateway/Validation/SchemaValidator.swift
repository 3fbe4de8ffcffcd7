import JSON

/// One way in which a value differs from its schema.
package struct Violation: Sendable, Hashable {
  /// JSON Pointer (RFC 6901) into the value.
  package let pointer: String
  /// The keyword that does not hold.
  package let keyword: String
  /// What is wrong, for a person.
  package let message: String

  /// As the error body lists it.
  package var json: JSON {
    ["pointer": .string(pointer), "keyword": .string(keyword), "message": .string(message)]
  }
}

extension JSONSchema {
  /// Bounds on one validation; past them the value counts as invalid.
  package struct Limits: Sendable {
    /// Violations that are listed.
    package var violations = 20
    /// Schemas inside one another.
    package var depth = 256
    /// Steps: one per keyword, member and character looked at.
    package var work = 2_000_000

    package init() {}
  }

  /// Every violation of a value, at most so many as the limits say; empty when the value is valid.
  package func violations(in value: JSON, limits: Limits = Limits()) -> [Violation] {
    var validator = SchemaValidator(schema: self, limits: limits)
    return validator.run(value)
  }

  /// Whether a value is valid.
  package func accepts(_ value: JSON) -> Bool {
    var limits = Limits()
    limits.violations = 1
    return violations(in: value, limits: limits).isEmpty
  }
}

/// One validation: walks the value beside the schema, within bounds.
struct SchemaValidator {
  private let nodes: [SchemaNode]
  private let root: Int
  private let limits: JSONSchema.Limits
  private var path: [String] = []
  private var depth = 0
  private var violations: [Violation] = []
  /// Above zero inside a branch whose failure is no finding of its own.
  private var quiet = 0
  private var exhausted = false
  var budget: Int

  init(schema: JSONSchema, limits: JSONSchema.Limits) {
    nodes = schema.nodes
    root = schema.root
    self.limits = limits
    budget = limits.work
  }

  mutating func run(_ value: JSON) -> [Violation] {
    let valid = check(root, value)
    if exhausted {
      return [Violation(pointer: "", keyword: "limit", message: "takes too much work to check")]
    }
    if !valid, violations.isEmpty { report("schema", "is not allowed") }
    return violations
  }

  // MARK: What the checks of the single types use

  /// Whether a value is valid by a node; findings are kept unless within `quietly`.
  mutating func check(_ node: Int, _ value: JSON) -> Bool {
    guard spend(1), depth < limits.depth else {
      exhausted = true
      return false
    }
    depth += 1
    defer { depth -= 1 }
    switch nodes[node] {
    case .always: return true
    case .never: return fail("false", "is not allowed here")
    case .assertions(let assertions):
      var valid = true
      for assertion in assertions {
        if !holds(assertion, value) { valid = false }
        if exhausted || (!valid && isSettled) { return false }
      }
      return valid
    }
  }

  mutating func check(_ node: Int, _ value: JSON, at token: String) -> Bool {
    path.append(token)
    defer { path.removeLast() }
    return check(node, value)
  }

  /// Whether a value is valid, without findings.
  mutating func quietly(_ node: Int, _ value: JSON) -> Bool {
    quiet += 1
    defer { quiet -= 1 }
    return check(node, value)
  }

  /// Whether more findings would not be told.
  var isSettled: Bool { quiet > 0 || violations.count >= limits.violations }

  mutating func fail(_ keyword: String, _ message: @autoclosure () -> String) -> Bool {
    if !isSettled { report(keyword, message()) }
    return false
  }

  mutating func spend(_ steps: Int) -> Bool {
    budget -= steps
    if budget < 0 { exhausted = true }
    return budget >= 0
  }

  private mutating func report(_ keyword: String, _ message: String) {
    let pointer = path.reduce("") { SchemaCompiler.step($0, $1) }
    violations.append(Violation(pointer: pointer, keyword: keyword, message: message))
  }

  // MARK: Assertions

  private mutating func holds(_ assertion: SchemaAssertion, _ value: JSON) -> Bool {
    guard spend(1) else { return false }
    switch assertion {
    case .reference(let node): return check(node, value)
    case .types(let types):
      return types.holds(value) || fail("type", "is not of type \(types.text)")
    case .enumeration(let allowed):
      return allowed.contains(canonical(value)) || fail("enum", "is not one of the allowed values")
    case .constant(let wanted):
      return canonical(value) == wanted || fail("const", "is not the allowed value")
    case .number(let assertion):
      guard case .number(let number) = value else { return true }
      return holds(assertion, number)
    case .string(let assertion):
      guard case .string(let text) = value else { return true }
      return holds(assertion, text)
    case .array(let assertion):
      guard case .array(let elements) = value else { return true }
      return holds(assertion, elements)
    case .object(let assertion):
      guard case .object(let object) = value else { return true }
      return holds(assertion, object, value)
    case .allOf, .anyOf, .oneOf, .not, .condition: return combined(assertion, value)
    }
  }

  mutating func canonical(_ value: JSON) -> CanonicalValue {
    let canonical = CanonicalValue(value)
    _ = spend(canonical.length / 8)
    return canonical
  }

  private mutating func combined(_ assertion: SchemaAssertion, _ value: JSON) -> Bool {
    switch assertion {
    case .allOf(let branches):
      var valid = true
      for branch in branches where !check(branch, value) { valid = false }
      return valid
    case .anyOf(let branches):
      for branch in branches where quietly(branch, value) { return true }
      return fail("anyOf", "matches none of the allowed forms")
    case .oneOf(let branches):
      var matching = 0
      for branch in branches where quietly(branch, value) { matching += 1 }
      if matching == 1 { return true }
      return fail(
        "oneOf", matching == 0 ? "matches none of the allowed forms" : "matches several forms")
    case .not(let schema):
      return !quietly(schema, value) || fail("not", "has a form that is not allowed")
    case .condition(let condition, let then, let otherwise):
      let branch = quietly(condition, value) ? then : otherwise
      return branch.map { check($0, value) } ?? true
    default: return true
    }
  }

  private mutating func holds(_ assertion: NumberAssertion, _ number: JSONNumber) -> Bool {
    guard spend(number.text.utf8.count / 8) else { return false }
    switch assertion {
    case .multipleOf(let divisor):
      return divisor.divides(number)
        || fail("multipleOf", "is not a multiple of \(divisor.text)")
    case .maximum(let bound):
      return !(bound < number) || fail("maximum", "is more than \(bound.text)")
    case .exclusiveMaximum(let bound):
      return number < bound || fail("exclusiveMaximum", "is not less than \(bound.text)")
    case .minimum(let bound):
      return !(number < bound) || fail("minimum", "is less than \(bound.text)")
    case .exclusiveMinimum(let bound):
      return bound < number || fail("exclusiveMinimum", "is not more than \(bound.text)")
    }
  }

  private mutating func holds(_ assertion: StringAssertion, _ text: String) -> Bool {
    guard spend(text.utf8.count / 8) else { return false }
    switch assertion {
    case .maximumLength(let bound):
      return text.unicodeScalars.count <= bound
        || fail("maxLength", "is longer than \(bound) characters")
    case .minimumLength(let bound):
      return text.unicodeScalars.count >= bound
        || fail("minLength", "is shorter than \(bound) characters")
    case .pattern(let pattern, let source):
      return matches(pattern, text) || fail("pattern", "does not match '\(source)'")
    case .format(let format):
      return format.holds(text) || fail("format", "is not of the format \(format.rawValue)")
    }
  }

  mutating func matches(_ pattern: SafePattern, _ text: String) -> Bool {
    guard let found = pattern.matches(text, budget: &budget) else {
      exhausted = true
      return false
    }
    return found
  }
}
