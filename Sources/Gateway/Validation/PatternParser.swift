/// Why a pattern is not taken.
struct PatternRefusal: Error, Sendable, Hashable {
  let reason: String
}

/// The regular part of a pattern's syntax.
indirect enum PatternNode: Sendable {
  case empty
  case set(ScalarSet)
  case start
  case end
  case boundary(Bool)
  case sequence([PatternNode])
  case alternatives([PatternNode])
  case repeated(PatternNode, minimum: Int, maximum: Int?)
}

/// Reads ECMA-262 §22.2.1 as with the flag `u`, refusing what a linear-time machine cannot do:
/// look-around and back-references.
struct PatternParser {
  private let scalars: [Unicode.Scalar]
  private var at = 0
  private var depth = 0
  private static let maximumDepth = 32
  private static let maximumLength = 2000
  static let maximumCount = 1000

  init(_ text: String) throws(PatternRefusal) {
    scalars = Array(text.unicodeScalars)
    if scalars.count > Self.maximumLength {
      throw PatternRefusal(reason: "is longer than \(Self.maximumLength) characters")
    }
  }

  mutating func parse() throws(PatternRefusal) -> PatternNode {
    let node = try alternatives()
    if at < scalars.count { throw PatternRefusal(reason: "has a ')' too many") }
    return node
  }

