import Store
import Time

/// What was bought and sold since midnight UTC, by symbol: shares bought today have not gained or
/// lost what the market did before.
struct DayTrades: Sendable {
  /// Shares bought less shares sold, and the money that went for them.
  struct Net: Sendable, Hashable {
    var quantity = 0
    var spent = Cents.zero
  }

  private(set) var bySymbol: [String: Net] = [:]

  init(_ fills: [Fill]) {
    for fill in fills {
      let sign = fill.side == .buy ? 1 : -1
      bySymbol[fill.symbol, default: Net()].quantity += sign * fill.quantity
      bySymbol[fill.symbol, default: Net()].spent =
        (bySymbol[fill.symbol]?.spent ?? .zero) + Cents(sign * fill.total.amount)
    }
  }

  /// The change of a holding's worth since midnight: what it is worth now, less what the shares of
  /// the night before were worth at the close, less what today's trades cost.
  func change(of symbol: String, quantity: Int, value: Cents, previousClose: Price) -> Cents {
    let net = bySymbol[symbol] ?? Net()
    let before = previousClose.total(of: quantity - net.quantity) ?? .zero
    return value - before - net.spent
  }
}

extension TradingBook {
  /// The user's fills since a moment, newest first, as many as a few pages hold.
  func fills(_ user: String, since moment: Timestamp) async throws -> [Fill] {
    var fills: [Fill] = []
    var cursor: String?
    for _ in 0..<4 {
      let page = try await store.query(
        Query(
          pk: "USER#\(user)", .beginsWith("TXN#"), limit: 250, direction: .descending,
          cursor: cursor))
      let read = page.items.compactMap { Fill(attributes: $0.attributes) }
      fills += read.filter { $0.time >= moment }
      cursor = page.cursor
      if cursor == nil || read.last.map({ $0.time < moment }) ?? true { break }
    }
    return fills
  }
}
