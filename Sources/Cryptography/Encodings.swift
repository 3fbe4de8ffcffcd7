/// Lower-case hexadecimal.
package enum Hex {
  private static let digits = Array("0123456789abcdef".utf8)

  /// Two digits per byte.
  package static func encode(_ bytes: [UInt8]) -> String {
    String(unsafeUninitializedCapacity: bytes.count * 2) { out in
      for (index, byte) in bytes.enumerated() {
        out[index * 2] = digits[Int(byte >> 4)]
        out[index * 2 + 1] = digits[Int(byte & 15)]
      }
      return bytes.count * 2
    }
  }

  /// The bytes, or nil when a digit is missing or foreign; both cases are read.
  package static func decode(_ text: String) -> [UInt8]? {
    let source = Array(text.utf8)
    guard source.count.isMultiple(of: 2) else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(source.count / 2)
    for index in stride(from: 0, to: source.count, by: 2) {
      guard let high = value(source[index]), let low = value(source[index + 1]) else { return nil }
      out.append(high << 4 | low)
    }
    return out
  }

  private static func value(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x61...0x66: byte - 0x61 + 10
    case 0x41...0x46: byte - 0x41 + 10
    default: nil
    }
  }
}

/// Base64 with padding (RFC 4648 §4), strict in both directions.
package enum Base64 {
  /// Encodes with padding.
  package static func encode(_ bytes: [UInt8]) -> String {
    Base64Alphabet.standard.encode(bytes, padded: true)
  }

  /// Decodes; wrong padding, foreign characters and stray bits are refused.
  package static func decode(_ text: String) -> [UInt8]? {
    Base64Alphabet.standard.decode(Array(text.utf8)[...], padded: true)
  }
}

/// Base64url without padding (RFC 4648 §5, RFC 7515 §2), strict in both directions.
package enum Base64URL {
  /// Encodes without padding.
  package static func encode(_ bytes: [UInt8]) -> String {
    Base64Alphabet.url.encode(bytes, padded: false)
  }

  /// Decodes; padding, foreign characters and stray bits are refused, so that one value has one form.
  package static func decode(_ text: some StringProtocol) -> [UInt8]? {
    Base64Alphabet.url.decode(Array(text.utf8)[...], padded: false)
  }

  /// Decodes bytes of ASCII.
  package static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    Base64Alphabet.url.decode(bytes, padded: false)
  }
}

private struct Base64Alphabet: Sendable {
  static let standard = Base64Alphabet(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  static let url = Base64Alphabet(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

  private let symbols: [UInt8]
  /// 255 for a foreign byte.
  private let values: [UInt8]

  init(_ text: String) {
    symbols = Array(text.utf8)
    var values = [UInt8](repeating: 255, count: 256)
    for (value, symbol) in symbols.enumerated() { values[Int(symbol)] = UInt8(value) }
    self.values = values
  }

  func encode(_ bytes: [UInt8], padded: Bool) -> String {
    var out: [UInt8] = []
    out.reserveCapacity((bytes.count + 2) / 3 * 4)
    var index = 0
    while index < bytes.count {
      let rest = min(3, bytes.count - index)
      var group = UInt32(bytes[index]) << 16
      if rest > 1 { group |= UInt32(bytes[index + 1]) << 8 }
      if rest > 2 { group |= UInt32(bytes[index + 2]) }
      for position in 0...rest { out.append(symbols[Int(group >> (18 - 6 * position) & 63)]) }
      if padded { out.append(contentsOf: repeatElement(UInt8(ascii: "="), count: 3 - rest)) }
      index += 3
    }
    return String(decoding: out, as: UTF8.self)
  }

  func decode(_ text: ArraySlice<UInt8>, padded: Bool) -> [UInt8]? {
    var body = text
    if padded {
      guard text.count.isMultiple(of: 4) else { return nil }
      while body.last == UInt8(ascii: "="), text.count - body.count < 2 { body = body.dropLast() }
    }
    if body.count % 4 == 1 { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(body.count * 3 / 4)
    var group: UInt32 = 0
    var bits = 0
    for byte in body {
      let value = values[Int(byte)]
      if value == 255 { return nil }
      group = group << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        out.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
      }
    }
    // Bits behind the last byte must be zero, or two texts would mean one value.
    guard group & ((1 << UInt32(bits)) - 1) == 0 else { return nil }
    return out
  }
}
