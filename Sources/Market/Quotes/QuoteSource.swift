import Time

/// Where quotes come from: the simulator, Alpha Vantage, or recorded files.
package protocol QuoteSource: Sendable {
  /// The name that its quotes carry.
  var name: String { get }

  /// The present quote; nil when the symbol is unknown. Throws `QuoteError` when the source is
  /// away.
  func quote(_ symbol: String) async throws -> Quote?

  /// The bars that begin within the range, oldest first; nil when the symbol is unknown.
  func history(_ symbol: String, _ resolution: Resolution, from: Timestamp, to: Timestamp)
    async throws -> [Bar]?
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
