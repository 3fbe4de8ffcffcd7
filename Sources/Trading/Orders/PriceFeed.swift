import Time

/// Where prices come from: bound to the market in the assembly.
package protocol PriceFeed: Sendable {
  /// Whether there is such a stock, whatever is known of its price now.
  func knows(_ symbol: String) -> Bool
  /// The newest quote; nil or an error when there is none. Whoever cannot use one that was fetched
  /// longer ago than `age` asks for a newer one, which may cost a call of its source; it is what is
  /// there otherwise.
  func price(of symbol: String, fetchedWithin age: Duration?) async throws -> MarketPrice?
  /// The closes of the steps within a range, by the moment at which each step ends.
  func closes(of symbol: String, from: Timestamp, to: Timestamp, step: Duration) async throws
    -> [Timestamp: Price]
  /// When the day began over which quotes of a moment count their change.
  func dayStart(at moment: Timestamp) -> Timestamp
  /// What the company is called; nil when the source has no names.
  func companyName(of symbol: String) -> String?
}

extension PriceFeed {
  /// A source of prices alone.
  package func companyName(of symbol: String) -> String? { nil }

  /// Midnight UTC.
  package func dayStart(at moment: Timestamp) -> Timestamp {
    Timestamp(seconds: moment.seconds / 86_400 * 86_400)
  }
}
