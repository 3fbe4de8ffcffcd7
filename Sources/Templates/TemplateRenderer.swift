import Diagnostics

/// Walks the instructions of a linked template and writes bytes.
struct TemplateRenderer {
  private let linked: LinkedTemplate
  private let context: [String: TemplateValue]
  private let limit: Int
  private let traces: Bool
  private var out: [UInt8] = []
  /// Names set by `for` and `set`, innermost last.
  private var locals: [(name: String, value: TemplateValue)] = []
  private var loops: [(index: Int, count: Int)] = []
  /// Blocks being rendered, with how far from the most derived one.
  private var blocks: [(name: String, level: Int)] = []
  var template: Template
  private(set) var segments: [TraceSegment] = []

  init(
    linked: LinkedTemplate, context: [String: TemplateValue], limit: Int, traces: Bool
  ) {
    self.linked = linked
    self.context = context
    self.limit = limit
    self.traces = traces
    template = linked.chain[0]
    out.reserveCapacity(8_192)
  }

  mutating func render() throws(Diagnostic) -> [UInt8] {
    // What a child sets outside its blocks is known to the templates it extends.
    for child in linked.chain.dropLast() {
      template = child
      for case .set(let name, let expression) in child.program {
        locals.append((name, try value(expression)))
      }
    }
    if let root = linked.chain.last {
      template = root
      try run(root.program)
    }
    return out
  }

  // MARK: Instructions

  private mutating func run(_ program: [Instruction]) throws(Diagnostic) {
    for instruction in program {
      switch instruction {
      case .text(let bytes, let at):
        if traces { note(at, isText: true) }
        out.append(contentsOf: bytes)
      case .output(let expression, let at):
        if traces { note(at, isText: false) }
        try write(try value(expression), at: at)
      case .branch(let branches, let otherwise): try runBranch(branches, otherwise)
      case .loop(let loop): try runLoop(loop)
      case .set(let name, let expression): locals.append((name, try value(expression)))
      case .include(let name, _): try runInclude(name)
      case .block(let name, let body): try runBlock(name, level: 0, otherwise: body)
      case .parentBlock(let at): try runParent(at)
      }
    }
  }

  private mutating func note(_ offset: Int, isText: Bool) {
    segments.append(
      TraceSegment(start: out.count, source: template.source, offset: offset, isText: isText))
  }

  private mutating func runBranch(
    _ branches: [(condition: Expression, body: [Instruction])], _ otherwise: [Instruction]
  ) throws(Diagnostic) {
    for (condition, body) in branches where try isTrue(condition) {
      return try run(body)
    }
    try run(otherwise)
  }

  private mutating func runLoop(_ loop: Loop) throws(Diagnostic) {
    let elements = try self.elements(loop)
    if elements.isEmpty { return try run(loop.otherwise) }
    let outer = locals.count
    loops.append((0, elements.count))
    defer {
      loops.removeLast()
      locals.removeSubrange(outer...)
    }
    for (index, element) in elements.enumerated() {
      loops[loops.count - 1].index = index
      locals.append((loop.name, element.0))
      if let second = loop.second { locals.append((second, element.1)) }
      try run(loop.body)
      locals.removeSubrange(outer...)
      guard out.count <= limit else {
        throw error(.templateValue, "the page has more than \(limit) bytes", at: loop.at)
      }
    }
  }

  private mutating func elements(_ loop: Loop) throws(Diagnostic) -> [(
    TemplateValue, TemplateValue
  )] {
    switch try value(loop.over) {
    case .list(let values):
      guard loop.second == nil else { return values.enumerated().map { (.int($0), $1) } }
      return values.map { ($0, .null) }
    case .map(let values):
      return values.sorted { $0.key < $1.key }.map { (.string($0.key), $0.value) }
    case .null: return []
    case let other:
      throw error(
        .templateValue, "'for' walks over a list or a map, not \(other.kind)", at: loop.at)
    }
  }

