import JSON

// Workflows: an interpreter of the Amazon States Language with JSONPath.

/// A JSONPath as Step Functions takes it: the dialect of Jayway, which the language's specification
/// names. A path of names and indices alone is definite and has one value; others answer a list.
struct JSONPath: Sendable, Hashable {
  indirect enum Step: Sendable, Hashable {
    case names([String])
    case indices([Int])
    case slice(Int?, Int?)
    case wildcard
    /// `..`, then the step on every level.
    case descendants(Step)
    case filter(JSONPathFilter)
    /// `.length()`, of an array or an object.
    case length
  }

  /// As written.
  let text: String
  let steps: [Step]

  /// Whether it has at most one value.
  var isDefinite: Bool {
    steps.allSatisfy { step in
      switch step {
      case .names(let names): names.count == 1
      case .indices(let indices): indices.count == 1
      case .length: true
      default: false
      }
    }
  }

  /// Whether a value can be written there (the language's Reference Path).
  var isReference: Bool {
    steps.allSatisfy { step in
      switch step {
      case .names(let names): names.count == 1
      case .indices(let indices): indices.count == 1 && indices[0] >= 0
      default: false
      }
    }
  }

  /// The value, or nil when a definite path finds nothing; an indefinite path always finds a list.
  func value(in document: JSON) -> JSON? {
    var found = [document]
    for step in steps { found = found.flatMap { Self.apply(step, to: $0, root: document) } }
    return isDefinite ? found.first : .array(found)
  }

  private static func apply(_ step: Step, to value: JSON, root: JSON) -> [JSON] {
    switch step {
    case .names(let names): return names.compactMap { value[$0] }
    case .indices(let indices):
      guard let array = value.array else { return [] }
      return indices.compactMap { value[$0 < 0 ? $0 + array.count : $0] }
    case .slice(let from, let to):
      guard let array = value.array else { return [] }
      let start = clamp(from ?? 0, array.count)
      let end = clamp(to ?? array.count, array.count)
      return start < end ? Array(array[start..<end]) : []
    case .wildcard: return children(of: value)
    case .descendants(let inner):
      return descendants(of: value).flatMap { apply(inner, to: $0, root: root) }
    case .filter(let filter):
      let candidates = value.array ?? [value]
      return candidates.filter { filter.accepts($0, root: root) }
    case .length:
      return (value.array?.count ?? value.object?.count).map { [.int($0)] } ?? []
    }
  }

  private static func clamp(_ index: Int, _ count: Int) -> Int {
    min(count, max(0, index < 0 ? index + count : index))
  }

  private static func children(of value: JSON) -> [JSON] {
    value.array ?? value.object?.map(\.value) ?? []
  }

  private static func descendants(of value: JSON) -> [JSON] {
    [value] + children(of: value).flatMap(descendants)
  }
}

/// A condition on an element: `[?(@.price < 10 && @.open)]`.
indirect enum JSONPathFilter: Sendable, Hashable {
  enum Comparison: String, Sendable, Hashable {
    case equal = "=="
    case notEqual = "!="
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case less = "<"
    case greater = ">"
  }

  enum Operand: Sendable, Hashable {
    case element(JSONPath)
    case root(JSONPath)
    case literal(JSON)

    func value(_ element: JSON, root: JSON) -> JSON? {
      switch self {
      case .element(let path): path.value(in: element)
      case .root(let path): path.value(in: root)
      case .literal(let value): value
      }
    }
  }

  case exists(Operand)
  case compare(Operand, Comparison, Operand)
  case not(JSONPathFilter)
  case and(JSONPathFilter, JSONPathFilter)
  case or(JSONPathFilter, JSONPathFilter)

  func accepts(_ element: JSON, root: JSON) -> Bool {
    switch self {
    case .exists(let operand): return operand.value(element, root: root) != nil
    case .not(let inner): return !inner.accepts(element, root: root)
    case .and(let left, let right):
      return left.accepts(element, root: root) && right.accepts(element, root: root)
    case .or(let left, let right):
      return left.accepts(element, root: root) || right.accepts(element, root: root)
    case .compare(let left, let comparison, let right):
      guard let a = left.value(element, root: root), let b = right.value(element, root: root)
      else { return false }
      return Self.holds(a, comparison, b)
    }
  }

  private static func holds(_ a: JSON, _ comparison: Comparison, _ b: JSON) -> Bool {
    switch comparison {
    case .equal: return a == b
    case .notEqual: return a != b
    default: break
    }
    let isLess: Bool
    switch (a, b) {
    case (.number(let x), .number(let y)): isLess = x < y
    case (.string(let x), .string(let y)): isLess = x < y
    default: return false
    }
    switch comparison {
    case .less: return isLess
    case .lessOrEqual: return isLess || a == b
    case .greater: return !isLess && a != b
    default: return !isLess
    }
  }
}
