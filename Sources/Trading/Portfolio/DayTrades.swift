import Time

/// What was bought and sold of one stock on one day of the market, kept with the position: shares
/// bought today have not gained or lost what the market did before.
///
/// It is counted in each fill's commit, so that the change of a day is exact after any number of
/// fills and costs no reads.
package struct DayTrades: Sendable, Hashable {
  /// When the day began over which quotes count their change.
  package var start: Timestamp
  /// Shares bought less shares sold.
  package var quantity = 0
  /// The money that went for them.
  package var spent = Cents.zero

  package init(start: Timestamp, quantity: Int = 0, spent: Cents = .zero) {
    self.start = start
    self.quantity = quantity
    self.spent = spent
  }
}

extension Position {
  /// Counts a fill into its day; a later day begins with nothing.
  package mutating func count(_ fill: Fill) {
    guard let start = fill.day else { return }
    var trades = day ?? DayTrades(start: start)
    if start > trades.start { trades = DayTrades(start: start) }
    // A day that begins earlier than it did, after a change of the settings, has these trades too.
    trades.start = start
    let sign = fill.side == .buy ? 1 : -1
    trades.quantity += sign * fill.quantity
    trades.spent = trades.spent + Cents(sign * fill.total.amount)
    day = trades
  }

  /// The trades of the day that began then; nil when there were none.
  func trades(since start: Timestamp) -> DayTrades? {
    day.flatMap { $0.start >= start ? $0 : nil }
  }

  /// The change of a holding's worth since the day began: what it is worth now, less what the shares
  /// of the night before were worth at the close, less what today's trades cost.
  func dayChange(value: Cents, previousClose: Price, since start: Timestamp) -> Cents {
    let today = trades(since: start)
    let before = previousClose.total(of: quantity - (today?.quantity ?? 0)) ?? .zero
    return value - before - (today?.spent ?? .zero)
  }
}
