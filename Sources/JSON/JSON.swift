/// Exact JSON values: numbers keep their text, members keep their order, duplicates are refused.
///
/// One reader serves tokens, event forms, schemas, workflows and money, so that no two of them
/// disagree about what a document says. Foundation's decoder rounds numbers and keeps the last of
/// two equal names, which RFC 8725 §2.4 and a ledger cannot accept.
package enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSON])
  case object(JSONObject)
}

extension JSON {
  /// The members when this is an object.
  package var object: JSONObject? {
    if case .object(let value) = self { return value }
    return nil
  }

  /// The elements when this is an array.
  package var array: [JSON]? {
    if case .array(let value) = self { return value }
    return nil
  }

  /// The text when this is a string.
  package var string: String? {
    if case .string(let value) = self { return value }
    return nil
  }

  /// The number when this is one.
  package var number: JSONNumber? {
    if case .number(let value) = self { return value }
    return nil
  }

  /// The exact integer when this is a number without a fraction that fits.
  package var int: Int? { number?.int }

  /// The truth value when this is one.
  package var bool: Bool? {
    if case .bool(let value) = self { return value }
    return nil
  }

  /// Whether this is `null`.
  package var isNull: Bool { self == .null }

  /// The member of that name, or nil when absent or when this is no object.
  package subscript(name: String) -> JSON? { object?[name] }

  /// The element at that index, or nil when out of range or when this is no array.
  package subscript(index: Int) -> JSON? {
    guard let array, array.indices.contains(index) else { return nil }
    return array[index]
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral,
  ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(nilLiteral: ()) { self = .null }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(JSONObject(elements))
  }

  /// A number from an integer.
  package static func int(_ value: Int) -> JSON { .number(JSONNumber(value)) }
}
