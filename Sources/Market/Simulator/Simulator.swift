import Time

/// A market that nobody moves: every price is a function of seed, symbol and second.
///
/// Restless days come in spells, a day's ends are busier than its noon, and the stocks move together
/// in part; spread and volume follow. There is no state, so a restart, a second server and a test
/// see the same prices, and any moment of any year can be asked for. Trading is continuous: the day
/// changes at midnight UTC, and the previous close is the last second of the day before.
package struct Simulator: Sendable {
  /// The seed that the shipped settings use.
  package static let standardSeed: UInt64 = 20_240_101

  private struct Tape: Sendable {
    let instrument: Instrument
    let path: PricePath
    let volume: VolumeCascade

    /// Price at a second, to the cent.
    func price(at second: Int) -> Int { price(path.value(at: second)) }

    func price(_ value: Double) -> Int {
      let exact = Double(instrument.anchor) * PortableMath.exp(value)
      return max(Simulator.tick, Int((exact / Double(Simulator.tick)).rounded()) * Simulator.tick)
    }
  }

  /// One cent.
  private static let tick = 100
  private static let day = 86_400

  private let activity: MarketActivity
  private let tapes: [String: Tape]

  package init(seed: UInt64 = standardSeed, catalogue: Catalogue = .standard) {
    let activity = MarketActivity(seed: seed)
    self.activity = activity
    tapes = Dictionary(
      catalogue.instruments.map { instrument in
        let volumes = CounterGenerator(seed: seed, stream: "volume/\(instrument.symbol)")
        return (
          instrument.symbol,
          Tape(
            instrument: instrument,
            path: PricePath(
              activity: activity, noise: PriceNoise(seed: seed, symbol: instrument.symbol),
              yearlyVolatility: Double(instrument.volatilityPermille) / 1000),
            volume: VolumeCascade(
              activity: activity, generator: volumes, dailyVolume: instrument.dailyVolume))
        )
      }, uniquingKeysWith: { first, _ in first })
  }

  /// The quote of a symbol at a moment, or nil when the symbol is unknown.
  package func quote(_ symbol: String, at moment: Timestamp) -> Quote? {
    guard let tape = tapes[symbol] else { return nil }
    let second = moment.seconds
    let today = Self.dayNumber(second)
    let price = tape.price(at: second)
    let half = halfSpread(of: price, at: second, today)
    return Quote(
      symbol: symbol, name: tape.instrument.name, price: price, bid: price - half,
      ask: price + half, previousClose: tape.price(at: today * Self.day - 1),
      volume: tape.volume.cumulative(day: today, seconds: second - today * Self.day + 1),
      asOf: Timestamp(seconds: second), source: "sim")
  }

  /// One basis point on an average day and moment, wider when the market moves more.
  private func halfSpread(of price: Int, at second: Int, _ today: Int) -> Int {
    let variance =
      activity.level(today) * MarketActivity.profile(Double(second - today * Self.day))
    return max(
      Self.tick, Int(Double(price / 10_000) * variance.squareRoot()) / Self.tick * Self.tick)
  }

  /// The bars that begin in a range, at most a thousand; the last one may be unfinished when the
  /// range ends within it, and then covers the seconds up to there.
  package func history(
    _ symbol: String, _ resolution: Resolution, from: Timestamp, to: Timestamp
  ) -> [Bar]? {
    guard let tape = tapes[symbol] else { return nil }
    let length = resolution.seconds
    let first = floorDivide(from.seconds + length - 1, length) * length
    let end = to.seconds
    guard end > first else { return [] }
    let starts = stride(from: first, to: end, by: length).suffix(Self.barsMost)
    return starts.map { bar(tape, $0..<min($0 + length, end)) }
  }

  /// Bars of one answer.
  package static let barsMost = 1000

  private func bar(_ tape: Tape, _ seconds: Range<Int>) -> Bar {
    let (low, high) = tape.path.extremes(seconds)
    return Bar(
      start: Timestamp(seconds: seconds.lowerBound), open: tape.price(at: seconds.lowerBound),
      high: tape.price(high), low: tape.price(low), close: tape.price(at: seconds.upperBound - 1),
      volume: Self.volumeBefore(tape, seconds.upperBound, of: seconds.lowerBound)
        - Self.volumeBefore(tape, seconds.lowerBound, of: seconds.lowerBound))
  }

  /// Shares from the start of the day of `reference` to a second of it, or to its end.
  private static func volumeBefore(_ tape: Tape, _ second: Int, of reference: Int) -> Int {
    let today = dayNumber(reference)
    return tape.volume.cumulative(day: today, seconds: second - today * day)
  }

  private static func dayNumber(_ second: Int) -> Int { floorDivide(second, day) }
}

/// The simulator behind a clock.
package struct SimulatedQuotes: QuoteSource {
  package let name = "sim"
  private let simulator: Simulator
  private let clock: any TimeSource

  package init(simulator: Simulator = Simulator(), clock: any TimeSource) {
    self.simulator = simulator
    self.clock = clock
  }

  package func quote(_ symbol: String) async throws -> Quote? {
    simulator.quote(symbol, at: clock.now())
  }

  package func history(
    _ symbol: String, _ resolution: Resolution, from: Timestamp, to: Timestamp
  ) async throws -> [Bar]? {
    simulator.history(symbol, resolution, from: from, to: min(to, clock.now() + .seconds(1)))
  }
}
