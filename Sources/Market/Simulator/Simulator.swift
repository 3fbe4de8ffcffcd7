import Time

/// A market that nobody moves: every price is a function of seed, symbol and second.
///
/// Restless days come in spells, a day's ends are busier than its noon, and the stocks move together
/// in part; spread and volume follow. There is no state, so a restart, a second server and a test
/// see the same prices, and any moment of any year can be asked for. Outside the market's hours the
/// quote is that of the last second of the session before; the previous close is the last price of
/// the session before the quote's own.
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
  private let hours: TradingHours
  private let tapes: [String: Tape]

  package init(
    seed: UInt64 = standardSeed, catalogue: Catalogue = .standard, hours: TradingHours = .continuous
  ) {
    let activity = MarketActivity(seed: seed)
    self.activity = activity
    self.hours = hours
    tapes = Dictionary(
      catalogue.instruments.map { instrument in
        let symbol = instrument.symbol
        let volatility = Double(instrument.volatilityPermille) / 1000
        let volumes = CounterGenerator(seed: seed, stream: "volume/\(symbol)")
        return (
          symbol,
          Tape(
            instrument: instrument,
            path: PricePath(
              activity: activity, hours: hours, noise: PriceNoise(seed: seed, symbol: symbol),
              jumps: PriceJumps(seed: seed, symbol: symbol, yearlyVolatility: volatility),
              yearlyVolatility: volatility),
            volume: VolumeCascade(
              activity: activity, generator: volumes, dailyVolume: instrument.dailyVolume))
        )
      }, uniquingKeysWith: { first, _ in first })
  }

  /// The quote of a symbol at a moment, or nil when the symbol is unknown.
  package func quote(_ symbol: String, at moment: Timestamp) -> Quote? {
    guard let tape = tapes[symbol] else { return nil }
    let session = hours.latest(at: moment.seconds)
    let second = min(moment.seconds, session.last)
    let price = tape.price(at: second)
    let half = halfSpread(of: price, at: second, session)
    return Quote(
      symbol: symbol, name: tape.instrument.name, price: price, bid: price - half,
      ask: price + half,
      previousClose: tape.price(at: hours.latest(at: session.open - 1).last),
      volume: Self.volume(tape, before: second + 1, of: session),
      asOf: Timestamp(seconds: second), source: "sim")
  }

  /// One basis point on an average day and moment, wider when the market moves more.
  private func halfSpread(of price: Int, at second: Int, _ session: TradingHours.Session) -> Int {
    let variance =
      activity.level(session.day) * MarketActivity.profile(session.fraction(before: second))
    return max(
      Self.tick, Int(Double(price / 10_000) * variance.squareRoot()) / Self.tick * Self.tick)
  }

  /// Shares from the beginning of a session to a second of it. The cascade knows days; a shorter
  /// session goes through one faster.
  private static func volume(
    _ tape: Tape, before second: Int, of session: TradingHours.Session
  ) -> Int {
    let elapsed = min(second, session.close) - session.open
    return tape.volume.cumulative(
      day: session.day, seconds: elapsed * day / (session.close - session.open))
  }

  /// The bars that begin in a range, at most a thousand; the last one may be unfinished when the
  /// range ends within it, and then covers the seconds up to there. A bar holds what of it is in a
  /// session; one without such a second is left out.
  package func history(
    _ symbol: String, _ resolution: Resolution, from: Timestamp, to: Timestamp
  ) -> [Bar]? {
    guard let tape = tapes[symbol] else { return nil }
    let length = resolution.seconds
    let first = floorDivide(from.seconds + length - 1, length) * length
    let end = to.seconds
    guard end > first else { return [] }
    var bars: [Bar] = []
    // From the newest back, so that what is left out is the oldest.
    var start = floorDivide(end - 1, length) * length
    while start >= first, bars.count < Self.barsMost {
      if let bar = bar(tape, start, until: min(start + length, end)) { bars.append(bar) }
      start -= length
    }
    return bars.reversed()
  }

  /// Bars of one answer.
  package static let barsMost = 1000

  /// A bar is never longer than a day, and no two sessions begin on one day.
  private func bar(_ tape: Tape, _ start: Int, until end: Int) -> Bar? {
    guard let session = hours.session(day: floorDivide(start, Self.day)) else { return nil }
    let seconds = max(start, session.open)..<max(start, session.open, min(end, session.close))
    guard !seconds.isEmpty else { return nil }
    let (low, high) = tape.path.extremes(seconds)
    return Bar(
      start: Timestamp(seconds: start), open: tape.price(at: seconds.lowerBound),
      high: tape.price(high), low: tape.price(low), close: tape.price(at: seconds.upperBound - 1),
      volume: Self.volume(tape, before: seconds.upperBound, of: session)
        - Self.volume(tape, before: seconds.lowerBound, of: session))
  }

  /// The leaps of a stock within a range of seconds, oldest first.
  func jumps(_ symbol: String, in range: Range<Int>) -> [PriceJumps.Jump] {
    tapes[symbol]?.path.jumps.jumps(in: range) ?? []
  }
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
