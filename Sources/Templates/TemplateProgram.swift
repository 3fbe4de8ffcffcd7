/// What a template compiles to: instructions that the renderer walks without looking at the source.
indirect enum Instruction: Sendable {
  case text([UInt8], at: Int)
  case output(Expression, at: Int)
  case branch([(condition: Expression, body: [Instruction])], otherwise: [Instruction])
  case loop(Loop)
  case set(String, Expression)
  case include(String, at: Int)
  /// A named part with what stands there unless a child overrides it.
  case block(String, [Instruction])
  /// The overridden part of the same name.
  case parentBlock(at: Int)
}

/// A `for` with what it walks over.
struct Loop: Sendable {
  var name: String
  /// The second name of `for key, value in map`.
  var second: String?
  var over: Expression
  var body: [Instruction]
  var otherwise: [Instruction]
  var at: Int
}

/// An expression; offsets point into the source for diagnostics.
indirect enum Expression: Sendable {
  enum Comparison: String, Sendable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
  }

  enum LoopField: String, Sendable, CaseIterable {
    case index, index0, first, last, length
  }

  case literal(TemplateValue)
  case name(String, at: Int)
  case member(Expression, String, at: Int)
  case element(Expression, Expression, at: Int)
  case loop(LoopField)
  case list([Expression])
  case concatenation(Expression, Expression)
  case filter(Filter, Expression, [Expression], at: Int)
  case compare(Comparison, Expression, Expression, at: Int)
  case contains(Expression, Expression, at: Int)
  case not(Expression)
  case and(Expression, Expression)
  case or(Expression, Expression)
}

/// One compiled template.
final class Template: Sendable {
  let name: String
  let source: TemplateSource
  let program: [Instruction]
  /// The template it extends, and where it says so.
  let parent: (name: String, at: Int)?
  /// Templates it includes, with the first place.
  let includes: [(name: String, at: Int)]
  /// Its blocks by name, nested ones too.
  let blocks: [String: [Instruction]]

  init(
    name: String, source: TemplateSource, program: [Instruction],
    parent: (name: String, at: Int)?, includes: [(name: String, at: Int)],
    blocks: [String: [Instruction]]
  ) {
    self.name = name
    self.source = source
    self.program = program
    self.parent = parent
    self.includes = includes
    self.blocks = blocks
  }
}