  private mutating func runInclude(_ name: String) throws(Diagnostic) {
    guard let included = linked.includes[name] else { return }
    let outer = template
    let names = locals.count
    template = included
    try run(included.program)
    template = outer
    locals.removeSubrange(names...)
  }

  private mutating func runBlock(
    _ name: String, level: Int, otherwise: [Instruction]
  ) throws(Diagnostic) {
    let outer = template
    var body = otherwise
    if let levels = linked.blocks[name], levels.indices.contains(level) {
      (template, body) = levels[level]
    }
    blocks.append((name, level))
    try run(body)
    blocks.removeLast()
    template = outer
  }

  private mutating func runParent(_ at: Int) throws(Diagnostic) {
    guard let block = blocks.last else {
      throw error(.templateSyntax, "'super()' has a meaning only inside a block", at: at)
    }
    guard let levels = linked.blocks[block.name], block.level + 1 < levels.count else {
      throw error(
        .templateSyntax, "the block '\(block.name)' overrides nothing, so it has no 'super()'",
        at: at)
    }
    try runBlock(block.name, level: block.level + 1, otherwise: [])
  }

  // MARK: Output

  private mutating func write(_ value: TemplateValue, at offset: Int) throws(Diagnostic) {
    if case .safe(let bytes) = value {
      out.append(contentsOf: bytes)
      return
    }
    guard let text = value.text else {
      throw error(
        .templateValue, "\(value.kind) cannot be written as it is", at: offset,
        remedy: "write one of its members, or use join or json")
    }
    Escaping.append(text, to: &out)
  }

  // MARK: Values

  /// The value of an expression; a name that nothing defines is an error.
  mutating func value(_ expression: Expression) throws(Diagnostic) -> TemplateValue {
    if let value = try optional(expression) { return value }
    throw undefined(expression)
  }

  private mutating func isTrue(_ expression: Expression) throws(Diagnostic) -> Bool {
    try optional(expression)?.isTrue ?? false
  }

  /// The value, or nil when a name in it is not defined.
  private mutating func optional(_ expression: Expression) throws(Diagnostic) -> TemplateValue? {
    switch expression {
    case .literal(let value): return value
    case .name(let name, _): return lookUp(name)
    case .member(let inner, let name, _): return try optional(inner)?.member(name)
    case .element(let inner, let key, let at): return try element(inner, key, at)
    case .loop(let field): return loopValue(field)
    case .list(let elements):
      var values: [TemplateValue] = []
      for element in elements { values.append(try value(element)) }
      return .list(values)
    case .concatenation(let left, let right):
      return .string((try value(left).text ?? "") + (try value(right).text ?? ""))
    case .filter(let filter, let subject, let arguments, let at):
      return try apply(filter, subject, arguments, at)
    case .compare(let kind, let left, let right, let at):
      return .bool(try compare(kind, left, right, at))
    case .contains(let container, let element, let at):
      let container = try optional(container) ?? .null
      guard let found = container.contains(try optional(element) ?? .null) else {
        throw error(
          .templateValue, "'in' looks into a list, a map or a text, not \(container.kind)", at: at)
      }
      return .bool(found)
    case .not(let inner): return .bool(!(try isTrue(inner)))
    case .and(let left, let right):
      guard try isTrue(left) else { return .bool(false) }
      return .bool(try isTrue(right))
    case .or(let left, let right):
      if try isTrue(left) { return .bool(true) }
      return .bool(try isTrue(right))
    }
  }

  private func lookUp(_ name: String) -> TemplateValue? {
    var index = locals.count - 1
    while index >= 0 {
      if locals[index].name == name { return locals[index].value }
      index -= 1
    }
    return context[name]
  }

  private mutating func element(
    _ inner: Expression, _ key: Expression, _ at: Int
  ) throws(Diagnostic) -> TemplateValue? {
    guard let container = try optional(inner) else { return nil }
    switch (container, try value(key)) {
    case (.list(let values), .int(let index)):
      let position = index < 0 ? values.count + index : index
      return values.indices.contains(position) ? values[position] : nil
    case (.map(let values), .string(let name)): return values[name]
    case (let container, let key):
      throw error(.templateValue, "\(container.kind) has no element by \(key.kind)", at: at)
    }
  }