  private var next: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    at += 1
    return true
  }

  private mutating func take(word: String) -> Bool {
    let expected = Array(word.unicodeScalars)
    guard scalars[at...].starts(with: expected) else { return false }
    at += expected.count
    return true
  }

  private mutating func alternatives() throws(PatternRefusal) -> PatternNode {
    var branches = [try sequence()]
    while take("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .alternatives(branches)
  }

  private mutating func sequence() throws(PatternRefusal) -> PatternNode {
    var nodes: [PatternNode] = []
    while let scalar = next, scalar != "|", scalar != ")" { nodes.append(try term()) }
    return nodes.count == 1 ? nodes[0] : .sequence(nodes)
  }

  private mutating func term() throws(PatternRefusal) -> PatternNode {
    let start = at
    let node = try atom()
    switch node {
    case .start, .end, .boundary:
      if start < at, let scalar = next, "*+?{".unicodeScalars.contains(scalar) {
        throw PatternRefusal(reason: "repeats an assertion")
      }
      return node
    default: return try quantified(node)
    }
  }

  private mutating func quantified(_ node: PatternNode) throws(PatternRefusal) -> PatternNode {
    let bounds: (Int, Int?)
    if take("*") {
      bounds = (0, nil)
    } else if take("+") {
      bounds = (1, nil)
    } else if take("?") {
      bounds = (0, 1)
    } else if take("{") {
      bounds = try counts()
    } else {
      return node
    }
    // A lazy quantifier finds another match, never another answer to "is there one".
    _ = take("?")
    return .repeated(node, minimum: bounds.0, maximum: bounds.1)
  }

  private mutating func counts() throws(PatternRefusal) -> (Int, Int?) {
    let minimum = try count()
    var maximum: Int? = minimum
    if take(",") { maximum = next == "}" ? nil : try count() }
    guard take("}") else { throw PatternRefusal(reason: "has a broken repetition") }
    if let maximum, maximum < minimum {
      throw PatternRefusal(reason: "has a repetition whose bounds are turned around")
    }
    return (minimum, maximum)
  }

  private mutating func count() throws(PatternRefusal) -> Int {
    var digits = ""
    while let scalar = next, ("0"..."9").contains(scalar) {
      digits.unicodeScalars.append(scalar)
      at += 1
    }
    guard let value = Int(digits) else {
      throw PatternRefusal(reason: "has a broken repetition")
    }
    if value > Self.maximumCount {
      throw PatternRefusal(reason: "repeats more than \(Self.maximumCount) times")
    }
    return value
  }

  private mutating func atom() throws(PatternRefusal) -> PatternNode {
    guard let scalar = next else { return .empty }
    at += 1
    switch scalar {
    case "^": return .start
    case "$": return .end
    case ".": return .set(.dot)
    case "(": return try group()
    case "[": return .set(try characterClass())
    case "\\": return try escape()
    case "*", "+", "?": throw PatternRefusal(reason: "repeats nothing")
    case "{", "}", "]":
      throw PatternRefusal(reason: "has a bare '\(scalar)', which must be escaped")
    default: return .set(ScalarSet(scalar))
    }
  }

  private mutating func group() throws(PatternRefusal) -> PatternNode {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.maximumDepth {
      throw PatternRefusal(reason: "has more than \(Self.maximumDepth) groups in one another")
    }
    if take("?") {
      for form in ["=", "!", "<=", "<!"] where take(word: form) {
        throw PatternRefusal(reason: "looks ahead or behind, which is not honoured")
      }
      if take("<") {
        while let scalar = next, scalar != ">" {
          _ = scalar
          at += 1
        }
        guard take(">") else { throw PatternRefusal(reason: "has a broken group name") }
      } else if !take(":") {
        throw PatternRefusal(reason: "has an unknown kind of group")
      }
    }
    let node = try alternatives()
    guard take(")") else { throw PatternRefusal(reason: "has a group that does not end") }
    return node
  }

  // MARK: Classes and escapes

  private mutating func characterClass() throws(PatternRefusal) -> ScalarSet {
    var set = ScalarSet()
    let negated = take("^")
    while !take("]") {
      let low = try classAtom()
      guard case .single(let from) = low else {
        if case .set(let other) = low { set.formUnion(other) }
        continue
      }
      let hasRange = next == "-" && at + 1 < scalars.count && scalars[at + 1] != "]"
      guard hasRange else {
        set.insert(from.value...from.value)
        continue
      }
      at += 1
      guard case .single(let to) = try classAtom(), from.value <= to.value else {
        throw PatternRefusal(reason: "has a range that is turned around or ends in a class")
      }
      set.insert(from.value...to.value)
    }
    if negated { set.negate() }
    return set
  }

  private enum ClassAtom {
    case single(Unicode.Scalar)
    case set(ScalarSet)
  }

  private mutating func classAtom() throws(PatternRefusal) -> ClassAtom {
    guard let scalar = next else {
      throw PatternRefusal(reason: "has a character class that does not end")
    }
    at += 1
    guard scalar == "\\" else { return .single(scalar) }
    if take("b") { return .single("\u{8}") }
    if let set = try classEscape() { return .set(set) }
    return .single(try scalarEscape())
  }

  private mutating func escape() throws(PatternRefusal) -> PatternNode {
    if take("b") { return .boundary(true) }
    if take("B") { return .boundary(false) }
    if let scalar = next, ("1"..."9").contains(scalar) || scalar == "k" {
      throw PatternRefusal(reason: "has a back-reference, which is not honoured")
    }
    if let set = try classEscape() { return .set(set) }
    return .set(ScalarSet(try scalarEscape()))
  }

  private mutating func classEscape() throws(PatternRefusal) -> ScalarSet? {
    if take("d") { return .digits }
    if take("D") { return ScalarSet.digits.complement }
    if take("w") { return .words }
    if take("W") { return ScalarSet.words.complement }
    if take("s") { return .spaces }
    if take("S") { return ScalarSet.spaces.complement }
    let negated = next == "P"
    guard take("p") || take("P") else { return nil }
    var name = ""
    guard take("{") else { throw PatternRefusal(reason: "has a '\\p' without a property") }
    while let scalar = next, scalar != "}" {
      name.unicodeScalars.append(scalar)
      at += 1
    }
    guard take("}"), let property = ScalarProperty(name) else {
      throw PatternRefusal(reason: "names the property '\(name)', which is not honoured")
    }
    return ScalarSet(property, negated: negated)
  }

  private mutating func scalarEscape() throws(PatternRefusal) -> Unicode.Scalar {
    guard let scalar = next else { throw PatternRefusal(reason: "ends in a backslash") }
    at += 1
    switch scalar {
    case "t": return "\t"
    case "n": return "\n"
    case "r": return "\r"
    case "f": return "\u{C}"
    case "v": return "\u{B}"
    case "0": return "\0"
    case "x": return try hexScalar(digits: 2)
    case "u": return try unicodeEscape()
    case "c":
      guard let letter = next, letter.isASCII, letter.properties.isAlphabetic,
        let control = Unicode.Scalar(letter.value & 31)
      else { throw PatternRefusal(reason: "has a broken '\\c'") }
      at += 1
      return control
    default:
      // With `u` only syntax characters may be escaped; other punctuation is common and harmless.
      if scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) {
        return scalar
      }
      throw PatternRefusal(reason: "has the unknown escape '\\\(scalar)'")
    }
  }

  private mutating func unicodeEscape() throws(PatternRefusal) -> Unicode.Scalar {
    if take("{") {
      var digits = ""
      while let scalar = next, scalar != "}", digits.count < 6 {
        digits.unicodeScalars.append(scalar)
        at += 1
      }
      guard take("}"), let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value)
      else { throw PatternRefusal(reason: "has a broken '\\u'") }
      return scalar
    }
    let high = try hex(digits: 4)
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard (0xD800..<0xDC00).contains(high), take(word: "\\u") else {
      throw PatternRefusal(reason: "has a lone surrogate")
    }
    let low = try hex(digits: 4)
    guard (0xDC00..<0xE000).contains(low),
      let scalar = Unicode.Scalar(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    else { throw PatternRefusal(reason: "has a lone surrogate") }
    return scalar
  }

  private mutating func hexScalar(digits: Int) throws(PatternRefusal) -> Unicode.Scalar {
    guard let scalar = Unicode.Scalar(try hex(digits: digits)) else {
      throw PatternRefusal(reason: "has a lone surrogate")
    }
    return scalar
  }

  private mutating func hex(digits: Int) throws(PatternRefusal) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let scalar = next, let digit = Character(scalar).hexDigitValue, scalar.isASCII else {
        throw PatternRefusal(reason: "has a broken hexadecimal escape")
      }
      value = value << 4 | UInt32(digit)
      at += 1
    }
    return value
  }
}
