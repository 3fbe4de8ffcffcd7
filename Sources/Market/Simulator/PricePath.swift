/// The logarithm of a price around its anchor, second by second, as a Brownian bridge that is
/// refined by halving: any second costs twenty steps, and nothing is remembered.
///
/// Time is cut into blocks of 2^20 seconds (12.1 days). At their ends the path stands at a small
/// random distance from the anchor, so that it never drifts away from it. Within, the middle of an
/// interval lies between its ends by the parts of variance left and right of it, plus a normal number
/// (Lévy's construction, on the clock of the market's activity). That clock stands still while the
/// market is closed and leaps when it opens, and so does the price. Rare jumps are added on top; the
/// bridge of their block takes them back until its end, which so stays where it was.
struct PricePath: Sendable {
  private let activity: MarketActivity
  private let hours: TradingHours
  let jumps: PriceJumps
  private let noise: PriceNoise
  /// Standard deviation of one second of average activity.
  private let scale: Double
  /// Standard deviation at the ends of blocks.
  private let endScale: Double

  static let levels = 20
  static let blockSeconds = 1 << levels

  /// Blocks that are tied down at their ends move a little less than a free path would.
  private static let tied = 1.03

  init(
    activity: MarketActivity, hours: TradingHours, noise: PriceNoise, jumps: PriceJumps,
    yearlyVolatility: Double
  ) {
    self.activity = activity
    self.hours = hours
    self.noise = noise
    self.jumps = jumps
    scale =
      Self.tied * (1 - PriceJumps.varianceShare).squareRoot() * yearlyVolatility
      / (365.0 * 86_400).squareRoot()
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

  /// A block with what is known of it.
  private struct Block {
    var root: Node
    var span: ActivitySpan
    var jumps: [PriceJumps.Jump]

    /// What the jumps up to a second come to.
    func jumped(by second: Int) -> Double {
      var sum = 0.0
      for jump in jumps where jump.second <= second { sum += jump.size }
      return sum
    }

    /// The least and the greatest sum of jumps within an interval.
    func jumped(_ node: Node) -> (least: Double, most: Double) {
      if jumps.isEmpty { return (0, 0) }
      var least = jumped(by: node.left.second)
      var most = least
      for jump in jumps where node.left.second < jump.second && jump.second < node.right.second {
        let sum = jumped(by: jump.second)
        least = min(least, sum)
        most = max(most, sum)
      }
      return (least, most)
    }
  }

  private func block(_ number: Int) -> Block {
    let start = number << Self.levels
    let end = start + Self.blockSeconds
    let span = ActivitySpan(activity, hours, from: start, to: end)
    let jumps = jumps.jumps(ofBlock: number)
    func point(_ second: Int, _ number: Int) -> Point {
      Point(
        second: second, value: endScale * noise.normal(level: -1, index: number),
        variance: span.variance(before: second))
    }
    var right = point(end, number + 1)
    for jump in jumps { right.value -= jump.size }
    return Block(
      root: Node(level: 0, index: number, left: point(start, number), right: right), span: span,
      jumps: jumps)
  }

  private func halves(_ node: Node, _ span: ActivitySpan) -> (Node, Node) {
    let second = node.left.second + node.length / 2
    let variance = span.variance(before: second)
    let before = variance - node.left.variance
    let after = node.right.variance - variance
    let value: Double
    if before <= 0 {
      // The market is closed in one half: nothing moves there.
      value = node.left.value
    } else if after <= 0 {
      value = node.right.value
    } else {
      let part = before / (before + after)
      value =
        node.left.value + (node.right.value - node.left.value) * part
        + scale * (part * after).squareRoot()
        * noise.normal(level: node.level, index: node.index)
    }
    let middle = Point(second: second, value: value, variance: variance)
    return (
      Node(level: node.level + 1, index: node.index * 2, left: node.left, right: middle),
      Node(level: node.level + 1, index: node.index * 2 + 1, left: middle, right: node.right)
    )
  }

  /// The value at a second since the epoch.
  func value(at second: Int) -> Double {
    // An arithmetic shift rounds down, also before 1970.
    let block = block(second >> Self.levels)
    var node = block.root
    while node.length > 1 {
      let (left, right) = halves(node, block.span)
      node = second < right.left.second ? left : right
    }
    return node.left.value + block.jumped(by: second)
  }

  /// The least and the greatest value of the seconds in a range that is not empty.
  func extremes(_ range: Range<Int>) -> (low: Double, high: Double) {
    var low = value(at: range.lowerBound)
    var high = low
    for number in (range.lowerBound >> Self.levels)...((range.upperBound - 1) >> Self.levels) {
      widen(&low, &high, block(number), range)
    }
    return (low, high)
  }

  /// Branch and bound: within an interval the path cannot leave its ends by more than the sum of the
  /// cut-off noise of all levels below, so most intervals need not be opened.
  private func widen(
    _ low: inout Double, _ high: inout Double, _ block: Block, _ range: Range<Int>
  ) {
    var open = [block.root]
    // Level by level: what the coarse levels found closes most of the fine ones unseen.
    while !open.isEmpty {
      for node in open where range.contains(node.left.second) {
        let value = node.left.value + block.jumped(by: node.left.second)
        low = min(low, value)
        high = max(high, value)
      }
      var next: [Node] = []
      for node in open where node.length > 1 {
        let reach = self.reach(node, block.span)
        let jumped = block.jumped(node)
        guard
          max(node.left.value, node.right.value) + jumped.most + reach > high
            || min(node.left.value, node.right.value) + jumped.least - reach < low
        else { continue }
        let (left, right) = halves(node, block.span)
        if left.right.second > range.lowerBound { next.append(left) }
        if right.left.second < range.upperBound { next.append(right) }
      }
      open = next
    }
  }

  /// Noise × cut-off × (1 + 1/√2 + 1/2 + …): a half has at most the variance of its length at the
  /// interval's highest activity.
  private func reach(_ node: Node, _ span: ActivitySpan) -> Double {
    let most = span.most(node.left.second, node.right.second)
    guard span.hasLeap(node.left.second, node.right.second) else {
      return scale * (most * Double(node.length)).squareRoot() / 2 * PriceNoise.most
        * 3.4142135623730954
    }
    // With the leap of an opening in one half, the noise is that of the other half alone, at most
    // twice the variance of halves that are alike; and never more than half of what is there.
    let there = node.right.variance - node.left.variance
    var sum = 0.0
    var length = node.length
    while length > 1 {
      sum += min(there, 2 * most * Double(length)).squareRoot() / 2
      length /= 2
    }
    return scale * sum * PriceNoise.most
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
