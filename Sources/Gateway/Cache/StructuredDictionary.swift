/// Structured Fields for HTTP (RFC 9651): the dictionary form, of which only what a cache needs is
/// kept, while everything is checked: one syntax error voids the whole field (§1.2).
struct StructuredDictionary: Sendable {
  /// A member's value; texts, lists and the rest are only known to be well formed.
  enum Value: Sendable, Hashable {
    case integer(Int)
    case boolean(Bool)
    case other
  }

  /// The members by name; the last of two wins.
  private(set) var members: [String: Value] = [:]

  /// Reads the joined lines of a field, or nil when they are not a dictionary.
  init?(_ text: String) {
    var reader = StructuredReader(text)
    guard let members = reader.dictionary() else { return nil }
    self.members = members
  }

  /// Whether a member is the boolean true.
  func isTrue(_ name: String) -> Bool { members[name] == .boolean(true) }

  /// A member that is an integer from 0.
  func seconds(_ name: String) -> Int? {
    guard case .integer(let value) = members[name], value >= 0 else { return nil }
    return min(value, CacheDirectives.mostSeconds)
  }
}

/// The parser of RFC 9651 §4.2; every function answers nil on a syntax error.
private struct StructuredReader {
  private let bytes: [UInt8]
  private var at = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: scalar) else { return false }
    at += 1
    return true
  }

  private mutating func skip(_ isSkipped: (UInt8) -> Bool) {
    while let byte = next, isSkipped(byte) { at += 1 }
  }

  mutating func dictionary() -> [String: StructuredDictionary.Value]? {
    var members: [String: StructuredDictionary.Value] = [:]
    skip { $0 == 0x20 }
    while next != nil {
      guard let key = key() else { return nil }
      if take("=") {
        guard let value = itemOrList() else { return nil }
        members[key] = value
      } else {
        guard parameters() else { return nil }
        members[key] = .boolean(true)
      }
      skip { $0 == 0x20 || $0 == 0x09 }
      if next == nil { break }
      guard take(",") else { return nil }
      skip { $0 == 0x20 || $0 == 0x09 }
      // A comma with nothing after it is an error.
      if next == nil { return nil }
    }
    return members
  }

  private mutating func key() -> String? {
    let start = at
    guard let first = next, Self.isLower(first) || first == UInt8(ascii: "*") else { return nil }
    skip { Self.isLower($0) || Self.isDigit($0) || "_-.*".utf8.contains($0) }
    return String(decoding: bytes[start..<at], as: UTF8.self)
  }

  private mutating func itemOrList() -> StructuredDictionary.Value? {
    guard take("(") else {
      guard let value = bareItem(), parameters() else { return nil }
      return value
    }
    while true {
      skip { $0 == 0x20 }
      if take(")") { return parameters() ? .other : nil }
      guard bareItem() != nil, parameters() else { return nil }
      guard next == 0x20 || next == UInt8(ascii: ")") else { return nil }
    }
  }

  private mutating func parameters() -> Bool {
    while take(";") {
      skip { $0 == 0x20 }
      guard key() != nil else { return false }
      if take("=") { guard bareItem() != nil else { return false } }
    }
    return true
  }

  private mutating func bareItem() -> StructuredDictionary.Value? {
    guard let first = next else { return nil }
    switch first {
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return number()
    case UInt8(ascii: "\""): return string() ? .other : nil
    case UInt8(ascii: ":"): return byteSequence() ? .other : nil
    case UInt8(ascii: "?"):
      at += 1
      if take("1") { return .boolean(true) }
      return take("0") ? .boolean(false) : nil
    case UInt8(ascii: "@"):
      at += 1
      guard case .integer = number() else { return nil }
      return .other
    case _ where Self.isAlpha(first) || first == UInt8(ascii: "*"):
      skip { Self.isToken($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }
      return .other
    default: return nil
    }
  }

  private mutating func number() -> StructuredDictionary.Value? {
    let negative = take("-")
    let start = at
    skip(Self.isDigit)
    let digits = at - start
    guard digits > 0 else { return nil }
    if next == UInt8(ascii: ".") {
      at += 1
      let fraction = at
      skip(Self.isDigit)
      return digits <= 12 && (1...3).contains(at - fraction) ? .other : nil
    }
    guard digits <= 15, let value = Int(String(decoding: bytes[start..<at], as: UTF8.self)) else {
      return nil
    }
    return .integer(negative ? -value : value)
  }

  private mutating func string() -> Bool {
    at += 1
    while let byte = next {
      at += 1
      switch byte {
      case UInt8(ascii: "\""): return true
      case UInt8(ascii: "\\"):
        guard take("\"") || take("\\") else { return false }
      case 0x20...0x7E: continue
      default: return false
      }
    }
    return false
  }

  private mutating func byteSequence() -> Bool {
    at += 1
    skip { Self.isAlpha($0) || Self.isDigit($0) || "+/=".utf8.contains($0) }
    return take(":")
  }

  private static func isLower(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
  private static func isAlpha(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func isToken(_ byte: UInt8) -> Bool {
    isAlpha(byte) || isDigit(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}
