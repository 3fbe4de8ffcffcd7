/// The logarithm of a price around its anchor, second by second, as a Brownian bridge that is
/// refined by halving: any second costs twenty steps, and nothing is remembered.
///
/// Time is cut into blocks of 2^20 seconds (12.1 days). At their ends the path stands at a small
/// random distance from the anchor, so that it never drifts away from it. Within, the middle of an
/// interval lies between its ends by the parts of variance left and right of it, plus a normal number
/// (Lévy's construction, on the clock of the market's activity).
struct PricePath: Sendable {
  private let activity: MarketActivity
  private let noise: PriceNoise
  /// Standard deviation of one second of average activity.
  private let scale: Double
  /// Standard deviation at the ends of blocks.
  private let endScale: Double

  static let levels = 20
  static let blockSeconds = 1 << levels

  /// Blocks that are tied down at their ends move a little less than a free path would.
  private static let tied = 1.03

  init(activity: MarketActivity, noise: PriceNoise, yearlyVolatility: Double) {
    self.activity = activity
    self.noise = noise
    scale = Self.tied * yearlyVolatility / (365.0 * 86_400).squareRoot()
    endScale = scale * Double(Self.blockSeconds).squareRoot() / 8
  }

  /// A moment with the path's value and the variance that has passed.
  private struct Point {
    var second: Int
    var value: Double
    var variance: Double
  }

  /// An interval between two moments whose values are known.
  private struct Node {
    /// 0 for a block.
    var level: Int
    /// The number of the interval among those of its level.
    var index: Int
    var left: Point
    var right: Point

    var length: Int { right.second - left.second }
  }

  private func block(_ number: Int) -> (Node, ActivitySpan) {
    let start = number << Self.levels
    let end = start + Self.blockSeconds
    let span = ActivitySpan(activity, from: start, to: end)
    func point(_ second: Int, _ number: Int) -> Point {
      Point(
        second: second, value: endScale * noise.normal(level: -1, index: number),
        variance: span.variance(before: second))
    }
    return (
      Node(level: 0, index: number, left: point(start, number), right: point(end, number + 1)), span
    )
  }

  private func halves(_ node: Node, _ span: ActivitySpan) -> (Node, Node) {
    let second = node.left.second + node.length / 2
    let variance = span.variance(before: second)
    let before = variance - node.left.variance
    let after = node.right.variance - variance
    let part = before / (before + after)
    let value =
      node.left.value + (node.right.value - node.left.value) * part
      + scale * (part * after).squareRoot()
      * noise.normal(level: node.level, index: node.index)
    let middle = Point(second: second, value: value, variance: variance)
    return (
      Node(level: node.level + 1, index: node.index * 2, left: node.left, right: middle),
      Node(level: node.level + 1, index: node.index * 2 + 1, left: middle, right: node.right)
    )
  }

  /// The value at a second since the epoch.
  func value(at second: Int) -> Double {
    // An arithmetic shift rounds down, also before 1970.
    var (node, span) = block(second >> Self.levels)
    while node.length > 1 {
      let (left, right) = halves(node, span)
      node = second < right.left.second ? left : right
    }
    return node.left.value
  }

  /// The least and the greatest value of the seconds in a range that is not empty.
  func extremes(_ range: Range<Int>) -> (low: Double, high: Double) {
    var low = value(at: range.lowerBound)
    var high = low
    for number in (range.lowerBound >> Self.levels)...((range.upperBound - 1) >> Self.levels) {
      let (node, span) = block(number)
      widen(&low, &high, node, span, range)
    }
    return (low, high)
  }

  /// Branch and bound: within an interval the path cannot leave its ends by more than the sum of the
  /// cut-off noise of all levels below, so most intervals need not be opened.
  private func widen(
    _ low: inout Double, _ high: inout Double, _ node: Node, _ span: ActivitySpan,
    _ range: Range<Int>
  ) {
    var open = [node]
    // Level by level: what the coarse levels found closes most of the fine ones unseen.
    while !open.isEmpty {
      for node in open where range.contains(node.left.second) {
        low = min(low, node.left.value)
        high = max(high, node.left.value)
      }
      var next: [Node] = []
      for node in open where node.length > 1 {
        let reach = self.reach(node, span)
        guard
          max(node.left.value, node.right.value) + reach > high
            || min(node.left.value, node.right.value) - reach < low
        else { continue }
        let (left, right) = halves(node, span)
        if left.right.second > range.lowerBound { next.append(left) }
        if right.left.second < range.upperBound { next.append(right) }
      }
      open = next
    }
  }

  /// Noise × cut-off × (1 + 1/√2 + 1/2 + …): a half has at most the variance of its length at the
  /// interval's highest activity.
  private func reach(_ node: Node, _ span: ActivitySpan) -> Double {
    let most = span.most(node.left.second, node.right.second) * Double(node.length)
    return scale * most.squareRoot() / 2 * PriceNoise.most * 3.4142135623730954
  }
}

/// The normal numbers of a price: a part that moves the whole market and a part of its own.
struct PriceNoise: Sendable {
  private let market: CounterGenerator
  private let own: CounterGenerator

  /// Correlation of two stocks' returns; large companies of one country have about a third.
  private static let common = 0.35

  init(seed: UInt64, symbol: String) {
    market = CounterGenerator(seed: seed, stream: "market")
    own = CounterGenerator(seed: seed, stream: "price/\(symbol)")
  }

  func normal(level: Int, index: Int) -> Double {
    Self.common.squareRoot() * market.normal(level: level, index: index)
      + (1 - Self.common).squareRoot() * own.normal(level: level, index: index)
  }

  /// No number is larger: both parts are cut off.
  static let most =
    CounterGenerator.normalMost * (common.squareRoot() + (1 - common).squareRoot())
}
