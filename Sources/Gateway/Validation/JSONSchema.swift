import JSON

/// A compiled schema of JSON Schema draft 2020-12: made once at load, asked by every request.
package struct JSONSchema: Sendable {
  /// Every schema that the root reaches; references are indices, so that recursion is no problem.
  let nodes: [SchemaNode]
  let root: Int
}

/// One schema object or boolean.
enum SchemaNode: Sendable {
  case always
  case never
  case assertions([SchemaAssertion])
}

/// One keyword with its operands; numbers in it are indices of nodes.
enum SchemaAssertion: Sendable {
  case reference(Int)
  case types(ValueTypes)
  case enumeration(Set<CanonicalValue>)
  case constant(CanonicalValue)
  case number(NumberAssertion)
  case string(StringAssertion)
  case array(ArrayAssertion)
  case object(ObjectAssertion)
  case allOf([Int])
  case anyOf([Int])
  case oneOf([Int])
  case not(Int)
  case condition(if: Int, then: Int?, else: Int?)
}

/// JSON Schema §6.2.
enum NumberAssertion: Sendable {
  case multipleOf(DecimalDivisor)
  case maximum(JSONNumber)
  case exclusiveMaximum(JSONNumber)
  case minimum(JSONNumber)
  case exclusiveMinimum(JSONNumber)
}

/// JSON Schema §6.3 and §7.
enum StringAssertion: Sendable {
  case maximumLength(Int)
  case minimumLength(Int)
  case pattern(SafePattern, text: String)
  case format(ValueFormat)
}

/// JSON Schema §6.4 and core §10.3.1.
enum ArrayAssertion: Sendable {
  case maximumItems(Int)
  case minimumItems(Int)
  case uniqueItems
  /// `prefixItems` and `items` together: what stands where.
  case items(prefix: [Int], rest: Int?)
  case contains(Int, minimum: Int, maximum: Int?)
}

/// JSON Schema §6.5 and core §10.3.2.
enum ObjectAssertion: Sendable {
  case maximumProperties(Int)
  case minimumProperties(Int)
  case required([String])
  case dependentRequired([(name: String, needs: [String])])
  case dependentSchemas([(name: String, schema: Int)])
  case propertyNames(Int)
  /// `properties`, `patternProperties` and `additionalProperties` together.
  case properties(named: [String: Int], patterns: [(SafePattern, Int)], additional: Int?)
}

/// A set of the types of JSON Schema §6.1.1.
struct ValueTypes: OptionSet, Sendable, Hashable {
  let rawValue: UInt8

  static let null = ValueTypes(rawValue: 1)
  static let boolean = ValueTypes(rawValue: 2)
  static let integer = ValueTypes(rawValue: 4)
  static let number = ValueTypes(rawValue: 8)
  static let string = ValueTypes(rawValue: 16)
  static let array = ValueTypes(rawValue: 32)
  static let object = ValueTypes(rawValue: 64)

  static let names: [(String, ValueTypes)] = [
    ("null", .null), ("boolean", .boolean), ("integer", .integer), ("number", .number),
    ("string", .string), ("array", .array), ("object", .object),
  ]

  /// The names of the members, as a person reads them.
  var text: String {
    Self.names.filter { contains($0.1) }.map(\.0).joined(separator: " or ")
  }

  /// Whether a value is of one of the types; 1.0 is an integer.
  func holds(_ value: JSON) -> Bool {
    switch value {
    case .null: contains(.null)
    case .bool: contains(.boolean)
    case .number(let number):
      contains(.number) || (contains(.integer) && number.canonical.exponent >= 0)
    case .string: contains(.string)
    case .array: contains(.array)
    case .object: contains(.object)
    }
  }
}

/// A value written so that two are the same bytes exactly when JSON Schema §4.2.2 calls them equal:
/// numbers by value, texts by code points, objects without regard to order.
struct CanonicalValue: Sendable, Hashable {
  private let bytes: [UInt8]

  init(_ value: JSON) {
    var bytes: [UInt8] = []
    Self.write(value, to: &bytes)
    self.bytes = bytes
  }

  /// How much had to be written.
  var length: Int { bytes.count }

  private static func write(_ value: JSON, to out: inout [UInt8]) {
    switch value {
    case .number(let number):
      let parts = number.canonical
      out.append(UInt8(ascii: parts.negative ? "-" : "+"))
      out += parts.digits.map { $0 + UInt8(ascii: "0") }
      out += Array("e\(parts.exponent)".utf8)
    case .array(let elements):
      out.append(UInt8(ascii: "["))
      for element in elements {
        write(element, to: &out)
        out.append(UInt8(ascii: ","))
      }
      out.append(UInt8(ascii: "]"))
    case .object(let object):
      out.append(UInt8(ascii: "{"))
      let sorted = object.members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
      for member in sorted {
        JSON.appendQuoted(member.name, to: &out)
        out.append(UInt8(ascii: ":"))
        write(member.value, to: &out)
        out.append(UInt8(ascii: ","))
      }
      out.append(UInt8(ascii: "}"))
    case .null, .bool, .string: value.append(to: &out)
    }
  }
}

/// The divisor of `multipleOf`: decided by whole numbers, since 0.0001 is no binary fraction.
struct DecimalDivisor: Sendable {
  private let digits: UInt64
  private let exponent: Int
  let text: String

  /// A divisor above zero with at most 18 digits, or nil.
  init?(_ number: JSONNumber) {
    let parts = number.canonical
    guard !parts.negative, (1...18).contains(parts.digits.count) else { return nil }
    digits = parts.digits.reduce(0) { $0 * 10 + UInt64($1) }
    exponent = parts.exponent
    text = number.text
  }

  /// Whether a number is a multiple.
  func divides(_ number: JSONNumber) -> Bool {
    let parts = number.canonical
    if parts.digits.isEmpty { return true }
    // The digits do not end in zero, so nothing coarser than their own place divides them.
    guard parts.exponent >= exponent else { return false }
    var remainder: UInt64 = 0
    for digit in parts.digits { remainder = (remainder * 10 + UInt64(digit)) % digits }
    return multiply(remainder, power(10, parts.exponent - exponent)) == 0
  }

  private func multiply(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return digits.dividingFullWidth((product.high % digits, product.low)).remainder
  }

  private func power(_ base: UInt64, _ exponent: Int) -> UInt64 {
    var result = 1 % digits
    var square = base % digits
    var rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result = multiply(result, square) }
      square = multiply(square, square)
      rest >>= 1
    }
    return result
  }
}
