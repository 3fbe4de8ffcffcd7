import Diagnostics

/// A word of an expression or tag.
struct Token {
  enum Kind: Hashable {
    case name(String)
    case string(String)
    case int(Int)
    case double(Double)
    case symbol(String)
    case end
  }

  var kind: Kind
  var offset: Int
}

/// A stretch of a template: text as it is, an output tag or a statement tag.
struct Piece {
  enum Kind {
    case text([UInt8])
    case output([Token])
    case tag([Token])
  }

  var kind: Kind
  var offset: Int
}

/// Splits a template into pieces; text inside `{% raw %}` and comments never reaches the parser.
struct TemplateScanner {
  private let source: TemplateSource
  private let bytes: [UInt8]
  private var at: Int
  private var pieces: [Piece] = []
  private var textStart: Int
  private var trimNext = false

  /// Tokens of one tag at most.
  private static let tokensMost = 512

  init(_ source: TemplateSource) {
    self.source = source
    bytes = source.text
    at = source.start
    textStart = source.start
  }

  /// All pieces in order.
  mutating func scan() throws(Diagnostic) -> [Piece] {
    while at < bytes.count {
      guard bytes[at] == UInt8(ascii: "{"), at + 1 < bytes.count else {
        at += 1
        continue
      }
      switch bytes[at + 1] {
      case UInt8(ascii: "{"): try output()
      case UInt8(ascii: "%"): try tag()
      case UInt8(ascii: "#"): try comment()
      default: at += 1
      }
    }
    flush(to: bytes.count, trimEnd: false)
    return pieces
  }

  // MARK: Text

  private mutating func flush(to end: Int, trimEnd: Bool) {
    var low = textStart
    var high = max(low, end)
    if trimNext { while low < high, Self.isSpace(bytes[low]) { low += 1 } }
    if trimEnd { while high > low, Self.isSpace(bytes[high - 1]) { high -= 1 } }
    if low < high { pieces.append(Piece(kind: .text(Array(bytes[low..<high])), offset: low)) }
    trimNext = false
  }

  /// Opens a tag: ends the text before it, and passes the sign that asks for trimming.
  private mutating func open() -> Int {
    let start = at
    let trims = at + 2 < bytes.count && bytes[at + 2] == UInt8(ascii: "-")
    flush(to: start, trimEnd: trims)
    at += trims ? 3 : 2
    return start
  }

  // MARK: Tags

  private mutating func comment() throws(Diagnostic) {
    let start = open()
    while at + 1 < bytes.count {
      if bytes[at] == UInt8(ascii: "#"), bytes[at + 1] == UInt8(ascii: "}") {
        trimNext = bytes[at - 1] == UInt8(ascii: "-") && at - 1 > start + 2
        at += 2
        textStart = at
        return
      }
      at += 1
    }
    throw source.error(
      .templateSyntax, "this comment does not end", at: start, remedy: "close it with '#}'")
  }

  private mutating func output() throws(Diagnostic) {
    let start = open()
    let tokens = try tokens(until: "}}", from: start)
    pieces.append(Piece(kind: .output(tokens), offset: start))
  }

  private mutating func tag() throws(Diagnostic) {
    let start = open()
    let tokens = try tokens(until: "%}", from: start)
    if case .name("raw")? = tokens.first?.kind, tokens.count == 2 {
      return try raw(from: start)
    }
    pieces.append(Piece(kind: .tag(tokens), offset: start))
  }

  /// Everything up to `{% endraw %}` is text.
  private mutating func raw(from start: Int) throws(Diagnostic) {
    let bodyStart = at
    while at + 1 < bytes.count {
      if bytes[at] == UInt8(ascii: "{"), bytes[at + 1] == UInt8(ascii: "%") {
        let candidate = at
        at += 2
        while at < bytes.count, Self.isSpace(bytes[at]) || bytes[at] == UInt8(ascii: "-") {
          at += 1
        }
        if bytes[at...].starts(with: "endraw".utf8) {
          at += 6
          while at < bytes.count, Self.isSpace(bytes[at]) || bytes[at] == UInt8(ascii: "-") {
            at += 1
          }
          guard bytes[min(at, bytes.count)...].starts(with: "%}".utf8) else { continue }
          at += 2
          textStart = bodyStart
          flush(to: candidate, trimEnd: false)
          textStart = at
          return
        }
        continue
      }
      at += 1
    }
    throw source.error(
      .templateSyntax, "'raw' does not end", at: start, remedy: "close it with '{% endraw %}'")
  }

