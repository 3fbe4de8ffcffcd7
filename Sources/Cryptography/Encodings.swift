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
    let rest = bytes.count % 3
    let length = bytes.count / 3 * 4 + (rest == 0 ? 0 : padded ? 4 : rest + 1)
    return String(unsafeUninitializedCapacity: length) { out in
      var at = 0
      for start in stride(from: 0, to: bytes.count, by: 3) {
        let present = min(3, bytes.count - start)
        var group = UInt32(bytes[start]) << 16
        if present > 1 { group |= UInt32(bytes[start + 1]) << 8 }
        if present > 2 { group |= UInt32(bytes[start + 2]) }
        for position in 0...present {
          out[at] = symbols[Int(group >> (18 - 6 * UInt32(position)) & 63)]
          at += 1
        }
      }
      while at < length {
        out[at] = UInt8(ascii: "=")
        at += 1
      }
      return length
    }
  }

  func decode(_ text: ArraySlice<UInt8>, padded: Bool) -> [UInt8]? {
    var body = text
    if padded {
      guard text.count.isMultiple(of: 4) else { return nil }
      while body.last == UInt8(ascii: "="), text.count - body.count < 2 { body = body.dropLast() }
    }
    let rest = body.count % 4
    if rest == 1 { return nil }
    let size = body.count / 4 * 3 + (rest == 0 ? 0 : rest - 1)
    var sound = true
    let out = [UInt8](unsafeUninitializedCapacity: size) { out, count in
      sound = body.withUnsafeBufferPointer { source in
        values.withUnsafeBufferPointer { Self.fill(out, from: source, by: $0) }
      }
      count = sound ? size : 0
    }
    return sound ? out : nil
  }

  /// Whole groups of four, then what is left; false at a foreign byte or at stray bits, for else two
  /// texts would mean one value.
  private static func fill(
    _ out: UnsafeMutableBufferPointer<UInt8>, from source: UnsafeBufferPointer<UInt8>,
    by values: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    let whole = source.count & ~3
    var at = 0
    for start in stride(from: 0, to: whole, by: 4) {
      let (a, b) = (values[Int(source[start])], values[Int(source[start + 1])])
      let (c, d) = (values[Int(source[start + 2])], values[Int(source[start + 3])])
      if (a | b | c | d) > 63 { return false }
      out[at] = a << 2 | b >> 4
      out[at + 1] = b << 4 | c >> 2
      out[at + 2] = c << 6 | d
      at += 3
    }
    let left = source.count - whole
    if left == 0 { return true }
    let (a, b) = (values[Int(source[whole])], values[Int(source[whole + 1])])
    if (a | b) > 63 { return false }
    out[at] = a << 2 | b >> 4
    if left == 2 { return b & 15 == 0 }
    let c = values[Int(source[whole + 2])]
    if c > 63 { return false }
    out[at + 1] = b << 4 | c >> 2
    return c & 3 == 0
  }
}
