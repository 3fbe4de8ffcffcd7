import JSON
import Time

/// What an account was worth at past moments: its present cash and shares with its fills undone, the
/// newest first, the shares at the closes of then.
struct EquityHistory: Sendable {
  /// The account now, whose own marks are the last point.
  var present: Portfolio
  /// Newest first, back to where the range begins.
  var fills: [Fill]
  /// What came before is not known: there are more fills than are read; nil when there are not.
  var knownSince: Timestamp?
  /// Closes by symbol and moment.
  var closes: [String: [Timestamp: Price]]

  /// Prices of one stock, oldest first.
  private struct Prices {
    var times: [Timestamp] = []
    var prices: [Price] = []

    /// The newest at a moment; before the first, the first.
    func price(at moment: Timestamp) -> Price? {
      var low = 0
      var high = times.count
      while low < high {
        let middle = (low + high) / 2
        if times[middle] <= moment { low = middle + 1 } else { high = middle }
      }
      return prices.isEmpty ? nil : prices[max(0, low - 1)]
    }
  }

  /// What is known of each price: the closes, between them what was paid, at last the present mark.
  private func prices() -> [String: Prices] {
    var known: [String: [(time: Timestamp, isClose: Bool, price: Price)]] = [:]
    for (symbol, closes) in closes {
      known[symbol, default: []] += closes.map { ($0.key, true, $0.value) }
    }
    for fill in fills.reversed() {
      known[fill.symbol, default: []].append((fill.time, false, fill.price))
    }
    for line in present.held {
      guard let price = line.market?.bid ?? line.position.averageCost else { continue }
      known[line.position.symbol, default: []].append((present.asOf, true, price))
    }
    return known.mapValues { rows in
      let sorted = rows.sorted { ($0.time, $0.isClose ? 1 : 0) < ($1.time, $1.isClose ? 1 : 0) }
      return Prices(times: sorted.map(\.time), prices: sorted.map(\.price))
    }
  }

  /// The value at each of the moments that the account had opened by, and now.
  func equity(at moments: [Timestamp]) -> [(time: Timestamp, value: Cents)] {
    let prices = prices()
    var cash = present.account.cash
    var shares = Dictionary(
      present.held.map { ($0.position.symbol, $0.position.quantity) },
      uniquingKeysWith: { first, _ in first })
    var next = 0
    var series = [(time: present.asOf, value: present.equity)]
    for moment in moments.reversed() where moment < present.asOf {
      if moment < present.account.createdAt || moment < knownSince ?? moment { break }
      while next < fills.count, fills[next].time > moment {
        let fill = fills[next]
        let sign = fill.side == .buy ? 1 : -1
        cash = cash + Cents(sign * fill.total.amount)
        shares[fill.symbol, default: 0] -= sign * fill.quantity
        next += 1
      }
      var value = cash
      for (symbol, quantity) in shares where quantity > 0 {
        value = value + (prices[symbol]?.price(at: moment)?.total(of: quantity) ?? .zero)
      }
      series.append((moment, value))
    }
    return series.reversed()
  }

  /// The answer in the manner of a portfolio history: parallel arrays.
  func json(_ range: HistoryRange) -> JSON {
    let moments = range.moments(until: present.asOf)
    let series = equity(at: moments)
    let base = present.startingCash
    var valued = series
    // An account that was opened within the range began with its cash.
    if let first = moments.first, present.account.createdAt > first, knownSince == nil {
      valued.insert((present.account.createdAt, base), at: 0)
    }
    return [
      "timestamp": .array(series.map { .int($0.time.seconds) }),
      "equity": .array(series.map { $0.value.json }),
      "profit_loss": .array(series.map { ($0.value - base).json }),
      "profit_loss_pct": .array(series.map { fraction(Self.share($0.value - base, of: base)) }),
      "base_value": base.json,
      "base_value_asof": .string(String(present.account.createdAt.iso8601.prefix(10))),
      "period": .string(range.period.rawValue), "timeframe": .string(range.timeframe.rawValue),
      "time_weighted_return": fraction(TimeWeightedReturn.millionths(valued)),
      "known_since": knownSince.map { .int($0.seconds) } ?? .null,
    ]
  }

  private static func share(_ part: Cents, of whole: Cents) -> Int? {
    guard whole > .zero else { return nil }
    return Int(exactly: divideHalfEven(Int128(part.amount) * 1_000_000, by: Int128(whole.amount)))
  }
}
