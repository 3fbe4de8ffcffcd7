import JSON
import Synchronization
import Time

/// The last hour of trading's closes by the minute, for the small line of a card; read once a minute at most.
final class RecentCloses: Sendable {
  private struct Entry {
    var minute: Int
    var closes: JSON
  }

  /// Points of a line.
  private static let minutes = 60

  private let source: any QuoteSource
  private let hours: TradingHours
  private let clock: any TimeSource
  private let known = Mutex<[String: Entry]>([:])

  init(source: any QuoteSource, hours: TradingHours, clock: any TimeSource) {
    self.source = source
    self.hours = hours
    self.clock = clock
  }

  /// The closes, oldest first; empty when the source has no history by the minute.
  func closes(_ symbol: String) async -> JSON {
    // After the close it is the session's last hour that is shown, until the next one begins.
    let now = clock.now().seconds
    let closed = hours.latest(at: now).close
    let minute = min(now, closed) / 60
    if let entry = known.withLock({ $0[symbol] }), entry.minute == minute { return entry.closes }
    let end = Timestamp(seconds: minute * 60)
    let bars = try? await source.history(
      symbol, .minute, from: end - .seconds(60 * Self.minutes), to: end)
    let closes = JSON.array((bars ?? []).map { PriceText.json($0.close) })
    known.withLock { $0[symbol] = Entry(minute: minute, closes: closes) }
    return closes
  }
}
