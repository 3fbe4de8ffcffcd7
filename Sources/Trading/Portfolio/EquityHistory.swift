import JSON
import Time

/// What an account was worth at past moments: its fills replayed, its shares at the closes of then.
struct EquityHistory: Sendable {
  /// How far back, and how finely.
  enum Period: String, CaseIterable {
    case day = "1D"
    case week = "1W"
    case month = "1M"

    var step: Duration {
      switch self {
      case .day: .seconds(900)
      case .week: .seconds(3_600)
      case .month: .seconds(86_400)
      }
    }

    var points: Int {
      switch self {
      case .day: 96
      case .week: 168
      case .month: 30
      }
    }
  }

  var startingCash: Cents
  var openedAt: Timestamp
  /// Oldest first.
  var fills: [Fill]
  /// Closes by symbol and moment; a moment without one takes the one before.
  var closes: [String: [Timestamp: Price]]

  /// The value at each moment, all of them after the opening.
  func equity(at moments: [Timestamp]) -> [(Timestamp, Cents)] {
    var cash = startingCash
    var shares: [String: Int] = [:]
    var last: [String: Price] = [:]
    var next = 0
    return moments.filter { $0 >= openedAt }.map { moment in
      while next < fills.count, fills[next].time <= moment {
        let fill = fills[next]
        let sign = fill.side == .buy ? 1 : -1
        cash = cash - Cents(sign * fill.total.amount)
        shares[fill.symbol, default: 0] += sign * fill.quantity
        // Until a close is known, a share is worth what was paid last.
        last[fill.symbol] = fill.price
        next += 1
      }
      var equity = cash
      for (symbol, quantity) in shares where quantity > 0 {
        if let close = closes[symbol]?[moment] { last[symbol] = close }
        equity = equity + (last[symbol]?.total(of: quantity) ?? .zero)
      }
      return (moment, equity)
    }
  }

  /// The answer in the manner of a portfolio history: parallel arrays.
  func json(at moments: [Timestamp], period: Period) -> JSON {
    let series = equity(at: moments)
    return [
      "timestamp": .array(series.map { .int($0.0.seconds) }),
      "equity": .array(series.map { $0.1.json }),
      "profit_loss": .array(series.map { ($0.1 - startingCash).json }),
      "base_value": startingCash.json, "timeframe": .string(period.rawValue),
    ]
  }
}
