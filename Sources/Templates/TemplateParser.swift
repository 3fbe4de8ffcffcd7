import Diagnostics

/// Turns the pieces of a template into instructions.
struct TemplateParser {
  private let source: TemplateSource
  private let pieces: [Piece]
  private var at = 0
  private var depth = 0
  private var loops = 0
  private var parent: (name: String, at: Int)?
  private var includes: [(name: String, at: Int)] = []
  private var blocks: [String: [Instruction]] = [:]

  /// Tags inside one another at most.
  private static let depthMost = 64
  private static let tags = [
    "if", "elif", "else", "endif", "for", "endfor", "set", "block", "endblock", "include",
    "extends", "raw", "endraw",
  ]

  init(_ source: TemplateSource) throws(Diagnostic) {
    self.source = source
    var scanner = TemplateScanner(source)
    pieces = try scanner.scan()
  }

  /// Compiles one template.
  static func compile(_ name: String, _ source: TemplateSource) throws(Diagnostic) -> Template {
    var parser = try TemplateParser(source)
    let (program, stop) = try parser.body(until: [])
    precondition(stop == nil)
    try parser.refuseStrayText(program)
    return Template(
      name: name, source: source, program: program, parent: parser.parent,
      includes: parser.includes, blocks: parser.blocks)
  }

  /// In a template that extends another only blocks are shown, so other text is a mistake.
  private func refuseStrayText(_ program: [Instruction]) throws(Diagnostic) {
    guard parent != nil else { return }
    for instruction in program {
      switch instruction {
      case .text(let bytes, let offset):
        guard let first = bytes.firstIndex(where: { !TemplateScanner.isSpace($0) }) else {
          continue
        }
        throw source.error(
          .templateSyntax, "this stands outside every block and would never be shown",
          at: offset + first, remedy: "move it into a block of the template that is extended")
      case .output(_, let offset), .include(_, let offset):
        throw source.error(
          .templateSyntax, "this stands outside every block and would never be shown", at: offset,
          remedy: "move it into a block of the template that is extended")
      default: continue
      }
    }
  }

  /// Instructions up to one of some closing tags, which is left to the caller.
  private mutating func body(
    until stops: Set<String>
  ) throws(Diagnostic) -> ([Instruction], (name: String, words: ExpressionParser)?) {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthMost else {
      throw source.error(
        .templateSyntax, "tags are nested more than \(Self.depthMost) deep",
        at: pieces[max(0, at - 1)].offset)
    }
    var program: [Instruction] = []
    while at < pieces.count {
      let piece = pieces[at]
      at += 1
      switch piece.kind {
      case .text(let bytes): program.append(.text(bytes, at: piece.offset))
      case .output(let tokens): program.append(try output(tokens, piece.offset))
      case .tag(let tokens):
        var words = ExpressionParser(source: source, tokens: tokens, loops: loops)
        let name = try words.name("the name of a tag")
        if stops.contains(name) { return (program, (name, words)) }
        if let instruction = try statement(name, &words, piece.offset) {
          program.append(instruction)
        }
      }
    }
    return (program, nil)
  }

  private func output(_ tokens: [Token], _ offset: Int) throws(Diagnostic) -> Instruction {
    if tokens.count == 4, case .name("super") = tokens[0].kind, case .symbol("(") = tokens[1].kind,
      case .symbol(")") = tokens[2].kind
    {
      return .parentBlock(at: offset)
    }
    var words = ExpressionParser(source: source, tokens: tokens, loops: loops)
    let expression = try words.expression()
    try words.expectEnd()
    return .output(expression, at: tokens.first?.offset ?? offset)
  }

