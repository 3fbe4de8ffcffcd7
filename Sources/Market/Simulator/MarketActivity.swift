/// How much the market moves: calm and restless days that come in spells, and within a day more at
/// its ends than at noon. A function of the day alone, the same for every stock.
///
/// The day's level is a product of multipliers that last one, five, 21 and 63 days, each above or
/// below one with equal chance (after the multifractal of Calvet and Fisher, with fixed spells): its
/// mean is one, and a day is likely to be like the days around it.
struct MarketActivity: Sendable {
  static let day = 86_400

  private static let spells: [(days: Int, swing: Double)] = [
    (1, 0.30), (5, 0.35), (21, 0.35), (63, 0.20),
  ]

  /// Part of a day's variance that follows the U; the rest is even.
  private static let bend = 0.6

  private let generator: CounterGenerator

  init(seed: UInt64) { generator = CounterGenerator(seed: seed, stream: "activity") }

  /// Variance of a day against the average day.
  func level(_ day: Int) -> Double {
    var level = 1.0
    for (number, spell) in Self.spells.enumerated() {
      let isHigh = generator.bits(level: number, index: floorDivide(day, spell.days)) & 1 == 1
      level *= isHigh ? 1 + spell.swing : 1 - spell.swing
    }
    return level
  }

  /// Variance of a moment against the day's average: 2.2 at midnight, 0.4 at noon.
  static func profile(_ second: Double) -> Double {
    let x = second / Double(day) - 0.5
    return 1 - bend + bend * 12 * x * x
  }

  /// The part of a day's variance before a second of it, from 0 to 1.
  static func share(before second: Double) -> Double {
    let x = second / Double(day)
    let middle = x - 0.5
    return (1 - bend) * x + bend * (4 * middle * middle * middle + 0.5)
  }
}

/// The activity of a few days with its running sum, for one look at a path.
struct ActivitySpan: Sendable {
  private let firstDay: Int
  private let levels: [Double]
  /// The sum of the levels before each day.
  private let before: [Double]

  init(_ activity: MarketActivity, from start: Int, to end: Int) {
    firstDay = floorDivide(start, MarketActivity.day)
    levels = (firstDay...floorDivide(end, MarketActivity.day)).map(activity.level)
    var sum = 0.0
    before = levels.map { level in
      defer { sum += level }
      return sum
    }
  }

  /// Variance from the span's beginning to a second, in seconds of average activity.
  func variance(before second: Int) -> Double {
    let (day, rest) = place(second)
    let share = MarketActivity.share(before: rest)
    return Double(MarketActivity.day) * (before[day] + levels[day] * share)
  }

  /// The most variance of a second between two seconds, the latter not included.
  func most(_ start: Int, _ end: Int) -> Double {
    let (first, from) = place(start)
    let (last, _) = place(end - 1)
    if first == last {
      // The profile is a valley: its highest point lies at one of the ends.
      let to = from + Double(end - start)
      return levels[first] * max(MarketActivity.profile(from), MarketActivity.profile(to))
    }
    return (levels[first...last].max() ?? 1) * MarketActivity.profile(0)
  }

  private func place(_ second: Int) -> (day: Int, rest: Double) {
    let day = floorDivide(second, MarketActivity.day)
    return (day - firstDay, Double(second - day * MarketActivity.day))
  }
}

/// The quotient rounded down, also below zero.
func floorDivide(_ value: Int, _ divisor: Int) -> Int {
  let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
  return remainder < 0 ? quotient - 1 : quotient
}
