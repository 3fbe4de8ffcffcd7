/// Why a text is not JSON, with the place.
package struct JSONSyntaxError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong, as a sentence without the place.
  package let reason: String
  /// Offset in bytes from the start of the text.
  package let offset: Int

  package var description: String { "\(reason) at byte \(offset)" }
}

extension JSON {
  /// Bounds on what the reader accepts.
  package struct Limits: Sendable {
    /// Arrays and objects inside one another.
    package var depth: Int
    /// Bytes of the whole text.
    package var bytes: Int

    package init(depth: Int = 64, bytes: Int = 16 << 20) {
      self.depth = depth
      self.bytes = bytes
    }
  }

  /// Reads one document by RFC 8259, refusing duplicate names, broken UTF-8 and lone surrogates.
  package init(parsing bytes: some Sequence<UInt8>, limits: Limits = Limits())
    throws(JSONSyntaxError)
  {
    var parser = JSONParser(bytes: Array(bytes), limits: limits)
    self = try parser.document()
  }

  /// Reads one document from text.
  package init(parsing text: String, limits: Limits = Limits()) throws(JSONSyntaxError) {
    try self.init(parsing: text.utf8, limits: limits)
  }
}

struct JSONParser {
  private let bytes: [UInt8]
  private let limits: JSON.Limits
  private var at = 0

  init(bytes: [UInt8], limits: JSON.Limits) {
    self.bytes = bytes
    self.limits = limits
  }

  mutating func document() throws(JSONSyntaxError) -> JSON {
    if bytes.count > limits.bytes { throw fail("the text is over \(limits.bytes) bytes") }
    skipSpace()
    let value = try value(depth: 0)
    skipSpace()
    if at < bytes.count { throw fail("something follows the value") }
    return value
  }

  private func fail(_ reason: String) -> JSONSyntaxError {
    JSONSyntaxError(reason: reason, offset: at)
  }

  private mutating func skipSpace() {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x09, 0x0A, 0x0D: at += 1
      default: return
      }
    }
  }

  private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSON {
    guard at < bytes.count else { throw fail("a value is missing") }
    switch bytes[at] {
    case UInt8(ascii: "{"): return try object(depth: depth + 1)
    case UInt8(ascii: "["): return try array(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
    default: throw fail("a value cannot begin here")
    }
  }

  private mutating func word(_ text: String, _ value: JSON) throws(JSONSyntaxError) -> JSON {
    let expected = text.utf8
    guard bytes[at...].starts(with: expected) else { throw fail("'\(text)' is misspelt") }
    at += expected.count
    return value
  }

  private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSON {
    if depth > limits.depth { throw fail("more than \(limits.depth) levels") }
    at += 1
    var result = JSONObject()
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(result) }
    while true {
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
        throw fail("a name is missing")
      }
      let nameAt = at
      let name = try string()
      if result[name] != nil {
        throw JSONSyntaxError(reason: "the name '\(name)' appears twice", offset: nameAt)
      }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw fail("':' is missing") }
      skipSpace()
      result[name] = try value(depth: depth)
      skipSpace()
      if take(UInt8(ascii: "}")) { return .object(result) }
      guard take(UInt8(ascii: ",")) else { throw fail("',' or '}' is missing") }
    }
  }

  private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSON {
    if depth > limits.depth { throw fail("more than \(limits.depth) levels") }
    at += 1
    var result: [JSON] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array(result) }
    while true {
      skipSpace()
      result.append(try value(depth: depth))
      skipSpace()
      if take(UInt8(ascii: "]")) { return .array(result) }
      guard take(UInt8(ascii: ",")) else { throw fail("',' or ']' is missing") }
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  private mutating func number() throws(JSONSyntaxError) -> JSONNumber {
    let start = at
    _ = take(UInt8(ascii: "-"))
    if !take(UInt8(ascii: "0")) { try digits() }
    if take(UInt8(ascii: ".")) { try digits() }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
    return JSONNumber(validated: String(decoding: bytes[start..<at], as: UTF8.self))
  }

  private mutating func digits() throws(JSONSyntaxError) {
    let start = at
    while at < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at]) { at += 1 }
    if at == start { throw fail("a digit is missing") }
  }

  private mutating func string() throws(JSONSyntaxError) -> String {
    at += 1
    let start = at
    while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\") {
      if bytes[at] < 0x20 { throw fail("a control character stands in a string") }
      at += 1
    }
    guard at < bytes.count else { throw fail("a string does not end") }
    if bytes[at] == UInt8(ascii: "\"") {
      let text = try utf8(bytes[start..<at], from: start)
      at += 1
      return text
    }
    return try escapedString(from: start)
  }

  private mutating func escapedString(from start: Int) throws(JSONSyntaxError) -> String {
    var collected = Array(bytes[start..<at])
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      switch byte {
      case UInt8(ascii: "\""): return try utf8(collected[...], from: start)
      case UInt8(ascii: "\\"): try escape(into: &collected)
      case 0..<0x20:
        at -= 1
        throw fail("a control character stands in a string")
      default: collected.append(byte)
      }
    }
    throw fail("a string does not end")
  }

  private mutating func escape(into collected: inout [UInt8]) throws(JSONSyntaxError) {
    guard at < bytes.count else { throw fail("a string does not end") }
    let byte = bytes[at]
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): collected.append(byte)
    case UInt8(ascii: "b"): collected.append(0x08)
    case UInt8(ascii: "f"): collected.append(0x0C)
    case UInt8(ascii: "n"): collected.append(0x0A)
    case UInt8(ascii: "r"): collected.append(0x0D)
    case UInt8(ascii: "t"): collected.append(0x09)
    case UInt8(ascii: "u"):
      let scalar = try unicodeEscape()
      collected.append(contentsOf: Array(String(scalar).utf8))
    default: throw fail("an unknown escape")
    }
  }

  private mutating func unicodeEscape() throws(JSONSyntaxError) -> Unicode.Scalar {
    let high = try hex4()
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard (0xD800..<0xDC00).contains(high), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
      throw fail("a lone surrogate")
    }
    let low = try hex4()
    guard (0xDC00..<0xE000).contains(low),
      let scalar = Unicode.Scalar(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    else { throw fail("a lone surrogate") }
    return scalar
  }

  private mutating func hex4() throws(JSONSyntaxError) -> UInt32 {
    guard at + 4 <= bytes.count else { throw fail("four hexadecimal digits are missing") }
    var value: UInt32 = 0
    for byte in bytes[at..<at + 4] {
      let digit: UInt32
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt32(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt32(byte - UInt8(ascii: "a")) + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = UInt32(byte - UInt8(ascii: "A")) + 10
      default: throw fail("four hexadecimal digits are missing")
      }
      value = value << 4 | digit
    }
    at += 4
    return value
  }

  private func utf8(_ slice: ArraySlice<UInt8>, from offset: Int) throws(JSONSyntaxError) -> String
  {
    guard let text = String(validating: slice, as: UTF8.self) else {
      throw JSONSyntaxError(reason: "a string is not UTF-8", offset: offset)
    }
    return text
  }
}
