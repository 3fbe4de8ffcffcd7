import Settings

extension TradingRules {
  /// Reads `trading`.
  package init(_ reader: SettingsReader) {
    self.init()
    collarPermille = reader.int("collar_permille", default: collarPermille, in: 0...1_000)
    quoteAgeSeconds = reader.int("quote_age_seconds", default: quoteAgeSeconds, in: 1...86_400)
    idempotencySeconds = reader.int(
      "idempotency_seconds", default: idempotencySeconds, in: 60...2_592_000)
    quantityMost = reader.int("quantity_most", default: quantityMost, in: 1...1_000_000)
    startingCash = Cents(
      reader.int("starting_cash_cents", default: startingCash.amount, in: 0...100_000_000_000))
  }
}

extension AccountStreamSettings {
  /// Reads `trading`.
  package init(_ reader: SettingsReader) {
    self.init()
    streams = reader.int("streams", default: streams, in: 1...1_000_000)
    streamsPerUser = reader.int("streams_per_user", default: streamsPerUser, in: 1...1_000)
    heartbeatMilliseconds = reader.int(
      "heartbeat_ms", default: heartbeatMilliseconds, in: 1_000...60_000)
    ageMilliseconds = reader.int(
      "stream_age_ms", default: ageMilliseconds, in: 1_000...86_400_000)
  }
}

/// What the operator may set about trading.
package struct TradingSettings: Sendable, Hashable {
  /// The rules of orders.
  package var rules: TradingRules
  /// The streams of accounts.
  package var streams: AccountStreamSettings
  /// The state machine that every trade runs through, in Amazon States Language.
  package var workflowFile: String

  /// Reads `trading`.
  package init(_ reader: SettingsReader) {
    rules = TradingRules(reader)
    streams = AccountStreamSettings(reader)
    workflowFile = reader.string("workflow", default: "site/workflows/stock-trader.asl.json")
  }
}
