/// The logarithm of a price around its anchor, second by second, as a Brownian bridge that is
/// refined by halving: any second costs twenty steps, and nothing is remembered.
///
/// Time is cut into blocks of 2^20 seconds (12.1 days). At their ends the path stands at a small
/// random distance from the anchor, so that it never drifts away from it; within, the middle of
/// every interval is the mean of its ends plus a normal number scaled by the square root of its
/// length (Lévy's construction).
struct PricePath: Sendable {
  private let generator: CounterGenerator
  /// Standard deviation of one second.
  private let scale: Double
  /// Standard deviation at the ends of blocks.
  private let endScale: Double

  static let levels = 20
  static let blockSeconds = 1 << levels

  init(generator: CounterGenerator, yearlyVolatility: Double) {
    self.generator = generator
    scale = yearlyVolatility / (365.0 * 86_400).squareRoot()
    endScale = scale * Double(Self.blockSeconds).squareRoot() / 8
  }

  /// An interval between two moments whose values are known.
  private struct Node {
    /// 0 for a block.
    var level: Int
    /// The number of the interval among those of its level.
    var index: Int
    /// The first second.
    var start: Int
    var length: Int
    var left: Double
    var right: Double
  }

  private func end(_ block: Int) -> Double { endScale * generator.normal(level: -1, index: block) }

  private func block(at second: Int) -> Node {
    // An arithmetic shift rounds down, also before 1970.
    let number = second >> Self.levels
    return Node(
      level: 0, index: number, start: number << Self.levels, length: Self.blockSeconds,
      left: end(number), right: end(number + 1))
  }

  private func halves(_ node: Node) -> (Node, Node) {
    let half = node.length / 2
    let noise = scale * Double(node.length).squareRoot() / 2
    let middle =
      (node.left + node.right) / 2
      + noise * generator.normal(level: node.level, index: node.index)
    return (
      Node(
        level: node.level + 1, index: node.index * 2, start: node.start, length: half,
        left: node.left, right: middle),
      Node(
        level: node.level + 1, index: node.index * 2 + 1, start: node.start + half, length: half,
        left: middle, right: node.right)
    )
  }

  /// The value at a second since the epoch.
  func value(at second: Int) -> Double {
    var node = block(at: second)
    while node.length > 1 {
      let (left, right) = halves(node)
      node = second < right.start ? left : right
    }
    return node.left
  }

  /// The least and the greatest value of the seconds in a range that is not empty.
  ///
  /// Branch and bound: within an interval the path cannot leave its ends by more than the sum of
  /// the cut-off noise of all levels below, so most intervals need not be opened.
  func extremes(_ range: Range<Int>) -> (low: Double, high: Double) {
    var low = value(at: range.lowerBound)
    var high = low
    var open: [Node] = []
    var start = (range.lowerBound >> Self.levels) << Self.levels
    while start < range.upperBound {
      open.append(block(at: start))
      start += Self.blockSeconds
    }
    // Level by level: what the coarse levels found closes most of the fine ones unseen.
    while !open.isEmpty {
      for node in open where range.contains(node.start) {
        low = min(low, node.left)
        high = max(high, node.left)
      }
      var next: [Node] = []
      for node in open where node.length > 1 {
        let reach = self.reach(node.length)
        guard
          max(node.left, node.right) + reach > high || min(node.left, node.right) - reach < low
        else { continue }
        let (left, right) = halves(node)
        if left.start + left.length > range.lowerBound { next.append(left) }
        if right.start < range.upperBound { next.append(right) }
      }
      open = next
    }
    return (low, high)
  }

  /// noise × cut-off × (1 + 1/√2 + 1/2 + …).
  private func reach(_ length: Int) -> Double {
    scale * Double(length).squareRoot() / 2 * CounterGenerator.normalMost * 3.4142135623730954
  }
}

/// Shares traded since the day began, as a cascade: every interval gives its halves a share of its
/// volume, so that bars of any length add up exactly.
struct VolumeCascade: Sendable {
  private let generator: CounterGenerator
  private let dailyVolume: Int

  init(generator: CounterGenerator, dailyVolume: Int) {
    self.generator = generator
    self.dailyVolume = dailyVolume
  }

  /// The volume of a whole day, 60 to 140 percent of the average.
  func total(day: Int) -> Int {
    let permille = 600 + Int(generator.bits(level: 0, index: day) % 801)
    return dailyVolume / 1000 * permille
  }

  /// Shares traded in the first `seconds` of a day.
  func cumulative(day: Int, seconds: Int) -> Int {
    if seconds >= 86_400 { return total(day: day) }
    var before = 0
    var volume = total(day: day)
    var start = 0
    var length = 86_400
    var level = 1
    while length > 1, seconds > start {
      let half = length / 2
      let lean = Int(generator.bits(level: level, index: day &* 131_072 &+ start) % 301) - 150
      let share = Int(
        Int128(volume) * Int128(half) * Int128(1000 + lean) / (Int128(length) * 1000))
      if seconds < start + half {
        volume = share
        length = half
      } else {
        before += share
        volume -= share
        start += half
        length -= half
      }
      level += 1
    }
    return before
  }
}
