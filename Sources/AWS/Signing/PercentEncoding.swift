/// Percent-encoding as SigV4 wants it: everything but `A-Za-z0-9-._~`, in upper-case hexadecimal.
package enum PercentEncoding {
  /// The encoded text; `/` stays in paths and is encoded in queries.
  package static func encode(_ text: String, keepingSlash: Bool = false) -> String {
    var out: [UInt8] = []
    out.reserveCapacity(text.utf8.count + 16)
    append(text, keepingSlash: keepingSlash, to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  static func append(_ text: String, keepingSlash: Bool, to out: inout [UInt8]) {
    for byte in text.utf8 {
      if isUnreserved(byte) || (keepingSlash && byte == UInt8(ascii: "/")) {
        out.append(byte)
      } else {
        appendEscaped(byte, to: &out)
      }
    }
  }

  static func appendEscaped(_ byte: UInt8, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "%"))
    out.append(digit(byte >> 4))
    out.append(digit(byte & 0xF))
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }

  static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "~"):
      return true
    default: return false
    }
  }

  /// The decoded text; an escape that is not whole stays as it is written.
  ///
  /// - Parameter plusIsSpace: as in forms and in S3's listings with `encoding-type=url`.
  package static func decode(_ text: String, plusIsSpace: Bool = false) -> String {
    if !text.utf8.contains(UInt8(ascii: "%")), !plusIsSpace { return text }
    let bytes = Array(text.utf8)
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    var at = 0
    while at < bytes.count {
      if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.count, let high = value(bytes[at + 1]),
        let low = value(bytes[at + 2])
      {
        out.append(high << 4 | low)
        at += 3
      } else {
        let isSpace = plusIsSpace && bytes[at] == UInt8(ascii: "+")
        out.append(isSpace ? UInt8(ascii: " ") : bytes[at])
        at += 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return digit - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): return digit - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): return digit - UInt8(ascii: "a") + 10
    default: return nil
    }
  }
}