  private mutating func statement(
    _ name: String, _ words: inout ExpressionParser, _ offset: Int
  ) throws(Diagnostic) -> Instruction? {
    switch name {
    case "if": return try branch(&words, offset)
    case "for": return try loop(&words, offset)
    case "set":
      let variable = try words.name("a name")
      try words.expectSymbol("=")
      let value = try words.expression()
      try words.expectEnd()
      return .set(variable, value)
    case "block": return try block(&words, offset)
    case "include":
      let path = try words.string("the name of a template")
      try words.expectEnd()
      includes.append((path, offset))
      return .include(path, at: offset)
    case "extends":
      try extends(&words, offset)
      return nil
    default:
      let near = Suggestion.nearest(to: name, among: Self.tags)
      let closes = name.hasPrefix("end") || name == "else" || name == "elif"
      throw source.error(
        .templateSyntax,
        closes && Self.tags.contains(name)
          ? "'\(name)' closes nothing here" : "there is no tag '\(name)'",
        at: offset,
        remedy: closes
          ? "look for the tag that it should close" : near.map { "did you mean '\($0)'?" })
    }
  }

  private mutating func extends(_ words: inout ExpressionParser, _ offset: Int) throws(Diagnostic) {
    let name = try words.string("the name of a template")
    try words.expectEnd()
    let isFirst = pieces[..<(at - 1)].allSatisfy { piece in
      guard case .text(let bytes) = piece.kind else { return false }
      return bytes.allSatisfy(TemplateScanner.isSpace)
    }
    guard isFirst, depth == 1 else {
      throw source.error(
        .templateSyntax, "'extends' has to be the first tag of a template", at: offset,
        remedy: "move it to the top")
    }
    parent = (name, offset)
  }

  private mutating func branch(
    _ words: inout ExpressionParser, _ offset: Int
  ) throws(Diagnostic) -> Instruction {
    var branches: [(condition: Expression, body: [Instruction])] = []
    var condition = try words.expression()
    try words.expectEnd()
    while true {
      let (program, stop) = try body(until: ["elif", "else", "endif"])
      branches.append((condition, program))
      guard let (name, words) = stop else { throw unclosed("if", "endif", offset) }
      var next = words
      if name == "endif" { return .branch(branches, otherwise: []) }
      if name == "else" {
        try next.expectEnd()
        let (otherwise, end) = try body(until: ["endif"])
        guard end != nil else { throw unclosed("if", "endif", offset) }
        return .branch(branches, otherwise: otherwise)
      }
      condition = try next.expression()
      try next.expectEnd()
    }
  }

  private mutating func loop(
    _ words: inout ExpressionParser, _ offset: Int
  ) throws(Diagnostic) -> Instruction {
    let name = try words.name("a name")
    let second = words.takeSymbol(",") ? try words.name("a second name") : nil
    guard words.take("in") else { throw words.fail("'in' is missing here") }
    let place = words.current.offset
    let over = try words.expression()
    try words.expectEnd()
    loops += 1
    let (program, stop) = try body(until: ["else", "endfor"])
    loops -= 1
    guard let stop else { throw unclosed("for", "endfor", offset) }
    var otherwise: [Instruction] = []
    if stop.name == "else" {
      let (rest, end) = try body(until: ["endfor"])
      guard end != nil else { throw unclosed("for", "endfor", offset) }
      otherwise = rest
    }
    return .loop(
      Loop(name: name, second: second, over: over, body: program, otherwise: otherwise, at: place))
  }

  private mutating func block(
    _ words: inout ExpressionParser, _ offset: Int
  ) throws(Diagnostic) -> Instruction {
    let place = words.current.offset
    let name = try words.name("the name of the block")
    try words.expectEnd()
    if blocks[name] != nil {
      throw source.error(
        .templateSyntax, "there are two blocks named '\(name)' here", at: place,
        remedy: "rename one of them")
    }
    blocks[name] = []
    let (program, stop) = try body(until: ["endblock"])
    guard var end = stop?.words else { throw unclosed("block", "endblock", offset) }
    if case .name(let closing) = end.current.kind, closing != name {
      throw end.fail("'\(closing)' is not the block that ends here, which is '\(name)'")
    }
    _ = try? end.name("")
    blocks[name] = program
    return .block(name, program)
  }

  private func unclosed(_ tag: String, _ closing: String, _ offset: Int) -> Diagnostic {
    source.error(
      .templateSyntax, "this '\(tag)' does not end", at: offset,
      remedy: "close it with '{% \(closing) %}'")
  }
}
