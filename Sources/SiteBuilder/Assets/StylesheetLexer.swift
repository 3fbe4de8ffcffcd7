/// Finds `url()`, `@import` and the strings of `image-set()` in a style sheet, by the tokens of CSS
/// Syntax 3; everything else passes by.
struct StylesheetLexer {
  private let bytes: [UInt8]
  private var at = 0
  private var references: [AssetReference] = []
  /// The functions that are open, innermost last.
  private var functions: [String] = []
  /// Whether an `@import` waits for its address.
  private var awaitsImport = false

  private static let functionsMost = 256

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Every reference in order.
  static func references(in bytes: [UInt8]) throws(AssetSyntaxError) -> [AssetReference] {
    var lexer = StylesheetLexer(bytes)
    try lexer.scan()
    return lexer.references
  }

  private mutating func scan() throws(AssetSyntaxError) {
    while at < bytes.count {
      let byte = bytes[at]
      switch byte {
      case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): try comment()
      case UInt8(ascii: "\""), UInt8(ascii: "'"): try string(byte)
      case UInt8(ascii: "@"): atKeyword()
      case UInt8(ascii: "("):
        open("")
        at += 1
      case UInt8(ascii: ")"):
        _ = functions.popLast()
        at += 1
      case UInt8(ascii: ";"), UInt8(ascii: "{"):
        awaitsImport = false
        at += 1
      case UInt8(ascii: "\\"): at += 2
      default:
        if Self.isName(byte) { try name() } else { at += 1 }
      }
    }
  }

  private func peek(_ distance: Int) -> UInt8? {
    at + distance < bytes.count ? bytes[at + distance] : nil
  }

  private mutating func open(_ name: String) {
    if functions.count < Self.functionsMost { functions.append(name) }
  }

  private mutating func comment() throws(AssetSyntaxError) {
    let start = at
    at += 2
    while at + 1 < bytes.count {
      if bytes[at] == UInt8(ascii: "*"), bytes[at + 1] == UInt8(ascii: "/") { return at += 2 }
      at += 1
    }
    throw AssetSyntaxError(message: "this comment does not end", offset: start)
  }

  private mutating func string(_ quote: UInt8) throws(AssetSyntaxError) {
    let range = try stringRange(quote)
    let isImage = functions.last?.hasSuffix("image-set") ?? false
    if awaitsImport || isImage { note(range) }
    awaitsImport = false
  }

  /// The inside of a string; leaves after the closing quote.
  private mutating func stringRange(_ quote: UInt8) throws(AssetSyntaxError) -> Range<Int> {
    let start = at
    at += 1
    while at < bytes.count, bytes[at] != quote {
      if bytes[at] == 0x0A { break }
      at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard at < bytes.count, bytes[at] == quote else {
      throw AssetSyntaxError(message: "this string does not end", offset: start)
    }
    at += 1
    return start + 1..<at - 1
  }

  private mutating func note(_ range: Range<Int>) {
    references.append(
      AssetReference(range: range, address: String(decoding: bytes[range], as: UTF8.self)))
  }

  private mutating func atKeyword() {
    let start = at + 1
    at += 1
    while at < bytes.count, Self.isName(bytes[at]) { at += 1 }
    awaitsImport = HTMLScanner.lowered(bytes[start..<at]) == "import"
  }

  private mutating func name() throws(AssetSyntaxError) {
    let start = at
    while at < bytes.count, Self.isName(bytes[at]) { at += 1 }
    guard at < bytes.count, bytes[at] == UInt8(ascii: "(") else { return }
    let name = HTMLScanner.lowered(bytes[start..<at])
    at += 1
    guard name == "url" || name == "src" else { return open(name) }
    awaitsImport = false
    while at < bytes.count, HTMLScanner.isSpace(bytes[at]) { at += 1 }
    guard at < bytes.count else { return }
    if bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "'") {
      note(try stringRange(bytes[at]))
      return open(name)
    }
    let inner = at
    while at < bytes.count, bytes[at] != UInt8(ascii: ")"), !HTMLScanner.isSpace(bytes[at]) {
      at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard at < bytes.count else {
      throw AssetSyntaxError(message: "this 'url(' does not end", offset: start)
    }
    note(inner..<at)
    open(name)
  }

  private static func isName(_ byte: UInt8) -> Bool {
    HTMLScanner.isLetter(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
      || byte == UInt8(ascii: "_") || byte >= 0x80
  }
}