  private func loopValue(_ field: Expression.LoopField) -> TemplateValue? {
    guard let loop = loops.last else { return nil }
    return switch field {
    case .index: .int(loop.index + 1)
    case .index0: .int(loop.index)
    case .first: .bool(loop.index == 0)
    case .last: .bool(loop.index == loop.count - 1)
    case .length: .int(loop.count)
    }
  }

  private mutating func compare(
    _ kind: Expression.Comparison, _ left: Expression, _ right: Expression, _ at: Int
  ) throws(Diagnostic) -> Bool {
    let a = try optional(left) ?? .null
    let b = try optional(right) ?? .null
    switch kind {
    case .equal: return a.equals(b)
    case .notEqual: return !a.equals(b)
    case .less, .lessOrEqual, .greater, .greaterOrEqual:
      guard let less = a.precedes(b), let more = b.precedes(a) else {
        throw error(
          .templateValue, "\(a.kind) and \(b.kind) have no order for '\(kind.rawValue)'", at: at)
      }
      return switch kind {
      case .less: less
      case .lessOrEqual: !more
      case .greater: more
      default: !less
      }
    }
  }

  private mutating func apply(
    _ filter: Filter, _ subject: Expression, _ arguments: [Expression], _ at: Int
  ) throws(Diagnostic) -> TemplateValue? {
    if filter == .default {
      if let value = try optional(subject), value != .null { return value }
      return try arguments.isEmpty ? .string("") : optional(arguments[0])
    }
    var values: [TemplateValue] = []
    let subject = try value(subject)
    for argument in arguments { values.append(try value(argument)) }
    do throws(FilterFailure) {
      return try filter.apply(to: subject, values, baseURL: baseURL)
    } catch {
      throw self.error(.templateValue, error.reason, at: at, remedy: error.remedy)
    }
  }

  private var baseURL: String {
    context["site"]?.member("base_url")?.text ?? ""
  }

  // MARK: Errors

  func error(_ code: DiagnosticCode, _ message: String, at offset: Int, remedy: String? = nil)
    -> Diagnostic
  {
    template.source.error(code, message, at: offset, remedy: remedy)
  }

  /// Names the part of a path that is missing, with what was probably meant.
  private mutating func undefined(_ expression: Expression) -> Diagnostic {
    switch expression {
    case .name(let name, let at):
      return missing(name, among: Array(context.keys) + locals.map(\.name), at)
    case .member(let inner, let name, let at):
      guard let container = (try? optional(inner)).flatMap({ $0 }) else { return undefined(inner) }
      guard case .map(let values) = container else {
        return error(.templateUndefined, "\(container.kind) has no member '\(name)'", at: at)
      }
      return missing(name, among: Array(values.keys), at)
    case .element(let inner, _, let at):
      guard (try? optional(inner)).flatMap({ $0 }) != nil else { return undefined(inner) }
      return error(.templateUndefined, "there is no such element", at: at)
    case .filter(_, let subject, let arguments, _):
      if let last = arguments.last, (try? optional(subject)).flatMap({ $0 }) == nil {
        return undefined(last)
      }
      return undefined(subject)
    default: return error(.templateUndefined, "a name is not defined", at: template.source.start)
    }
  }

  private func missing(_ name: String, among known: [String], _ at: Int) -> Diagnostic {
    let near = Suggestion.nearest(to: name, among: known.sorted())
    return error(
      .templateUndefined, "'\(name)' is not defined", at: at,
      remedy: near.map { "did you mean '\($0)'?" }
        ?? "define it, or say what to write instead: {{ … | default(\"\") }}")
  }
}

extension TemplateValue {
  /// The member of a map.
  func member(_ name: String) -> TemplateValue? {
    if case .map(let values) = self { return values[name] }
    return nil
  }
}
