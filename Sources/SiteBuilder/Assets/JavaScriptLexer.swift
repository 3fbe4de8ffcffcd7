/// Finds the specifiers of static and dynamic imports in a module. It knows comments, strings,
/// templates and regular expressions, so that text in them is never taken for an import.
struct JavaScriptLexer {
  private let bytes: [UInt8]
  private var at = 0
  private var references: [AssetReference] = []
  /// What the last token was, which decides whether a slash divides or begins an expression.
  private var previous = Previous.operand(false)
  /// Open brackets, innermost last.
  private var brackets: [Bracket] = []
  /// Progress of `import … from "x"` and `export … from "x"`.
  private var clause = Clause.none

  private enum Previous {
    /// A value ended: a slash divides. The flag is false after what cannot be divided.
    case operand(Bool)
    case word(String)
  }

  private enum Bracket {
    /// The flag says that `if`, `while`, `for` or `with` stood before it.
    case round(Bool)
    case square
    case curly
    /// With the offset of its `${`.
    case template(Int)
  }

  private enum Clause {
    case none
    /// After `import` or `export`, before `from`.
    case open
    /// After `from`, or directly after `import`.
    case awaitsSpecifier
    /// After `import(`.
    case awaitsDynamic
  }

  private static let bracketsMost = 4_096
  private static let beforeExpression: Set<String> = [
    "return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do",
    "yield", "await", "instanceof", "default", "extends",
  ]

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Every specifier in order.
  static func references(in bytes: [UInt8]) throws(AssetSyntaxError) -> [AssetReference] {
    var lexer = JavaScriptLexer(bytes)
    try lexer.scan()
    return lexer.references
  }

