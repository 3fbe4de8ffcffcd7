/// The little of DER that keys and ECDSA signatures need (X.690).
enum DER {
  static func sequence(_ parts: [UInt8]...) -> [UInt8] { wrap(0x30, parts.flatMap { $0 }) }

  static func identifier(_ content: [UInt8]) -> [UInt8] { wrap(0x06, content) }

  static func bitString(_ content: [UInt8]) -> [UInt8] { wrap(0x03, [0] + content) }

  static let null: [UInt8] = [0x05, 0x00]

  /// An unsigned integer: no leading zeros but the one that keeps it positive.
  static func integer(_ magnitude: [UInt8]) -> [UInt8] {
    var digits = Array(magnitude.drop { $0 == 0 })
    if digits.isEmpty { digits = [0] }
    if let first = digits.first, first & 0x80 != 0 { digits.insert(0, at: 0) }
    return wrap(0x02, digits)
  }

  private static func wrap(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    [tag] + length(content.count) + content
  }

  private static func length(_ count: Int) -> [UInt8] {
    if count < 0x80 { return [UInt8(count)] }
    var bytes: [UInt8] = []
    var rest = count
    while rest > 0 {
      bytes.insert(UInt8(rest & 0xFF), at: 0)
      rest >>= 8
    }
    return [0x80 | UInt8(bytes.count)] + bytes
  }

  /// The two integers of an ECDSA signature as fixed-width r‖s, or nil when it is not one.
  static func rawSignature(_ der: [UInt8], width: Int) -> [UInt8]? {
    var index = 0
    func byte() -> UInt8? {
      guard index < der.count else { return nil }
      defer { index += 1 }
      return der[index]
    }
    guard byte() == 0x30, let first = byte() else { return nil }
    if first & 0x80 != 0 { index += Int(first & 0x7F) }
    var out: [UInt8] = []
    for _ in 0..<2 {
      guard byte() == 0x02, let count = byte(), index + Int(count) <= der.count else { return nil }
      let digits = Array(der[index..<index + Int(count)].drop { $0 == 0 })
      index += Int(count)
      guard digits.count <= width else { return nil }
      out += [UInt8](repeating: 0, count: width - digits.count) + digits
    }
    return out
  }
}
