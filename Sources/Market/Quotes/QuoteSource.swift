import Time

/// Where quotes come from: the simulator, Alpha Vantage, or recorded files.
package protocol QuoteSource: Sendable {
  /// The name that its quotes carry.
  var name: String { get }

  /// The present quote; nil when the symbol is unknown. Throws `QuoteError` when the source is
  /// away.
  func quote(_ symbol: String) async throws -> Quote?

  /// The same for somebody who cannot use a quote that was fetched longer ago, when a newer one is to
  /// be had; what is there otherwise.
  func quote(_ symbol: String, fetchedWithin age: Duration?) async throws -> Quote?

  /// The bars that begin within the range, oldest first; nil when the symbol is unknown.
  func history(_ symbol: String, _ resolution: Resolution, from: Timestamp, to: Timestamp)
    async throws -> [Bar]?

  /// The same with its age.
  func series(_ symbol: String, _ resolution: Resolution, from: Timestamp, to: Timestamp)
    async throws -> PriceSeries?
}

/// Bars, oldest first.
package struct PriceSeries: Sendable, Hashable {
  package var bars: [Bar]
  /// When the source told them.
  package var asOf: Timestamp
  /// Older than it should be, and served because nothing newer is there.
  package var stale = false

  package init(bars: [Bar], asOf: Timestamp, stale: Bool = false) {
    self.bars = bars
    self.asOf = asOf
    self.stale = stale
  }
}

/// A source whose quotes cost nothing always has the newest.
extension QuoteSource {
  package func quote(_ symbol: String, fetchedWithin age: Duration?) async throws -> Quote? {
    try await quote(symbol)
  }

  package func series(
    _ symbol: String, _ resolution: Resolution, from: Timestamp, to: Timestamp
  ) async throws -> PriceSeries? {
    try await history(symbol, resolution, from: from, to: to).map {
      PriceSeries(bars: $0, asOf: to)
    }
  }
}

/// Why there is no quote.
package enum QuoteError: Error, Sendable, Hashable {
  /// The source cannot be reached, or answered with something else than a quote.
  case unavailable(String)
  /// The day's calls are spent; they come back at that moment.
  case budgetSpent(until: Timestamp)
  /// The source does not have what was asked for.
  case unsupported(String)
}
