/// Escaping for text and for attributes in either kind of quotes.
package enum Escaping {
  /// Appends a text so that it is only text in a page.
  package static func append(_ text: String, to out: inout [UInt8]) {
    for byte in text.utf8 { append(byte, to: &out) }
  }

  /// Appends bytes so that they are only text in a page.
  package static func append(_ bytes: some Sequence<UInt8>, to out: inout [UInt8]) {
    for byte in bytes { append(byte, to: &out) }
  }

  private static func append(_ byte: UInt8, to out: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "&"): out.append(contentsOf: [0x26, 0x61, 0x6D, 0x70, 0x3B])
    case UInt8(ascii: "<"): out.append(contentsOf: [0x26, 0x6C, 0x74, 0x3B])
    case UInt8(ascii: ">"): out.append(contentsOf: [0x26, 0x67, 0x74, 0x3B])
    case UInt8(ascii: "\""): out.append(contentsOf: [0x26, 0x71, 0x75, 0x6F, 0x74, 0x3B])
    case UInt8(ascii: "'"): out.append(contentsOf: [0x26, 0x23, 0x33, 0x39, 0x3B])
    default: out.append(byte)
    }
  }
}
