/// A set of Unicode scalars as a character class names it: ranges and properties, perhaps turned.
struct ScalarSet: Sendable {
  private(set) var ranges: [ClosedRange<UInt32>] = []
  private(set) var properties: [(property: ScalarProperty, negated: Bool)] = []
  private var negated = false
  private static let last: UInt32 = 0x10FFFF

  init(_ ranges: [ClosedRange<UInt32>] = []) { self.ranges = ranges }

  init(_ property: ScalarProperty, negated: Bool) { properties = [(property, negated)] }

  init(_ scalar: Unicode.Scalar) { ranges = [scalar.value...scalar.value] }

  /// `\d` (ECMA-262 §22.2.2.9): ASCII digits only.
  static let digits = ScalarSet([0x30...0x39])
  /// `\w`: ASCII letters, digits and the low line.
  static let words = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  /// `\s`: WhiteSpace and LineTerminator of ECMA-262 §12.2 and §12.3.
  static let spaces = ScalarSet([
    0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
    0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
  ])
  /// `.`: everything but a line terminator.
  static let dot = ScalarSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029]).complement

  /// Everything that this set has not; only for sets of ranges.
  var complement: ScalarSet {
    var gaps: [ClosedRange<UInt32>] = []
    var from: UInt32 = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound > from { gaps.append(from...range.lowerBound - 1) }
      from = max(from, range.upperBound + 1)
    }
    if from <= Self.last { gaps.append(from...Self.last) }
    return ScalarSet(gaps)
  }

  mutating func insert(_ range: ClosedRange<UInt32>) { ranges.append(range) }

  mutating func formUnion(_ other: ScalarSet) {
    ranges += other.ranges
    properties += other.properties
  }

  mutating func negate() { negated.toggle() }

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    let found =
      ranges.contains { $0.contains(scalar.value) }
      || properties.contains { $0.property.holds(scalar) != $0.negated }
    return found != negated
  }
}

/// The properties behind `\p{…}` that the standard library knows; scripts are not among them.
enum ScalarProperty: Sendable, Hashable {
  case category(Set<Unicode.GeneralCategory>)
  case alphabetic, ascii, any, lowercase, uppercase, whitespace

  init?(_ text: String) {
    var name = text
    for prefix in ["General_Category=", "gc="] where text.hasPrefix(prefix) {
      name = String(text.dropFirst(prefix.count))
    }
    switch name {
    case "Alphabetic", "Alpha": self = .alphabetic
    case "ASCII": self = .ascii
    case "Any": self = .any
    case "Lowercase", "Lower": self = .lowercase
    case "Uppercase", "Upper": self = .uppercase
    case "White_Space", "space": self = .whitespace
    default:
      guard let categories = Self.categories[name] else { return nil }
      self = .category(categories)
    }
  }

  func holds(_ scalar: Unicode.Scalar) -> Bool {
    switch self {
    case .category(let categories): categories.contains(scalar.properties.generalCategory)
    case .alphabetic: scalar.properties.isAlphabetic
    case .ascii: scalar.isASCII
    case .any: true
    case .lowercase: scalar.properties.isLowercase
    case .uppercase: scalar.properties.isUppercase
    case .whitespace: scalar.properties.isWhitespace
    }
  }

  private static let categories: [String: Set<Unicode.GeneralCategory>] = {
    var table: [String: Set<Unicode.GeneralCategory>] = [:]
    for (short, long, category) in single {
      table[short] = [category]
      table[long] = [category]
      table[String(short.prefix(1)), default: []].insert(category)
    }
    for (short, long) in [
      ("L", "Letter"), ("M", "Mark"), ("N", "Number"), ("P", "Punctuation"), ("S", "Symbol"),
      ("Z", "Separator"), ("C", "Other"),
    ] {
      table[long] = table[short]
    }
    return table
  }()

  private static let single: [(String, String, Unicode.GeneralCategory)] = [
    ("Lu", "Uppercase_Letter", .uppercaseLetter), ("Ll", "Lowercase_Letter", .lowercaseLetter),
    ("Lt", "Titlecase_Letter", .titlecaseLetter), ("Lm", "Modifier_Letter", .modifierLetter),
    ("Lo", "Other_Letter", .otherLetter), ("Mn", "Nonspacing_Mark", .nonspacingMark),
    ("Mc", "Spacing_Mark", .spacingMark), ("Me", "Enclosing_Mark", .enclosingMark),
    ("Nd", "Decimal_Number", .decimalNumber), ("Nl", "Letter_Number", .letterNumber),
    ("No", "Other_Number", .otherNumber), ("Pc", "Connector_Punctuation", .connectorPunctuation),
    ("Pd", "Dash_Punctuation", .dashPunctuation), ("Ps", "Open_Punctuation", .openPunctuation),
    ("Pe", "Close_Punctuation", .closePunctuation),
    ("Pi", "Initial_Punctuation", .initialPunctuation),
    ("Pf", "Final_Punctuation", .finalPunctuation), ("Po", "Other_Punctuation", .otherPunctuation),
    ("Sm", "Math_Symbol", .mathSymbol), ("Sc", "Currency_Symbol", .currencySymbol),
    ("Sk", "Modifier_Symbol", .modifierSymbol), ("So", "Other_Symbol", .otherSymbol),
    ("Zs", "Space_Separator", .spaceSeparator), ("Zl", "Line_Separator", .lineSeparator),
    ("Zp", "Paragraph_Separator", .paragraphSeparator), ("Cc", "Control", .control),
    ("Cf", "Format", .format), ("Cs", "Surrogate", .surrogate),
    ("Co", "Private_Use", .privateUse), ("Cn", "Unassigned", .unassigned),
  ]
}