  private mutating func scan() throws(AssetSyntaxError) {
    if bytes.starts(with: "#!".utf8) { skipLine() }
    while at < bytes.count {
      let byte = bytes[at]
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D: at += 1
      case UInt8(ascii: "/"): try slash()
      case UInt8(ascii: "\""), UInt8(ascii: "'"): try string(byte)
      case UInt8(ascii: "`"):
        at += 1
        try template(from: at - 1)
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): try open(byte)
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): try close(byte)
      default:
        if Self.isWord(byte) { word() } else { punctuation(byte) }
      }
    }
    for case .template(let start) in brackets {
      throw AssetSyntaxError(message: "this template does not end", offset: start)
    }
  }

  private func peek(_ distance: Int) -> UInt8? {
    at + distance < bytes.count ? bytes[at + distance] : nil
  }

  private mutating func skipLine() {
    while at < bytes.count, bytes[at] != 0x0A { at += 1 }
  }

  // MARK: Tokens

  private mutating func word() {
    let start = at
    while at < bytes.count, Self.isWord(bytes[at]) { at += 1 }
    let word = String(decoding: bytes[start..<at], as: UTF8.self)
    let isMember = start > 0 && bytes[start - 1] == UInt8(ascii: ".")
    if isMember {
      previous = .operand(true)
      return
    }
    switch word {
    case "import": clause = .awaitsSpecifier
    case "export": clause = .open
    case "from":
      if case .open = clause { clause = .awaitsSpecifier }
    case "const", "let", "var", "function", "class", "async", "default":
      // An export that declares has no specifier; `default` is also a name in a list.
      if case .word("export") = previous { clause = .none }
      if case .awaitsSpecifier = clause { clause = .open }
    default:
      if case .awaitsSpecifier = clause { clause = .open }
    }
    previous = .word(word)
  }

  private mutating func punctuation(_ byte: UInt8) {
    at += 1
    switch byte {
    case UInt8(ascii: "*"), UInt8(ascii: ","):
      if case .awaitsSpecifier = clause { clause = .open }
    case UInt8(ascii: "."):
      // `import.meta` names no file.
      if case .awaitsSpecifier = clause { clause = .none }
    default: clause = .none
    }
    previous = .operand(false)
  }

  private mutating func string(_ quote: UInt8) throws(AssetSyntaxError) {
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
    switch clause {
    case .awaitsSpecifier: note(start + 1..<at - 1)
    case .awaitsDynamic:
      // Only a whole literal can be rewritten; a computed name is the script's own affair.
      var next = at
      while next < bytes.count, HTMLScanner.isSpace(bytes[next]) { next += 1 }
      if next < bytes.count, bytes[next] == UInt8(ascii: ")") || bytes[next] == UInt8(ascii: ",") {
        note(start + 1..<at - 1, isDynamic: true)
      }
    case .open:
      // `import { "string name" as x }` keeps its clause open.
      previous = .operand(true)
      return
    case .none: break
    }
    clause = .none
    previous = .operand(true)
  }

  private mutating func note(_ range: Range<Int>, isDynamic: Bool = false) {
    references.append(
      AssetReference(
        range: range, address: String(decoding: bytes[range], as: UTF8.self), isDynamic: isDynamic))
  }

  /// The text of a template up to `${` or its end; `at` stands after the opening.
  private mutating func template(from start: Int) throws(AssetSyntaxError) {
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\\"): at += 2
      case UInt8(ascii: "`"):
        at += 1
        clause = .none
        previous = .operand(true)
        return
      case UInt8(ascii: "$") where peek(1) == UInt8(ascii: "{"):
        try push(.template(at))
        at += 2
        previous = .operand(false)
        clause = .none
        return
      default: at += 1
      }
    }
    throw AssetSyntaxError(message: "this template does not end", offset: start)
  }

  // MARK: Brackets

  private mutating func push(_ bracket: Bracket) throws(AssetSyntaxError) {
    guard brackets.count < Self.bracketsMost else {
      throw AssetSyntaxError(
        message: "brackets are nested more than \(Self.bracketsMost) deep", offset: at)
    }
    brackets.append(bracket)
  }

  private mutating func open(_ byte: UInt8) throws(AssetSyntaxError) {
    switch byte {
    case UInt8(ascii: "("):
      var isCondition = false
      if case .word(let word) = previous {
        isCondition = ["if", "while", "for", "with"].contains(word)
        clause = word == "import" ? .awaitsDynamic : .none
      }
      try push(.round(isCondition))
    case UInt8(ascii: "["): try push(.square)
    default:
      if case .awaitsSpecifier = clause { clause = .open }
      try push(.curly)
    }
    at += 1
    previous = .operand(false)
  }

  private mutating func close(_ byte: UInt8) throws(AssetSyntaxError) {
    at += 1
    switch brackets.popLast() {
    case .template?: try template(from: at - 1)
    case .round(let isCondition)?: previous = .operand(!isCondition)
    case .curly?: previous = .operand(false)
    default: previous = .operand(true)
    }
  }

  // MARK: Slashes

  private mutating func slash() throws(AssetSyntaxError) {
    if peek(1) == UInt8(ascii: "/") { return skipLine() }
    if peek(1) == UInt8(ascii: "*") {
      let start = at
      at += 2
      while at + 1 < bytes.count {
        if bytes[at] == UInt8(ascii: "*"), bytes[at + 1] == UInt8(ascii: "/") { return at += 2 }
        at += 1
      }
      throw AssetSyntaxError(message: "this comment does not end", offset: start)
    }
    clause = .none
    let divides =
      switch previous {
      case .operand(let ended): ended
      case .word(let word): !Self.beforeExpression.contains(word)
      }
    // After `}` a slash may be either; what does not end on its line is a division.
    guard !divides, let end = regularExpressionEnd() else {
      at += 1
      previous = .operand(false)
      return
    }
    at = end
    previous = .operand(true)
  }

  private func regularExpressionEnd() -> Int? {
    var index = at + 1
    var inClass = false
    while index < bytes.count, bytes[index] != 0x0A {
      switch bytes[index] {
      case UInt8(ascii: "\\"): index += 1
      case UInt8(ascii: "["): inClass = true
      case UInt8(ascii: "]"): inClass = false
      case UInt8(ascii: "/") where !inClass:
        index += 1
        while index < bytes.count, Self.isWord(bytes[index]) { index += 1 }
        return index
      default: break
      }
      index += 1
    }
    return nil
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    HTMLScanner.isLetter(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
      || byte == UInt8(ascii: "$") || byte == UInt8(ascii: "#") || byte >= 0x80
  }
}
