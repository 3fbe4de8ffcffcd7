extension JSON {
  /// The document without spaces, members in their order.
  package var bytes: [UInt8] {
    var out: [UInt8] = []
    write(to: &out, indent: nil, level: 0, sorted: false)
    return out
  }

  /// The same as text.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Indented by two spaces with members sorted by name: the byte-stable form for files.
  package var prettyText: String {
    var out: [UInt8] = []
    write(to: &out, indent: 2, level: 0, sorted: true)
    return String(decoding: out, as: UTF8.self)
  }

  /// Appends the compact form to a buffer.
  package func append(to out: inout [UInt8]) {
    write(to: &out, indent: nil, level: 0, sorted: false)
  }

  private func write(to out: inout [UInt8], indent: Int?, level: Int, sorted: Bool) {
    switch self {
    case .null: out.append(contentsOf: "null".utf8)
    case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
    case .number(let value): out.append(contentsOf: value.text.utf8)
    case .string(let value): JSON.appendQuoted(value, to: &out)
    case .array(let elements):
      out.append(UInt8(ascii: "["))
      for (position, element) in elements.enumerated() {
        if position > 0 { out.append(UInt8(ascii: ",")) }
        JSON.breakLine(&out, indent, level + 1)
        element.write(to: &out, indent: indent, level: level + 1, sorted: sorted)
      }
      if !elements.isEmpty { JSON.breakLine(&out, indent, level) }
      out.append(UInt8(ascii: "]"))
    case .object(let object):
      let members = sorted ? object.members.sorted { $0.name < $1.name } : object.members
      out.append(UInt8(ascii: "{"))
      for (position, member) in members.enumerated() {
        if position > 0 { out.append(UInt8(ascii: ",")) }
        JSON.breakLine(&out, indent, level + 1)
        JSON.appendQuoted(member.name, to: &out)
        out.append(UInt8(ascii: ":"))
        if indent != nil { out.append(UInt8(ascii: " ")) }
        member.value.write(to: &out, indent: indent, level: level + 1, sorted: sorted)
      }
      if !members.isEmpty { JSON.breakLine(&out, indent, level) }
      out.append(UInt8(ascii: "}"))
    }
  }

  private static func breakLine(_ out: inout [UInt8], _ indent: Int?, _ level: Int) {
    guard let indent else { return }
    out.append(0x0A)
    out.append(contentsOf: repeatElement(0x20, count: indent * level))
  }

  /// Appends a string with its quotes; the less-than sign is escaped too, so that the text can also
  /// stand in a script or a page.
  package static func appendQuoted(_ text: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    var text = text
    // What needs no escape is copied in runs: most texts are one run.
    text.withUTF8 { bytes in
      var copied = 0
      for at in 0..<bytes.count where unsafe needsEscape(bytes[at]) {
        unsafe out.append(contentsOf: bytes[copied..<at])
        appendEscape(unsafe bytes[at], to: &out)
        copied = at + 1
      }
      unsafe out.append(contentsOf: bytes[copied...])
    }
    out.append(UInt8(ascii: "\""))
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
      || byte == UInt8(ascii: "<") || byte == 0x7F
  }

  private static func appendEscape(_ byte: UInt8, to out: inout [UInt8]) {
    out.append(0x5C)
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(byte)
    case 0x0A: out.append(UInt8(ascii: "n"))
    case 0x0D: out.append(UInt8(ascii: "r"))
    case 0x09: out.append(UInt8(ascii: "t"))
    default:
      out.append(contentsOf: "u00".utf8)
      for digit in [byte >> 4, byte & 15] {
        out.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      }
    }
  }
}
