import JSON
import Time

/// The state of one account made again from its ledger alone: what is stored must be the same bytes.
package struct LedgerReplay: Sendable, Hashable {
  /// Cash, realised profit and the number of the last entry; nil before the opening.
  package private(set) var account: CashAccount?
  /// Shares and their cost by symbol, sold out ones included.
  package private(set) var positions: [String: Position] = [:]

  /// What no account comes near; a damaged store must end in a finding, not in an overflow.
  static let bound = 1 << 60

  package init() {}

  /// Opens the account.
  package mutating func open(with cash: Cents, at time: Timestamp) {
    account = CashAccount(cash: cash, createdAt: time)
  }

  /// Books a fill and answers it as the book must have it; nil before the opening, and for sums
  /// beyond all bounds.
  package mutating func book(_ fill: Fill) -> Fill? {
    guard var account else { return nil }
    var position = positions[fill.symbol] ?? Position(symbol: fill.symbol)
    for amount in [
      account.cash.amount, account.realised.amount, position.cost.amount, position.quantity,
      fill.total.amount, fill.quantity, position.day?.quantity ?? 0,
      position.day?.spent.amount ?? 0,
    ] where amount.magnitude > Self.bound { return nil }
    var booked = fill
    switch fill.side {
    case .buy:
      account.cash = account.cash - fill.total
      position.quantity += fill.quantity
      position.cost = position.cost + fill.total
      booked.relievedCost = .zero
    case .sell:
      booked.relievedCost = position.relievedCost(of: fill.quantity)
      account.cash = account.cash + fill.total
      account.realised = account.realised + fill.total - booked.relievedCost
      position.quantity -= fill.quantity
      position.cost = position.cost - booked.relievedCost
    }
    account.sequence += 1
    position.count(fill)
    self.account = account
    positions[fill.symbol] = position
    if fill.cashAfter != nil { booked.cashAfter = account.cash }
    return booked
  }

  /// Reserves what an open order holds.
  package mutating func hold(_ order: Order) {
    guard order.status == .accepted, let limit = order.limit, let account,
      (1...Self.bound).contains(order.quantity), let total = limit.total(of: order.quantity)
    else { return }
    switch order.side {
    case .buy where account.holds.amount <= Self.bound:
      self.account?.holds = account.holds + total
    case .sell where positions[order.symbol, default: .init(symbol: "")].held <= Self.bound:
      positions[order.symbol, default: Position(symbol: order.symbol)].held += order.quantity
    default: break
    }
  }
}
