import JSON

/// Why a text is no path.
struct PathSyntaxError: Error, Sendable, Hashable {
  let reason: String
}

extension JSONPath {
  /// Reads a path that begins with `$`.
  init(parsing text: String) throws(PathSyntaxError) {
    var scanner = PathScanner(text)
    guard scanner.take("$") else { throw PathSyntaxError(reason: "a path begins with '$'") }
    let steps = try scanner.steps(depth: 0)
    guard scanner.isAtEnd else {
      throw PathSyntaxError(reason: "'\(scanner.rest)' does not belong to a path")
    }
    self.init(text: text, steps: steps)
  }
}

/// Reads paths, and the paths within intrinsic functions.
struct PathScanner {
  private let characters: [Character]
  private(set) var position: Int

  init(_ text: String, from position: Int = 0) {
    characters = Array(text)
    self.position = position
  }

  var isAtEnd: Bool { position >= characters.count }
  var rest: String { String(characters[min(position, characters.count)...].prefix(40)) }
  var current: Character? { isAtEnd ? nil : characters[position] }

  mutating func take(_ character: Character) -> Bool {
    guard current == character else { return false }
    position += 1
    return true
  }

  mutating func take(text: String) -> Bool {
    let wanted = Array(text)
    guard characters[min(position, characters.count)...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  mutating func skipSpace() { while current == " " { position += 1 } }

  /// The steps behind `$` or `@`, as far as they go.
  mutating func steps(depth: Int) throws(PathSyntaxError) -> [JSONPath.Step] {
    if depth > 8 { throw PathSyntaxError(reason: "filters stand too deep in one another") }
    var steps: [JSONPath.Step] = []
    while let character = current {
      if steps.count > 64 { throw PathSyntaxError(reason: "the path has more than 64 steps") }
      switch character {
      case "[": steps.append(try bracket(depth: depth))
      case ".":
        position += 1
        if take(".") {
          let inner = current == "[" ? try bracket(depth: depth) : try dotted()
          steps.append(.descendants(inner))
        } else {
          steps.append(try dotted())
        }
      default: return steps
      }
    }
    return steps
  }

  private mutating func dotted() throws(PathSyntaxError) -> JSONPath.Step {
    if take("*") { return .wildcard }
    if take(text: "length()") { return .length }
    let name = takeWhile { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" || $0 == ":" }
    if name.isEmpty { throw PathSyntaxError(reason: "a name is missing after '.'") }
    if current == "(" { throw PathSyntaxError(reason: "the function '\(name)()' is not known") }
    return .names([name])
  }

  private mutating func takeWhile(_ predicate: (Character) -> Bool) -> String {
    var text = ""
    while let character = current, predicate(character) {
      text.append(character)
      position += 1
    }
    return text
  }

  private mutating func bracket(depth: Int) throws(PathSyntaxError) -> JSONPath.Step {
    position += 1
    skipSpace()
    let step: JSONPath.Step
    switch current {
    case "*":
      position += 1
      step = .wildcard
    case "'", "\"": step = try names()
    case "?": step = .filter(try filter(depth: depth))
    default: step = try indices()
    }
    skipSpace()
    guard take("]") else { throw PathSyntaxError(reason: "']' is missing") }
    return step
  }

  private mutating func names() throws(PathSyntaxError) -> JSONPath.Step {
    var names = [try quoted()]
    skipSpace()
    while take(",") {
      skipSpace()
      names.append(try quoted())
      skipSpace()
    }
    return .names(names)
  }

  /// A text in quotes, with `\` before a quote or a backslash; a template keeps its escapes for
  /// whoever fills it in.
  mutating func quoted(isTemplate: Bool = false) throws(PathSyntaxError) -> String {
    guard let quote = current, quote == "'" || quote == "\"" else {
      throw PathSyntaxError(reason: "a quoted text is missing")
    }
    position += 1
    var text = ""
    while let character = current {
      position += 1
      if character == quote { return text }
      if character == "\\", let next = current {
        if isTemplate, next != quote { text.append(character) }
        text.append(next)
        position += 1
      } else {
        text.append(character)
      }
    }
    throw PathSyntaxError(reason: "a quote is not closed")
  }

  private mutating func integer() -> Int? {
    let start = position
    let sign = take("-") ? "-" : ""
    let digits = takeWhile { $0.isASCII && $0.isNumber }
    guard let value = Int(sign + digits) else {
      position = start
      return nil
    }
    return value
  }

  private mutating func indices() throws(PathSyntaxError) -> JSONPath.Step {
    let first = integer()
    skipSpace()
    if take(":") {
      skipSpace()
      return .slice(first, integer())
    }
    guard let first else { throw PathSyntaxError(reason: "an index, a name or '*' is missing") }
    var indices = [first]
    while take(",") {
      skipSpace()
      guard let next = integer() else { throw PathSyntaxError(reason: "an index is missing") }
      indices.append(next)
      skipSpace()
    }
    return .indices(indices)
  }

  // MARK: Filters

  private mutating func filter(depth: Int) throws(PathSyntaxError) -> JSONPathFilter {
    position += 1
    skipSpace()
    guard take("(") else { throw PathSyntaxError(reason: "'(' is missing after '?'") }
    let filter = try alternatives(depth: depth + 1)
    skipSpace()
    guard take(")") else { throw PathSyntaxError(reason: "')' is missing in a filter") }
    return filter
  }

  private mutating func alternatives(depth: Int) throws(PathSyntaxError) -> JSONPathFilter {
    var left = try conjunction(depth: depth)
    skipSpace()
    while take(text: "||") {
      left = .or(left, try conjunction(depth: depth))
      skipSpace()
    }
    return left
  }

  private mutating func conjunction(depth: Int) throws(PathSyntaxError) -> JSONPathFilter {
    var left = try term(depth: depth)
    skipSpace()
    while take(text: "&&") {
      left = .and(left, try term(depth: depth))
      skipSpace()
    }
    return left
  }

  private mutating func term(depth: Int) throws(PathSyntaxError) -> JSONPathFilter {
    if depth > 8 { throw PathSyntaxError(reason: "filters stand too deep in one another") }
    skipSpace()
    if current == "!" {
      position += 1
      return .not(try term(depth: depth + 1))
    }
    if take("(") {
      let inner = try alternatives(depth: depth + 1)
      skipSpace()
      guard take(")") else { throw PathSyntaxError(reason: "')' is missing in a filter") }
      return inner
    }
    let left = try operand(depth: depth)
    skipSpace()
    for comparison: JSONPathFilter.Comparison in [
      .equal, .notEqual, .lessOrEqual, .greaterOrEqual, .less, .greater,
    ] where take(text: comparison.rawValue) {
      skipSpace()
      return .compare(left, comparison, try operand(depth: depth))
    }
    return .exists(left)
  }

  private mutating func operand(depth: Int) throws(PathSyntaxError) -> JSONPathFilter.Operand {
    switch current {
    case "@":
      position += 1
      return .element(JSONPath(text: "@", steps: try steps(depth: depth + 1)))
    case "$":
      position += 1
      return .root(JSONPath(text: "$", steps: try steps(depth: depth + 1)))
    case "'", "\"": return .literal(.string(try quoted()))
    default: return .literal(try literal())
    }
  }

  /// A number, `true`, `false` or `null`.
  mutating func literal() throws(PathSyntaxError) -> JSON {
    let word = takeWhile { $0.isLetter || $0.isNumber || "+-.".contains($0) }
    switch word {
    case "true": return true
    case "false": return false
    case "null": return .null
    default:
      guard let number = JSONNumber(text: word) else {
        throw PathSyntaxError(reason: "'\(word.isEmpty ? rest : word)' is no value")
      }
      return .number(number)
    }
  }
}
