import Time

/// What a template can hold.
package enum TemplateValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  /// Markup that was made by us and is written as it is.
  case safe([UInt8])
  case list([TemplateValue])
  case map([String: TemplateValue])
  case date(Timestamp)
}

extension TemplateValue {
  /// Whether a condition takes it as true: nothing, zero and the empty are false.
  var isTrue: Bool {
    switch self {
    case .null: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .double(let value): value != 0
    case .string(let value): !value.isEmpty
    case .safe(let value): !value.isEmpty
    case .list(let value): !value.isEmpty
    case .map(let value): !value.isEmpty
    case .date: true
    }
  }

  /// The text that an output tag writes, before escaping; nil for lists and maps.
  var text: String? {
    switch self {
    case .null: ""
    case .bool(let value): value ? "true" : "false"
    case .int(let value): String(value)
    case .double(let value): String(value)
    case .string(let value): value
    case .safe(let value): String(decoding: value, as: UTF8.self)
    case .date(let value): value.iso8601
    case .list, .map: nil
    }
  }

  /// What it is, for messages.
  var kind: String {
    switch self {
    case .null: "nothing"
    case .bool: "a truth value"
    case .int, .double: "a number"
    case .string, .safe: "a text"
    case .list: "a list"
    case .map: "a map"
    case .date: "a date"
    }
  }

  private var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  /// Equality as a template means it: 1 equals 1.0, and markup equals its text.
  func equals(_ other: TemplateValue) -> Bool {
    if self == other { return true }
    if let left = number, let right = other.number { return left == right }
    switch (self, other) {
    case (.string, .safe), (.safe, .string): return text == other.text
    default: return false
    }
  }

  /// Whether it comes before another of its kind; nil when they have no order.
  func precedes(_ other: TemplateValue) -> Bool? {
    if let left = number, let right = other.number { return left < right }
    switch (self, other) {
    case (.date(let left), .date(let right)): return left < right
    case (.string, .string), (.safe, .string), (.string, .safe), (.safe, .safe):
      guard let left = text, let right = other.text else { return nil }
      return left < right
    default: return nil
    }
  }

  /// Whether a list has it, a map has the name or a text has the part; nil when that has no sense.
  func contains(_ element: TemplateValue) -> Bool? {
    switch self {
    case .null: return false
    case .list(let values): return values.contains { $0.equals(element) }
    case .map(let values): return element.text.map { values[$0] != nil }
    case .string, .safe:
      guard let text, let part = element.text else { return nil }
      return ByteText.find(Array(part.utf8), in: Array(text.utf8)) != nil
    default: return nil
    }
  }
}

extension TemplateValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByNilLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .int(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(nilLiteral: ()) { self = .null }
  package init(arrayLiteral elements: TemplateValue...) { self = .list(elements) }
  package init(dictionaryLiteral elements: (String, TemplateValue)...) {
    self = .map(Dictionary(elements, uniquingKeysWith: { _, last in last }))
  }
}

/// Searching in bytes, which the standard library does only for characters.
enum ByteText {
  /// Where a part begins, or nil; an empty part is everywhere.
  static func find(_ part: [UInt8], in text: [UInt8], from start: Int = 0) -> Int? {
    guard let first = part.first else { return start }
    var at = start
    while at + part.count <= text.count {
      if text[at] == first, text[at..<at + part.count].elementsEqual(part) { return at }
      at += 1
    }
    return nil
  }
}
