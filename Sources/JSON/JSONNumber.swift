/// A number as written, so that 3.133 stays 3.133 and 10 to the power of 400 is not infinity.
package struct JSONNumber: Sendable {
  /// The literal as RFC 8259 §6 allows it.
  package let text: String

  /// A number from an integer.
  package init(_ value: Int) { text = String(value) }

  /// A number from a double that is finite; others become 0 by the caller's decision.
  package init?(_ value: Double) {
    guard value.isFinite else { return nil }
    let written = String(value)
    text = written.hasSuffix(".0") ? String(written.dropLast(2)) : written
  }

  /// A number from a literal, or nil when the literal is not JSON's.
  package init?(text: String) {
    let bytes = Array(text.utf8)
    var parser = JSONParser(bytes: bytes, limits: JSON.Limits())
    guard case .number(let parsed)? = try? parser.document() else { return nil }
    self = parsed
  }

  init(validated text: String) { self.text = text }

  /// The exact integer value when the number has no fraction and fits.
  package var int: Int? {
    if let direct = Int(text) { return direct }
    return scaled(by: 0)
  }

  /// The nearest double.
  package var double: Double { Double(text) ?? .nan }

  /// The value times ten to the power of `places` as an exact integer, or nil when it is not one.
  ///
  /// `JSONNumber("3.133").scaled(by: 4)` is 31330: the way money and prices are read.
  package func scaled(by places: Int) -> Int? {
    let parts = canonical
    if parts.digits.isEmpty { return 0 }
    let shift = parts.exponent + places
    guard shift >= 0, shift + parts.digits.count <= 19 else { return nil }
    var value = 0
    for digit in parts.digits + Array(repeating: 0, count: shift) {
      let (times, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = times.subtractingReportingOverflow(Int(digit))
      if overflow || carry { return nil }
      value = sum
    }
    // Built negative, since Int.min has no positive twin.
    if parts.negative { return value }
    return value == Int.min ? nil : -value
  }

  /// Sign, digits without zeros at either end, and the power of ten they are multiplied by.
  package var canonical: (negative: Bool, digits: [UInt8], exponent: Int) {
    var digits: [UInt8] = []
    var exponent = 0
    var fraction = false
    var negative = false
    var iterator = text.utf8.makeIterator()
    scan: while let byte = iterator.next() {
      switch byte {
      case UInt8(ascii: "-"): negative = true
      case UInt8(ascii: "."): fraction = true
      case UInt8(ascii: "e"), UInt8(ascii: "E"):
        var rest: [UInt8] = []
        while let next = iterator.next() { rest.append(next) }
        let written = Int(String(decoding: rest, as: UTF8.self)) ?? 1 << 30
        exponent += max(-(1 << 30), min(1 << 30, written))
        break scan
      default:
        digits.append(byte - UInt8(ascii: "0"))
        if fraction { exponent -= 1 }
      }
    }
    while digits.last == 0 {
      digits.removeLast()
      exponent += 1
    }
    let leading = digits.prefix { $0 == 0 }.count
    digits.removeFirst(leading)
    if digits.isEmpty { return (false, [], 0) }
    return (negative, digits, exponent)
  }
}

extension JSONNumber: Hashable {
  /// Numeric equality: 1, 1.0 and 10e-1 are one value (JSON Schema §4.2.2).
  package static func == (left: JSONNumber, right: JSONNumber) -> Bool {
    if left.text == right.text { return true }
    return left.canonical == right.canonical
  }

  package func hash(into hasher: inout Hasher) {
    let parts = canonical
    hasher.combine(parts.negative)
    hasher.combine(parts.digits)
    hasher.combine(parts.exponent)
  }
}

extension JSONNumber: Comparable {
  package static func < (left: JSONNumber, right: JSONNumber) -> Bool {
    let a = left.canonical
    let b = right.canonical
    if a.digits.isEmpty { return !b.digits.isEmpty && !b.negative }
    if b.digits.isEmpty { return a.negative }
    if a.negative != b.negative { return a.negative }
    let smaller = magnitudeIsSmaller(a, b)
    return a.negative ? (a != b && !smaller) : smaller
  }

  private static func magnitudeIsSmaller(
    _ a: (negative: Bool, digits: [UInt8], exponent: Int),
    _ b: (negative: Bool, digits: [UInt8], exponent: Int)
  ) -> Bool {
    let widthA = a.digits.count + a.exponent
    let widthB = b.digits.count + b.exponent
    if widthA != widthB { return widthA < widthB }
    return a.digits.lexicographicallyPrecedes(b.digits)
  }
}
