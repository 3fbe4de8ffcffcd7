/// Base64 of RFC 4648 §4, strict: one spelling per value, so that a stored hash has one reading.
enum Base64Text {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// Encodes with or without padding.
  static func encode(_ bytes: some Sequence<UInt8>, padded: Bool) -> String {
    var out: [UInt8] = []
    var buffer = 0
    var bits = 0
    for byte in bytes {
      buffer = (buffer << 8 | Int(byte)) & 0xFFFF
      bits += 8
      while bits >= 6 {
        bits -= 6
        out.append(alphabet[buffer >> bits & 63])
      }
    }
    if bits > 0 { out.append(alphabet[buffer << (6 - bits) & 63]) }
    while padded, out.count % 4 != 0 { out.append(UInt8(ascii: "=")) }
    return String(decoding: out, as: UTF8.self)
  }

  /// Decodes, or nil for a foreign character, wrong padding or set bits after the end.
  static func decode(_ text: some StringProtocol, padded: Bool) -> [UInt8]? {
    var characters = Array(text.utf8)
    if padded {
      guard characters.count % 4 == 0 else { return nil }
      let padding = characters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
      guard padding <= 2 else { return nil }
      characters.removeLast(padding)
    }
    guard characters.count % 4 != 1 else { return nil }
    var out: [UInt8] = []
    var buffer = 0
    var bits = 0
    for character in characters {
      guard let value = value(of: character) else { return nil }
      buffer = (buffer << 6 | value) & 0xFFFF
      bits += 6
      if bits >= 8 {
        bits -= 8
        out.append(UInt8(truncatingIfNeeded: buffer >> bits))
      }
    }
    guard buffer & ((1 << bits) - 1) == 0 else { return nil }
    return out
  }

  private static func value(of byte: UInt8) -> Int? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte) - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte) + 4
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
