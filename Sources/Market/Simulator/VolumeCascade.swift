/// Shares traded since the day began, as a cascade: every interval gives its halves a share of its
/// volume, so that bars of any length add up exactly. More is traded when the market is restless.
struct VolumeCascade: Sendable {
  private let activity: MarketActivity
  private let generator: CounterGenerator
  private let dailyVolume: Int

  init(activity: MarketActivity, generator: CounterGenerator, dailyVolume: Int) {
    self.activity = activity
    self.generator = generator
    self.dailyVolume = dailyVolume
  }

  /// The volume of a whole day: 70 to 130 percent of the average, times the root of the activity.
  func total(day: Int) -> Int {
    let permille = 700 + Int(generator.bits(level: 0, index: day) % 601)
    let restless = Int(activity.level(day).squareRoot() * 1000)
    return dailyVolume / 1000 * permille / 1000 * restless
  }

  /// Shares traded in the first `seconds` of a day.
  func cumulative(day: Int, seconds: Int) -> Int {
    if seconds >= MarketActivity.day { return total(day: day) }
    var before = 0
    var volume = total(day: day)
    var start = 0
    var length = MarketActivity.day
    var level = 1
    while length > 1, seconds > start {
      let half = length / 2
      let share = Int(
        Int128(volume) * Int128(permille(day, level, start, half, length)) / 1000)
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

  /// The part of the first half: as the day's profile has it, leaning by up to 15 percent.
  private func permille(_ day: Int, _ level: Int, _ start: Int, _ half: Int, _ length: Int) -> Int {
    let seconds = Double(MarketActivity.day)
    let begin = MarketActivity.share(before: Double(start) / seconds)
    let middle = MarketActivity.share(before: Double(start + half) / seconds)
    let end = MarketActivity.share(before: Double(start + length) / seconds)
    let lean = Int(generator.bits(level: level, index: day &* 131_072 &+ start) % 301) - 150
    return min(1000, max(0, Int((middle - begin) / (end - begin) * Double(1000 + lean))))
  }
}
