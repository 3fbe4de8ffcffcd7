/// Rare leaps of one stock's price, as news brings them: a Poisson process whose events are drawn
/// block by block from the counter stream, so that they too are a function of seed, symbol and time.
struct PriceJumps: Sendable {
  /// A leap of the logarithm of a price at a second.
  struct Jump: Sendable, Hashable {
    var second: Int
    var size: Double
  }

  /// Leaps of an average year.
  static let perYear = 4.0

  /// The size in standard deviations of an average day, up or down with equal chance.
  private static let sizes = 2.0...4.0

  /// The part of a year's variance that comes in leaps: their rate times the mean square of their
  /// size.
  static let varianceShare =
    perYear / 365
    * (sizes.upperBound * sizes.upperBound * sizes.upperBound
      - sizes.lowerBound * sizes.lowerBound * sizes.lowerBound)
    / (3 * (sizes.upperBound - sizes.lowerBound))

  /// Leaps of an average block.
  private static let perBlock = perYear * Double(PricePath.blockSeconds) / (365 * 86_400)
  private static let none = PortableMath.exp(-perBlock)
  /// More than these in one block do not happen once in ten thousand years.
  private static let most = 4

  private let generator: CounterGenerator
  /// Standard deviation of an average day.
  private let daily: Double

  init(seed: UInt64, symbol: String, yearlyVolatility: Double) {
    generator = CounterGenerator(seed: seed, stream: "jump/\(symbol)")
    daily = yearlyVolatility / 365.0.squareRoot()
  }

  /// The leaps within a block.
  func jumps(ofBlock block: Int) -> [Jump] {
    let uniform = generator.uniform(level: 0, index: block)
    if uniform < Self.none { return [] }
    var count = 0
    var chance = Self.none
    var sum = chance
    while uniform >= sum, count < Self.most {
      count += 1
      chance *= Self.perBlock / Double(count)
      sum += chance
    }
    return (1...count).map { number in
      let place = generator.bits(level: number, index: block)
      let part = generator.uniform(level: -number, index: block)
      let width = Self.sizes.upperBound - Self.sizes.lowerBound
      let size = daily * (Self.sizes.lowerBound + width * part)
      return Jump(
        // Not at the block's first second, which belongs to both blocks.
        second: block << PricePath.levels + 1
          + Int((place >> 1) % UInt64(PricePath.blockSeconds - 1)),
        size: place & 1 == 0 ? size : -size)
    }
  }

  /// The leaps within a range of seconds, oldest first.
  func jumps(in range: Range<Int>) -> [Jump] {
    guard !range.isEmpty else { return [] }
    return
      ((range.lowerBound >> PricePath.levels)...((range.upperBound - 1) >> PricePath.levels))
      .flatMap(jumps(ofBlock:)).filter { range.contains($0.second) }.sorted {
        $0.second < $1.second
      }
  }
}
