/// What the operator may set about trading.
package struct TradingRules: Sendable, Hashable {
  /// How much worse than the client's price the market may be, in thousandths.
  package var collarPermille = 50
  /// A quote older than this is no price.
  package var quoteAgeSeconds = 120
  /// How long an idempotency key is remembered.
  package var idempotencySeconds = 86_400
  /// Shares of one order at most.
  package var quantityMost = 1_000_000
  /// Opening cash of an account.
  package var startingCash = Cents(10_000_000)

  package init() {}
}
