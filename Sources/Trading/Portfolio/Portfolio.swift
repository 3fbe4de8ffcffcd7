import JSON
import Time

/// Cash and positions marked to the market: what the account is worth now.
struct Portfolio: Sendable {
  struct Line: Sendable {
    var position: Position
    /// nil when the market knows no price: the line is shown at cost.
    var market: MarketPrice?
  }

  var account: CashAccount
  var lines: [Line]
  var startingCash: Cents
  var asOf: Timestamp
  /// Today's trades, for the change of the day.
  var today = DayTrades([])

  /// The day's change of what was held this morning and is no more.
  var soldOutChange = Cents.zero

  /// Cash and shares at the bid, what they would bring.
  var equity: Cents {
    lines.reduce(account.cash) { $0 + value(of: $1) }
  }

  private func value(of line: Line) -> Cents {
    line.market?.bid.total(of: line.position.quantity) ?? line.position.cost
  }

  private static func percent(_ part: Cents, of whole: Cents) -> JSON {
    guard whole.amount != 0 else { return .int(0) }
    let basisPoints = Int(divideHalfEven(Int128(part.amount) * 10_000, by: Int128(whole.amount)))
    return .number(JSONNumber(text: decimalText(basisPoints, places: 2)) ?? JSONNumber(0))
  }

  var json: JSON {
    let equity = equity
    let profit = equity - startingCash
    var dayChange = soldOutChange
    let positions = lines.map { line -> JSON in
      let value = value(of: line)
      let position = line.position
      var object = JSONObject([
        ("symbol", .string(position.symbol)), ("quantity", .int(position.quantity)),
        ("available", .int(position.available)), ("cost", position.cost.json),
        ("averageCost", position.averageCost?.json ?? .null), ("marketValue", value.json),
        ("unrealisedProfit", (value - position.cost).json),
        ("unrealisedPercent", Self.percent(value - position.cost, of: position.cost)),
      ])
      if let market = line.market {
        object["price"] = market.last.json
        object["bid"] = market.bid.json
        let change = today.change(
          of: position.symbol, quantity: position.quantity, value: value,
          previousClose: market.previousClose)
        object["dayChange"] = change.json
        dayChange = dayChange + change
      }
      return .object(object)
    }
    return [
      "cash": account.cash.json, "holds": account.holds.json, "available": account.available.json,
      "equity": equity.json, "startingCash": startingCash.json, "profit": profit.json,
      "profitPercent": Self.percent(profit, of: startingCash),
      "realisedProfit": account.realised.json, "dayChange": dayChange.json,
      "positions": .array(positions),
      "holdings": .object(
        JSONObject(lines.map { ($0.position.symbol, .int($0.position.quantity)) })),
      "asOf": .string(asOf.iso8601),
    ]
  }
}
