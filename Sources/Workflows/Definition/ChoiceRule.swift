import JSON
import Time

/// One rule of a Choice and where it leads.
struct ChoiceRule: Sendable {
  var test: ChoiceTest
  var next: String
}

/// What a rule asks.
indirect enum ChoiceTest: Sendable {
  case and([ChoiceTest])
  case or([ChoiceTest])
  case not(ChoiceTest)
  case compare(variable: ValueExpression, operator: ChoiceOperator, operand: ChoiceOperand)
}

/// What a variable is compared with.
enum ChoiceOperand: Sendable {
  case literal(JSON)
  case path(ValueExpression)
}

/// The comparisons of the language.
struct ChoiceOperator: Sendable, Hashable {
  enum Order: String, Sendable, CaseIterable {
    case equals = "Equals"
    case lessThan = "LessThan"
    case greaterThan = "GreaterThan"
    case lessThanEquals = "LessThanEquals"
    case greaterThanEquals = "GreaterThanEquals"

    func holds<Value: Comparable>(_ a: Value, _ b: Value) -> Bool {
      switch self {
      case .equals: a == b
      case .lessThan: a < b
      case .greaterThan: a > b
      case .lessThanEquals: a <= b
      case .greaterThanEquals: a >= b
      }
    }
  }

  enum Kind: Sendable, Hashable {
    case string(Order)
    case numeric(Order)
    case timestamp(Order)
    case boolean
    case stringMatches
    case isNull, isPresent, isNumeric, isString, isBoolean, isTimestamp
  }

  let kind: Kind
  /// The operand is a path.
  let takesPath: Bool

  /// Every name and its comparison.
  static let named: [String: ChoiceOperator] = {
    var table: [String: ChoiceOperator] = [:]
    func add(_ name: String, _ kind: Kind, path: Bool) {
      table[name] = ChoiceOperator(kind: kind, takesPath: false)
      if path { table[name + "Path"] = ChoiceOperator(kind: kind, takesPath: true) }
    }
    for order in Order.allCases {
      add("String\(order.rawValue)", .string(order), path: true)
      add("Numeric\(order.rawValue)", .numeric(order), path: true)
      add("Timestamp\(order.rawValue)", .timestamp(order), path: true)
    }
    add("BooleanEquals", .boolean, path: true)
    add("StringMatches", .stringMatches, path: false)
    add("IsNull", .isNull, path: false)
    add("IsPresent", .isPresent, path: false)
    add("IsNumeric", .isNumeric, path: false)
    add("IsString", .isString, path: false)
    add("IsBoolean", .isBoolean, path: false)
    add("IsTimestamp", .isTimestamp, path: false)
    return table
  }()

  /// Whether an operand written down is of the kind that is compared with.
  func accepts(_ operand: JSON) -> Bool {
    switch kind {
    case .string, .stringMatches: operand.string != nil
    case .numeric: operand.number != nil
    case .timestamp: operand.string.flatMap(Self.timestamp) != nil
    default: operand.bool != nil
    }
  }

  /// Whether it holds; values of another kind never compare.
  func holds(_ value: JSON, _ operand: JSON) -> Bool {
    switch kind {
    case .string(let order):
      guard let a = value.string, let b = operand.string else { return false }
      return order.holds(a, b)
    case .numeric(let order):
      guard let a = value.number, let b = operand.number else { return false }
      return order.holds(a, b)
    case .timestamp(let order):
      guard let a = value.string.flatMap(Self.timestamp),
        let b = operand.string.flatMap(Self.timestamp)
      else { return false }
      return order.holds(a, b)
    case .boolean: return value.bool != nil && value.bool == operand.bool
    case .stringMatches:
      guard let text = value.string, let pattern = operand.string else { return false }
      return Wildcard(pattern).matches(text)
    case .isNull: return value.isNull == operand.bool
    case .isPresent: return operand == true
    case .isNumeric: return (value.number != nil) == operand.bool
    case .isString: return (value.string != nil) == operand.bool
    case .isBoolean: return (value.bool != nil) == operand.bool
    case .isTimestamp: return (value.string.flatMap(Self.timestamp) != nil) == operand.bool
    }
  }

  /// RFC 3339 with an upper-case T and, where there is no offset, an upper-case Z.
  static func timestamp(_ text: String) -> Timestamp? {
    let characters = Array(text.utf8)
    guard characters.count >= 20, characters[10] == UInt8(ascii: "T"),
      !characters.contains(UInt8(ascii: "z"))
    else { return nil }
    return Timestamp(iso8601: text)
  }
}

extension ChoiceTest {
  /// Whether the rule matches; a variable that is missing ends the execution as AWS does.
  func holds(_ scope: EvaluationScope) throws(StateError) -> Bool {
    switch self {
    case .and(let tests):
      for test in tests where try !test.holds(scope) { return false }
      return true
    case .or(let tests):
      for test in tests where try test.holds(scope) { return true }
      return false
    case .not(let test): return try !test.holds(scope)
    case .compare(let variable, let comparison, let operand):
      let value: JSON
      do throws(StateError) {
        value = try variable.value(scope, field: "Variable")
      } catch {
        if comparison.kind == .isPresent, case .literal(let wanted) = operand {
          return wanted == false
        }
        throw StateError(
          "States.Runtime",
          "Invalid path '\(variable.written)': The choice state's condition path references an "
            + "invalid value.")
      }
      switch operand {
      case .literal(let literal): return comparison.holds(value, literal)
      case .path(let path):
        return comparison.holds(value, try path.value(scope, field: "comparison"))
      }
    }
  }
}

extension ValueExpression {
  /// The path as written, for messages.
  var written: String {
    switch self {
    case .path(let path): path.text
    case .context(let path): "$\(path.text)"
    case .literal(let value): value.text
    case .call(let intrinsic, _): intrinsic.rawValue
    }
  }
}

/// A pattern in which `*` stands for any text and `\` takes the next character as it is.
struct Wildcard: Sendable, Hashable {
  private enum Part: Sendable, Hashable {
    case any
    case character(Character)
  }

  private let parts: [Part]

  init(_ pattern: String) {
    var parts: [Part] = []
    var characters = Array(pattern)[...]
    while let character = characters.popFirst() {
      if character == "\\", let next = characters.popFirst() {
        parts.append(.character(next))
      } else if character == "*" {
        if parts.last != .any { parts.append(.any) }
      } else {
        parts.append(.character(character))
      }
    }
    self.parts = parts
  }

  /// Whether the whole text matches; the last star is the only one to come back to, so the time is
  /// bounded by the product of the lengths.
  func matches(_ text: String) -> Bool {
    let characters = Array(text)
    var at = 0
    var part = 0
    var star: (part: Int, at: Int)?
    while at < characters.count {
      if part < parts.count, parts[part] == .character(characters[at]) {
        at += 1
        part += 1
      } else if part < parts.count, parts[part] == .any {
        star = (part, at)
        part += 1
      } else if let back = star {
        part = back.part + 1
        at = back.at + 1
        star = (back.part, back.at + 1)
      } else {
        return false
      }
    }
    return parts[part...].allSatisfy { $0 == .any }
  }
}