  // MARK: Tokens

  private mutating func tokens(until close: String, from start: Int) throws(Diagnostic) -> [Token] {
    var tokens: [Token] = []
    while at < bytes.count {
      let byte = bytes[at]
      if Self.isSpace(byte) {
        at += 1
        continue
      }
      let trims = byte == UInt8(ascii: "-") && bytes[(at + 1)...].starts(with: close.utf8)
      if trims || bytes[at...].starts(with: close.utf8) {
        tokens.append(Token(kind: .end, offset: at))
        at += trims ? 3 : 2
        textStart = at
        trimNext = trims
        return tokens
      }
      guard tokens.count < Self.tokensMost else {
        throw source.error(
          .templateSyntax, "this tag has more than \(Self.tokensMost) words", at: start)
      }
      tokens.append(try token())
    }
    throw source.error(
      .templateSyntax, "this tag does not end", at: start, remedy: "close it with '\(close)'")
  }

  private mutating func token() throws(Diagnostic) -> Token {
    let start = at
    let byte = bytes[at]
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      return Token(kind: .string(try string(quote: byte)), offset: start)
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      return Token(kind: try number(), offset: start)
    case UInt8(ascii: "-") where at + 1 < bytes.count && Self.isDigit(bytes[at + 1]):
      return Token(kind: try number(), offset: start)
    default: break
    }
    if Self.isNameStart(byte) {
      while at < bytes.count, Self.isNameStart(bytes[at]) || Self.isDigit(bytes[at]) { at += 1 }
      return Token(
        kind: .name(String(decoding: bytes[start..<at], as: UTF8.self)), offset: start)
    }
    for symbol in ["==", "!=", "<=", ">="] where bytes[at...].starts(with: symbol.utf8) {
      at += 2
      return Token(kind: .symbol(symbol), offset: start)
    }
    guard "<>=|.,()[]:~".utf8.contains(byte) else {
      throw source.error(
        .templateSyntax, "'\(Character(Unicode.Scalar(byte)))' has no meaning in a tag", at: start)
    }
    at += 1
    return Token(kind: .symbol(String(Character(Unicode.Scalar(byte)))), offset: start)
  }

  private mutating func string(quote: UInt8) throws(Diagnostic) -> String {
    let start = at
    at += 1
    var collected: [UInt8] = []
    while at < bytes.count, bytes[at] != quote {
      if bytes[at] == UInt8(ascii: "\n") { break }
      if bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count {
        at += 1
        collected.append(bytes[at] == UInt8(ascii: "n") ? 0x0A : bytes[at])
      } else {
        collected.append(bytes[at])
      }
      at += 1
    }
    guard at < bytes.count, bytes[at] == quote else {
      throw source.error(.templateSyntax, "this text has no closing quote", at: start)
    }
    at += 1
    return String(decoding: collected, as: UTF8.self)
  }

  private mutating func number() throws(Diagnostic) -> Token.Kind {
    let start = at
    at += 1
    var isDouble = false
    while at < bytes.count {
      if Self.isDigit(bytes[at]) {
        at += 1
      } else if bytes[at] == UInt8(ascii: "."), !isDouble, at + 1 < bytes.count,
        Self.isDigit(bytes[at + 1])
      {
        isDouble = true
        at += 1
      } else {
        break
      }
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if !isDouble, let value = Int(text) { return .int(value) }
    if isDouble, let value = Double(text) { return .double(value) }
    throw source.error(.templateSyntax, "the number '\(text)' is out of range", at: start)
  }

  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func isNameStart(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || (0x61...0x7A).contains(byte | 0x20)
  }
}
