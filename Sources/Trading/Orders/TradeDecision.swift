import Time

/// The price an order meets: the server's own, never the client's.
package struct MarketPrice: Sendable, Hashable {
  /// Names the quote in orders, fills and answers.
  package var quoteID: String
  package var symbol: String
  package var bid: Price
  package var ask: Price
  package var last: Price
  package var previousClose: Price
  package var asOf: Timestamp
  /// That the market is closed; nil while it trades.
  package var closure: Closure?
  /// Older than an order may meet: good enough for what something is worth.
  package var isStale: Bool

  /// Between two sessions nothing is filled.
  package struct Closure: Sendable, Hashable {
    /// When the last session ended.
    package var since: Timestamp
    /// When the next one begins.
    package var opens: Timestamp

    package init(since: Timestamp, opens: Timestamp) {
      self.since = since
      self.opens = opens
    }
  }

  package init(
    quoteID: String, symbol: String, bid: Price, ask: Price, last: Price, previousClose: Price,
    asOf: Timestamp, closure: Closure? = nil, isStale: Bool = false
  ) {
    self.quoteID = quoteID
    self.symbol = symbol
    self.bid = bid
    self.ask = ask
    self.last = last
    self.previousClose = previousClose
    self.asOf = asOf
    self.closure = closure
    self.isStale = isStale
  }

  /// What that side pays or gets.
  package func price(for side: Side) -> Price { side == .buy ? ask : bid }
}

/// Why an order is refused; each is an answer and a workflow error.
package enum Rejection: Error, Sendable, Hashable {
  case insufficientFunds(required: Cents, available: Cents)
  case insufficientShares(required: Int, available: Int)
  case priceMoved(requested: Price, market: MarketPrice)
  case staleQuote
  /// A market order between two sessions; a limit waits for the next one.
  case marketClosed(opens: Timestamp)
  case amountTooLarge
}

/// What an order comes to, from account, position and price: a pure decision.
package enum TradeDecision: Sendable, Hashable {
  /// Executed at once.
  case fill(Fill, CashAccount, Position)
  /// A limit that the market does not meet yet, or not before it opens: reserved and open.
  case open(CashAccount, Position)
  case reject(Rejection)

  /// Decides.
  ///
  /// - Parameters:
  ///   - collar: how much worse than the client's price the market may be, in thousandths.
  ///   - fillID: the id of the fill, should there be one.
  ///   - day: when the market's day began.
  package static func decide(
    _ order: Order, account: CashAccount, position: Position, market: MarketPrice, collar: Int,
    fillID: String, now: Timestamp, day: Timestamp
  ) -> TradeDecision {
    if let closure = market.closure {
      guard let limit = order.limit, order.kind == .limit else {
        return .reject(.marketClosed(opens: closure.opens))
      }
      return reserve(order, limit: limit, account: account, position: position)
    }
    let price = market.price(for: order.side)
    if order.kind == .market, let hint = order.hint,
      hint.isExceeded(by: price, permille: collar, upwards: order.side == .buy)
    {
      return .reject(.priceMoved(requested: hint, market: market))
    }
    if let limit = order.limit, order.kind == .limit {
      let meets = order.side == .buy ? price <= limit : price >= limit
      if !meets { return reserve(order, limit: limit, account: account, position: position) }
    }
    guard let total = price.total(of: order.quantity) else { return .reject(.amountTooLarge) }
    var account = account
    var position = position
    var relieved = Cents.zero
    switch order.side {
    case .buy:
      guard account.available >= total else {
        return .reject(.insufficientFunds(required: total, available: account.available))
      }
      account.cash = account.cash - total
      position.quantity += order.quantity
      position.cost = position.cost + total
    case .sell:
      guard position.available >= order.quantity else {
        return .reject(
          .insufficientShares(required: order.quantity, available: position.available))
      }
      relieved = position.relievedCost(of: order.quantity)
      account.cash = account.cash + total
      account.realised = account.realised + total - relieved
      position.quantity -= order.quantity
      position.cost = position.cost - relieved
    }
    account.sequence += 1
    let fill = Fill(
      id: fillID, orderID: order.id, symbol: order.symbol, side: order.side,
      quantity: order.quantity, price: price, total: total, relievedCost: relieved,
      quoteID: market.quoteID, executionID: order.executionID, cashAfter: account.cash, time: now,
      day: day)
    position.count(fill)
    return .fill(fill, account, position)
  }

  private static func reserve(
    _ order: Order, limit: Price, account: CashAccount, position: Position
  ) -> TradeDecision {
    var account = account
    var position = position
    switch order.side {
    case .buy:
      guard let total = limit.total(of: order.quantity) else { return .reject(.amountTooLarge) }
      guard account.available >= total else {
        return .reject(.insufficientFunds(required: total, available: account.available))
      }
      account.holds = account.holds + total
    case .sell:
      guard position.available >= order.quantity else {
        return .reject(
          .insufficientShares(required: order.quantity, available: position.available))
      }
      position.held += order.quantity
    }
    return .open(account, position)
  }

  /// Gives back what an open order had reserved.
  package static func release(_ order: Order, account: inout CashAccount, position: inout Position)
  {
    guard let limit = order.limit, order.status == .accepted else { return }
    switch order.side {
    case .buy: account.holds = account.holds - (limit.total(of: order.quantity) ?? .zero)
    case .sell: position.held -= order.quantity
    }
  }
}
