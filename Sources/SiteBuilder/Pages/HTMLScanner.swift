/// One attribute of a start tag; ranges are offsets into the page.
struct HTMLAttribute {
  /// In lower case.
  var name: String
  var nameStart: Int
  /// Without the quotes; nil when there is no value.
  var value: Range<Int>?
  /// Whether the value stands in quotes, so that it can be replaced as it is.
  var isQuoted: Bool
}

/// One start tag.
struct HTMLTag {
  /// In lower case.
  var name: String
  /// At the `<`.
  var start: Int
  /// After the `>`.
  var end: Int
  /// Where another attribute can be written.
  var attributesEnd: Int
  var attributes: [HTMLAttribute]
  /// The text of a script, style, title or textarea.
  var body: Range<Int>?
  /// After the closing tag of `body`.
  var bodyEnd: Int

  func attribute(_ name: String) -> HTMLAttribute? { attributes.first { $0.name == name } }
}

/// Finds the start tags of a page by the states of the HTML standard's tokenizer that matter for
/// them; bytes between are never copied or changed.
struct HTMLScanner {
  private let bytes: [UInt8]
  private var at = 0

  /// Attributes of one tag at most; the rest is skipped.
  private static let attributesMost = 256
  /// Elements whose content is text up to their closing tag.
  private static let rawText: Set<String> = [
    "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes",
  ]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next start tag, or nil at the end.
  mutating func next() -> HTMLTag? {
    while let open = find(UInt8(ascii: "<"), from: at) {
      at = open + 1
      guard at < bytes.count else { return nil }
      switch bytes[at] {
      case UInt8(ascii: "!"): skipMarkup()
      case UInt8(ascii: "?"): skip(to: UInt8(ascii: ">"))
      case UInt8(ascii: "/"): skipTag()
      case let byte where Self.isLetter(byte): return tag(from: open)
      default: continue
      }
    }
    return nil
  }

  // MARK: What is not a start tag

  private func find(_ byte: UInt8, from start: Int) -> Int? {
    var index = start
    while index < bytes.count {
      if bytes[index] == byte { return index }
      index += 1
    }
    return nil
  }

  private mutating func skip(to byte: UInt8) {
    at = find(byte, from: at).map { $0 + 1 } ?? bytes.count
  }

  private mutating func skipMarkup() {
    if bytes[at...].starts(with: "!--".utf8) {
      at += 3
      // "<!-->" and "<!--->" are whole comments.
      if at < bytes.count, bytes[at] == UInt8(ascii: ">") { return at += 1 }
      while let dash = find(UInt8(ascii: "-"), from: at) {
        if bytes[dash...].starts(with: "-->".utf8) {
          at = dash + 3
          return
        }
        if bytes[dash...].starts(with: "--!>".utf8) {
          at = dash + 4
          return
        }
        at = dash + 1
      }
      at = bytes.count
    } else if bytes[at...].starts(with: "![CDATA[".utf8) {
      while let bracket = find(UInt8(ascii: "]"), from: at) {
        at = bracket + 1
        if bytes[bracket...].starts(with: "]]>".utf8) { return at = bracket + 3 }
      }
      at = bytes.count
    } else {
      skip(to: UInt8(ascii: ">"))
    }
  }

  private mutating func skipTag() {
    at += 1
    while at < bytes.count, bytes[at] != UInt8(ascii: ">") { at += 1 }
    at = min(at + 1, bytes.count)
  }

  // MARK: Start tags

  private mutating func tag(from open: Int) -> HTMLTag? {
    let nameStart = at
    while at < bytes.count, !Self.isSpace(bytes[at]), bytes[at] != UInt8(ascii: ">"),
      bytes[at] != UInt8(ascii: "/")
    {
      at += 1
    }
    let name = Self.lowered(bytes[nameStart..<at])
    var attributes: [HTMLAttribute] = []
    var attributesEnd = at
    while at < bytes.count {
      let byte = bytes[at]
      if Self.isSpace(byte) || byte == UInt8(ascii: "/") {
        at += 1
        continue
      }
      if byte == UInt8(ascii: ">") { break }
      let attribute = attribute()
      if attributes.count < Self.attributesMost,
        !attributes.contains(where: { $0.name == attribute.name })
      {
        attributes.append(attribute)
      }
      attributesEnd = at
    }
    guard at < bytes.count else { return nil }
    at += 1
    var tag = HTMLTag(
      name: name, start: open, end: at, attributesEnd: attributesEnd, attributes: attributes,
      body: nil, bodyEnd: at)
    if Self.rawText.contains(name) { readBody(&tag) }
    return tag
  }

  private mutating func attribute() -> HTMLAttribute {
    let nameStart = at
    at += 1
    while at < bytes.count, !Self.isSpace(bytes[at]), !"=>/".utf8.contains(bytes[at]) { at += 1 }
    let name = Self.lowered(bytes[nameStart..<at])
    var after = at
    while after < bytes.count, Self.isSpace(bytes[after]) { after += 1 }
    guard after < bytes.count, bytes[after] == UInt8(ascii: "=") else {
      return HTMLAttribute(name: name, nameStart: nameStart, value: nil, isQuoted: false)
    }
    at = after + 1
    while at < bytes.count, Self.isSpace(bytes[at]) { at += 1 }
    guard at < bytes.count else {
      return HTMLAttribute(name: name, nameStart: nameStart, value: nil, isQuoted: false)
    }
    let quote = bytes[at]
    if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      let start = at + 1
      let end = find(quote, from: start) ?? bytes.count
      at = min(end + 1, bytes.count)
      return HTMLAttribute(name: name, nameStart: nameStart, value: start..<end, isQuoted: true)
    }
    let start = at
    while at < bytes.count, !Self.isSpace(bytes[at]), bytes[at] != UInt8(ascii: ">") { at += 1 }
    return HTMLAttribute(name: name, nameStart: nameStart, value: start..<at, isQuoted: false)
  }

  private mutating func readBody(_ tag: inout HTMLTag) {
    let start = at
    var search = at
    while let open = find(UInt8(ascii: "<"), from: search) {
      search = open + 1
      guard open + 2 + tag.name.utf8.count <= bytes.count, bytes[open + 1] == UInt8(ascii: "/"),
        Self.lowered(bytes[open + 2..<open + 2 + tag.name.utf8.count]) == tag.name
      else { continue }
      let after = open + 2 + tag.name.utf8.count
      guard after < bytes.count, Self.isSpace(bytes[after]) || "/>".utf8.contains(bytes[after])
      else { continue }
      at = find(UInt8(ascii: ">"), from: after).map { $0 + 1 } ?? bytes.count
      tag.body = start..<open
      tag.bodyEnd = at
      return
    }
    at = bytes.count
    tag.body = start..<bytes.count
    tag.bodyEnd = bytes.count
  }

  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D || byte == 0x0C
  }

  static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

  static func lowered(_ bytes: ArraySlice<UInt8>) -> String {
    String(
      decoding: bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }
}
