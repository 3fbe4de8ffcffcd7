import Diagnostics

/// Reads the words of one tag, by recursive descent with a bound.
struct ExpressionParser {
  let source: TemplateSource
  let tokens: [Token]
  /// How many `for` stand around the tag: `loop` exists only inside one.
  let loops: Int
  private(set) var at = 0
  private var depth = 0

  /// Expressions inside one another at most.
  private static let depthMost = 48
  private static let keywords: Set<String> = [
    "and", "or", "not", "in", "true", "false", "null", "none", "if", "else", "for",
  ]

  init(source: TemplateSource, tokens: [Token], loops: Int, from start: Int = 0) {
    self.source = source
    self.tokens = tokens
    self.loops = loops
    at = start
  }

  var current: Token { tokens[min(at, tokens.count - 1)] }

  mutating func expression() throws(Diagnostic) -> Expression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthMost else {
      throw fail("this expression is nested more than \(Self.depthMost) deep")
    }
    var left = try conjunction()
    while take("or") { left = .or(left, try conjunction()) }
    return left
  }

  private mutating func conjunction() throws(Diagnostic) -> Expression {
    var left = try negation()
    while take("and") { left = .and(left, try negation()) }
    return left
  }

  private mutating func negation() throws(Diagnostic) -> Expression {
    var count = 0
    while take("not") { count += 1 }
    let inner = try comparison()
    return count % 2 == 1 ? .not(inner) : (count > 0 ? .not(.not(inner)) : inner)
  }

  private mutating func comparison() throws(Diagnostic) -> Expression {
    let left = try joined()
    let place = current.offset
    if case .symbol(let symbol) = current.kind, let kind = Expression.Comparison(rawValue: symbol) {
      at += 1
      return .compare(kind, left, try joined(), at: place)
    }
    if take("in") { return .contains(try joined(), left, at: place) }
    if case .name("not") = current.kind, at + 1 < tokens.count,
      case .name("in") = tokens[at + 1].kind
    {
      at += 2
      return .not(.contains(try joined(), left, at: place))
    }
    return left
  }

  private mutating func joined() throws(Diagnostic) -> Expression {
    var left = try piped()
    while takeSymbol("~") { left = .concatenation(left, try piped()) }
    return left
  }

  private mutating func piped() throws(Diagnostic) -> Expression {
    var value = try primary()
    while takeSymbol("|") {
      let place = current.offset
      let name = try self.name("the name of a filter")
      guard let filter = Filter(rawValue: name) else {
        let near = Suggestion.nearest(to: name, among: Filter.allCases.map(\.rawValue))
        throw source.error(
          .templateSyntax, "there is no filter '\(name)'", at: place,
          remedy: near.map { "did you mean '\($0)'?" }
            ?? "there are \(Filter.allCases.map(\.rawValue).sorted().joined(separator: ", "))")
      }
      var arguments: [Expression] = []
      if takeSymbol("(") { arguments = try list(until: ")") }
      guard filter.arguments.contains(arguments.count) else {
        throw source.error(
          .templateSyntax,
          "'\(name)' takes \(filter.argumentText), and \(arguments.count) are given", at: place)
      }
      value = .filter(filter, value, arguments, at: place)
    }
    return value
  }

  private mutating func primary() throws(Diagnostic) -> Expression {
    let token = current
    at += 1
    switch token.kind {
    case .string(let text): return .literal(.string(text))
    case .int(let value): return .literal(.int(value))
    case .double(let value): return .literal(.double(value))
    case .name(let name): return try path(name, at: token.offset)
    case .symbol("("):
      let inner = try expression()
      try expectSymbol(")")
      return inner
    case .symbol("["): return .list(try list(until: "]"))
    default:
      at -= 1
      throw fail("a value is missing here")
    }
  }

  private mutating func path(_ name: String, at place: Int) throws(Diagnostic) -> Expression {
    switch name {
    case "true": return .literal(.bool(true))
    case "false": return .literal(.bool(false))
    case "null", "none": return .literal(.null)
    case "loop":
      if loops > 0 { return try loopField() }
    default:
      if Self.keywords.contains(name) {
        at -= 1
        throw fail("'\(name)' cannot stand here")
      }
    }
    var value = Expression.name(name, at: place)
    while true {
      if takeSymbol(".") {
        let memberAt = current.offset
        if case .int(let index) = current.kind {
          at += 1
          value = .element(value, .literal(.int(index)), at: memberAt)
        } else {
          value = .member(value, try self.name("a name"), at: memberAt)
        }
      } else if takeSymbol("[") {
        let memberAt = current.offset
        value = .element(value, try expression(), at: memberAt)
        try expectSymbol("]")
      } else {
        return value
      }
    }
  }

  private mutating func loopField() throws(Diagnostic) -> Expression {
    try expectSymbol(".")
    let place = current.offset
    let name = try self.name("index, index0, first, last or length")
    guard let field = Expression.LoopField(rawValue: name) else {
      let known = Expression.LoopField.allCases.map(\.rawValue)
      throw source.error(
        .templateSyntax, "'loop.\(name)' does not exist", at: place,
        remedy: Suggestion.nearest(to: name, among: known).map { "did you mean '\($0)'?" }
          ?? "there are \(known.joined(separator: ", "))")
    }
    return .loop(field)
  }

  private mutating func list(until close: String) throws(Diagnostic) -> [Expression] {
    var elements: [Expression] = []
    if takeSymbol(close) { return elements }
    while true {
      elements.append(try expression())
      if takeSymbol(close) { return elements }
      try expectSymbol(",")
    }
  }

  // MARK: Words

  mutating func name(_ what: String) throws(Diagnostic) -> String {
    guard case .name(let name) = current.kind else { throw fail("\(what) is missing here") }
    at += 1
    return name
  }

  mutating func string(_ what: String) throws(Diagnostic) -> String {
    guard case .string(let text) = current.kind else {
      throw fail("\(what) is missing here: a text in quotes")
    }
    at += 1
    return text
  }

  mutating func take(_ word: String) -> Bool {
    guard case .name(word) = current.kind else { return false }
    at += 1
    return true
  }

  mutating func takeSymbol(_ symbol: String) -> Bool {
    guard case .symbol(symbol) = current.kind else { return false }
    at += 1
    return true
  }

  mutating func expectSymbol(_ symbol: String) throws(Diagnostic) {
    guard takeSymbol(symbol) else { throw fail("'\(symbol)' is missing here") }
  }

  mutating func expectEnd() throws(Diagnostic) {
    guard case .end = current.kind else {
      throw fail("something follows that does not belong here")
    }
  }

  func fail(_ message: String) -> Diagnostic {
    source.error(.templateSyntax, message, at: current.offset)
  }
}
