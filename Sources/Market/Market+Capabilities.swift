import Store

/// What the market's functions may do in the store.
extension MarketService {
  /// Function name → its list: quotes and the day's budget of calls, and nothing of any user.
  package static let capabilities: [String: [Capability]] = [
    "StockCheckerFunction": quotes.capabilities,
    "getStockData": quotes.capabilities,
    "getMarketClock": [],
    "getMarketCalendar": [],
    "streamQuotes": quotes.capabilities,
  ]

  /// Reading a price and keeping it: what trading asks the market for runs under this list, not
  /// under that of the function that trades.
  package static let quotes = StoreGrant(
    "market",
    [
      Capability(Capability.reading, pk: .prefix("STOCK#")),
      Capability([.put, .update], pk: .prefix("STOCK#"), sk: .prefix("QUOTE#")),
      Capability([.query], index: .g1, pk: .exact("CATALOG")),
      Capability([.query], index: .g2, pk: .exact("CHECK")),
      Capability([.get, .put, .update], pk: .prefix("BUDGET#AV#"), sk: .exact("COUNT")),
    ])
}
