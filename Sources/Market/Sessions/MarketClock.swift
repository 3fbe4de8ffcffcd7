import Time

/// The clock of a simulated market that runs faster than the wall's: both show the same at an epoch,
/// and from there the market's counts so many seconds for each of the wall's.
///
/// What it shows is a function of the wall clock alone, so prices stay the same after a restart and
/// on a second server. Intervals and waiting stay the wall's.
struct MarketClock: TimeSource {
  let wall: any TimeSource
  let epoch: Timestamp
  let speed: Int

  init(wall: any TimeSource, epoch: Timestamp, speed: Int) {
    self.wall = wall
    self.epoch = epoch
    self.speed = speed
  }

  /// The clock that the settings describe: the wall's when they name no speed.
  init(wall: any TimeSource, _ settings: MarketSettings) {
    self.init(
      wall: wall, epoch: settings.simulationEpoch ?? Timestamp(seconds: 0),
      speed: settings.simulationEpoch == nil ? 1 : settings.simulationSpeed)
  }

  /// Where it stands still: after 2099 nobody knows the rules of the exchange.
  static let end = CivilTime(
    year: 2099, month: 12, day: 31, hour: 23, minute: 59, second: 59
  ).timestamp

  func now() -> Timestamp { market(wall.now()) }
  func monotonic() -> MonotonicInstant { wall.monotonic() }
  func sleep(for duration: Duration) async throws { try await wall.sleep(for: duration) }

  /// What the market's clock shows at a moment of the wall's.
  func market(_ moment: Timestamp) -> Timestamp {
    let passed = moment.milliseconds - epoch.milliseconds
    guard passed > 0 else { return moment }
    let (product, overflows) = passed.multipliedReportingOverflow(by: speed)
    let most = Self.end.milliseconds - epoch.milliseconds
    return Timestamp(milliseconds: epoch.milliseconds + (overflows ? most : min(product, most)))
  }

  /// The moment of the wall's clock at which the market's shows that, to the millisecond below.
  func wall(_ moment: Timestamp) -> Timestamp {
    let passed = moment.milliseconds - epoch.milliseconds
    guard passed > 0 else { return moment }
    return Timestamp(milliseconds: epoch.milliseconds + passed / speed)
  }
}

/// What trading sees of the market, whose clock may run faster: the moments are the wall's.
extension MarketService {
  /// That the market is closed now, and until when; nil while it trades.
  package func closure() -> MarketClosure? {
    hours.closure(at: clock.now()).map {
      MarketClosure(since: clock.wall($0.since), opens: clock.wall($0.opens))
    }
  }

  /// When a quote was made.
  package func madeAt(_ quote: Quote) -> Timestamp { clock.wall(quote.asOf) }

  /// When the day began over which a quote of a moment counts its change.
  package func dayStart(at moment: Timestamp) -> Timestamp {
    clock.wall(Timestamp(seconds: hours.latest(at: clock.market(moment).seconds).open))
  }

  /// The closes of the steps that begin within a range, by the moment at which each step ends. Where
  /// the market is closed at its beginning, the close before it counts.
  package func closes(
    _ symbol: String, from: Timestamp, to: Timestamp, step: Resolution
  ) async throws -> [Timestamp: Int] {
    let length = Duration.seconds(step.seconds)
    guard clock.speed == 1 else { return try await fastCloses(symbol, from, to, length) }
    let bars = try await history(symbol, step, from: lastTrade(from) - length, to: to) ?? []
    return Dictionary(
      bars.map { (max($0.start, from) + length, $0.close) }, uniquingKeysWith: { _, last in last })
  }

  /// A step of the wall's clock is no bar of the market's: each end is looked up by itself.
  private func fastCloses(
    _ symbol: String, _ from: Timestamp, _ to: Timestamp, _ length: Duration
  ) async throws -> [Timestamp: Int] {
    var closes: [Timestamp: Int] = [:]
    var end = from + length
    while end <= to, closes.count < Simulator.barsMost {
      let traded = lastTrade(clock.market(end))
      let minutes = try await history(
        symbol, .minute, from: traded - .seconds(120), to: traded + .seconds(1))
      closes[end] = minutes?.last?.close
      end = end + length
    }
    return closes
  }

  /// The moment of the newest trade: the same in a session, else the last second of the one before.
  private func lastTrade(_ moment: Timestamp) -> Timestamp {
    min(moment, Timestamp(seconds: hours.latest(at: moment.seconds).last))
  }
}
