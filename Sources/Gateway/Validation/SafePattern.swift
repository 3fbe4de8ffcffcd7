/// A regular expression of ECMA-262's regular part, searched for in time linear in the text.
///
/// Thompson's construction run by Pike's simulation: no backtracking, so that no text can make a
/// pattern slow (CWE-1333). What needs backtracking is refused when the pattern is made.
struct SafePattern: Sendable {
  private enum Instruction: Sendable {
    case set(Int)
    case split(Int, Int)
    case jump(Int)
    case start
    case end
    case boundary(Bool)
    case match
  }

  private var program: [Instruction] = []
  private var sets: [ScalarSet] = []
  private static let maximumInstructions = 8192

  /// Compiles a pattern.
  init(_ text: String) throws(PatternRefusal) {
    var parser = try PatternParser(text)
    try emit(try parser.parse())
    program.append(.match)
  }

  // MARK: Thompson's construction

  private mutating func append(_ instruction: Instruction) throws(PatternRefusal) {
    if program.count >= Self.maximumInstructions {
      throw PatternRefusal(reason: "is too large once its repetitions are written out")
    }
    program.append(instruction)
  }

  private mutating func emit(_ node: PatternNode) throws(PatternRefusal) {
    switch node {
    case .empty: break
    case .set(let set):
      try append(.set(sets.count))
      sets.append(set)
    case .start: try append(.start)
    case .end: try append(.end)
    case .boundary(let wanted): try append(.boundary(wanted))
    case .sequence(let nodes): for node in nodes { try emit(node) }
    case .alternatives(let branches): try emit(branches: branches)
    case .repeated(let node, let minimum, let maximum):
      try emit(repeated: node, minimum, maximum)
    }
  }

  private mutating func emit(branches: [PatternNode]) throws(PatternRefusal) {
    var exits: [Int] = []
    for branch in branches.dropLast() {
      let split = program.count
      try append(.split(split + 1, 0))
      try emit(branch)
      exits.append(program.count)
      try append(.jump(0))
      program[split] = .split(split + 1, program.count)
    }
    if let last = branches.last { try emit(last) }
    for exit in exits { program[exit] = .jump(program.count) }
  }

  private mutating func emit(repeated node: PatternNode, _ minimum: Int, _ maximum: Int?)
    throws(PatternRefusal)
  {
    for _ in 0..<minimum {
      let before = program.count
      try emit(node)
      // What is empty once is empty however often: no loop over nothing.
      if program.count == before { return }
    }
    guard let maximum else {
      let split = program.count
      try append(.split(split + 1, 0))
      try emit(node)
      try append(.jump(split))
      program[split] = .split(split + 1, program.count)
      return
    }
    var splits: [Int] = []
    for _ in minimum..<max(minimum, maximum) {
      splits.append(program.count)
      try append(.split(program.count + 1, 0))
      let before = program.count
      try emit(node)
      if program.count == before { break }
    }
    for split in splits { program[split] = .split(split + 1, program.count) }
  }

  // MARK: Pike's simulation

  /// Whether the pattern matches anywhere in the text (JSON Schema §6.3.3 is not anchored).
  ///
  /// - Parameters:
  ///   - text: what is searched, by code points.
  ///   - budget: steps that are left; each taken one is subtracted.
  /// - Returns: nil when the budget ran out first.
  func matches(_ text: String, budget: inout Int) -> Bool? {
    var current = Threads(capacity: program.count)
    var next = Threads(capacity: program.count)
    var scalars = text.unicodeScalars.makeIterator()
    var previous: Unicode.Scalar?
    var following = scalars.next()
    while true {
      if add(0, to: &current, previous, following) { return true }
      budget -= current.work
      if budget < 0 { return nil }
      guard let scalar = following else { return false }
      following = scalars.next()
      next.clear()
      for at in current.waiting {
        guard case .set(let index) = program[at], sets[index].contains(scalar) else { continue }
        if add(at + 1, to: &next, scalar, following) { return true }
      }
      swap(&current, &next)
      previous = scalar
    }
  }

  /// Instructions that wait for the next scalar, each at most once.
  private struct Threads {
    var waiting: [Int] = []
    var marks: [Bool]
    var touched: [Int] = []
    var stack: [Int] = []

    init(capacity: Int) { marks = Array(repeating: false, count: capacity) }

    var work: Int { touched.count + 1 }

    mutating func clear() {
      for at in touched { marks[at] = false }
      touched.removeAll(keepingCapacity: true)
      waiting.removeAll(keepingCapacity: true)
    }
  }

  /// Follows everything that consumes nothing; true when the match is reached.
  private func add(
    _ first: Int, to threads: inout Threads, _ previous: Unicode.Scalar?,
    _ following: Unicode.Scalar?
  ) -> Bool {
    threads.stack.append(first)
    while let at = threads.stack.popLast() {
      if threads.marks[at] { continue }
      threads.marks[at] = true
      threads.touched.append(at)
      switch program[at] {
      case .set: threads.waiting.append(at)
      case .split(let one, let other):
        threads.stack.append(other)
        threads.stack.append(one)
      case .jump(let target): threads.stack.append(target)
      case .start: if previous == nil { threads.stack.append(at + 1) }
      case .end: if following == nil { threads.stack.append(at + 1) }
      case .boundary(let wanted):
        let isBoundary = isWord(previous) != isWord(following)
        if isBoundary == wanted { threads.stack.append(at + 1) }
      case .match:
        threads.stack.removeAll(keepingCapacity: true)
        return true
      }
    }
    return false
  }

  private func isWord(_ scalar: Unicode.Scalar?) -> Bool {
    scalar.map { ScalarSet.words.contains($0) } ?? false
  }
}
