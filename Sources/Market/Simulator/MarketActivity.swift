/// How much the market moves: calm and restless days that come in spells, and within a day more at
/// its ends than in its middle. A function of the day alone, the same for every stock.
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

  /// Variance of a moment against the session's average, by the part of the session that is over:
  /// 2.2 at its ends, 0.4 in its middle.
  static func profile(_ part: Double) -> Double {
    let x = part - 0.5
    return 1 - bend + bend * 12 * x * x
  }

  /// The part of a session's variance in its first part, from 0 to 1.
  static func share(before part: Double) -> Double {
    let middle = part - 0.5
    return (1 - bend) * part + bend * (4 * middle * middle * middle + 0.5)
  }
}

/// How a day's variance is spread: so much at once when the session opens, the rest along it.
/// One is the variance of a day that trades from midnight to midnight.
private struct DayVariance {
  /// The part of a day's variance that comes while the exchange sleeps; for large companies about a
  /// quarter, after a weekend not much more (French and Roll 1986).
  private static let overnightPart = 0.25
  /// Sessions of an average year.
  private static let sessionsOfYear = 252.0
  private static let fullSession = Double(ExchangeCalendar.close - ExchangeCalendar.open)

  var session: TradingHours.Session?
  var level: Double
  var atOpening = 0.0
  var within = 0.0
  /// The average variance of a second of the session, in seconds of average activity.
  private var density = 0.0

  init(_ hours: TradingHours, day: Int, level: Double) {
    self.level = level
    session = hours.session(day: day)
    guard let session else { return }
    guard hours == .nyse else {
      within = 1
      density = level
      return
    }
    // Fewer days have to make up the same year.
    let whole = 365 / Self.sessionsOfYear
    atOpening = whole * Self.overnightPart
    within =
      whole * (1 - Self.overnightPart) * Double(session.close - session.open) / Self.fullSession
    density = level * within * Double(MarketActivity.day) / Double(session.close - session.open)
  }

  var total: Double { atOpening + within }

  /// The variance of the day before a second.
  func variance(before second: Int) -> Double {
    guard let session, second >= session.open else { return 0 }
    if second >= session.close { return total }
    return atOpening + within * MarketActivity.share(before: session.fraction(before: second))
  }

  /// The most variance of a second between two, in seconds of average activity.
  func most(_ start: Int, _ end: Int) -> Double {
    guard let session, start < session.close, end > session.open else { return 0 }
    // The profile is a valley: its highest point lies at one of the ends.
    let height = max(
      MarketActivity.profile(session.fraction(before: start)),
      MarketActivity.profile(session.fraction(before: end)))
    return density * height
  }
}

/// The activity of a few days with its running sum, for one look at a path.
struct ActivitySpan: Sendable {
  private let firstDay: Int
  private let days: [DayVariance]
  /// Whether openings have a variance of their own.
  private let leaps: Bool
  /// The sum of the variances before each day.
  private let before: [Double]

  init(_ activity: MarketActivity, _ hours: TradingHours, from start: Int, to end: Int) {
    leaps = hours == .nyse
    firstDay = floorDivide(start, MarketActivity.day)
    days = (firstDay...floorDivide(end, MarketActivity.day)).map {
      DayVariance(hours, day: $0, level: activity.level($0))
    }
    var sum = 0.0
    before = days.map { day in
      defer { sum += day.level * day.total }
      return sum
    }
  }

  /// Variance from the span's beginning to a second, in seconds of average activity.
  func variance(before second: Int) -> Double {
    let day = index(second)
    return Double(MarketActivity.day)
      * (before[day] + days[day].level * days[day].variance(before: second))
  }

  /// The most variance of a second between two seconds, the latter not included; what comes at an
  /// opening is apart.
  func most(_ start: Int, _ end: Int) -> Double {
    let (first, last) = (index(start), index(end - 1))
    if first == last { return days[first].most(start, end) }
    var most = 0.0
    for day in first...last { most = max(most, days[day].most(start, end)) }
    return most
  }

  /// Whether a session opens between two seconds with a leap.
  func hasLeap(_ start: Int, _ end: Int) -> Bool {
    guard leaps else { return false }
    return days[index(start)...index(end)].contains { day in
      guard let session = day.session else { return false }
      return session.open > start && session.open <= end
    }
  }

  private func index(_ second: Int) -> Int { floorDivide(second, MarketActivity.day) - firstDay }
}

/// The quotient rounded down, also below zero.
func floorDivide(_ value: Int, _ divisor: Int) -> Int {
  let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
  return remainder < 0 ? quotient - 1 : quotient
}
