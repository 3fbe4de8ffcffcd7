import JSON
import Time

/// Cash and positions marked to the market: what the account is worth now.
struct Portfolio: Sendable {
  struct Line: Sendable {
    var position: Position
    /// nil when the market knows no price: the line is shown at cost.
    var market: MarketPrice?

    /// What the shares would bring: they are marked at the bid, here and on the page.
    var value: Cents {
      market?.bid.total(of: position.quantity) ?? position.cost
    }
  }

  var account: CashAccount
  /// Every stock that was ever held; those sold out still count for the change of the day.
  var lines: [Line]
  /// When the market's day began.
  var dayStart: Timestamp
  var asOf: Timestamp

  var held: [Line] { lines.filter { $0.position.quantity > 0 } }

  /// Cash and shares at the bid, what they would bring.
  var equity: Cents { held.reduce(account.cash) { $0 + $1.value } }

  /// What the account was opened with: all that is there was paid from it or earned since.
  var startingCash: Cents {
    lines.reduce(account.cash - account.realised) { $0 + $1.position.cost }
  }

  /// The change of a line's worth since the day began; nil when the market knows no price.
  private func dayChange(of line: Line) -> Cents? {
    line.market.map {
      line.position.dayChange(
        value: line.value, previousClose: $0.previousClose, since: dayStart)
    }
  }

  private static func percent(_ part: Cents, of whole: Cents) -> JSON {
    guard whole.amount != 0 else { return .int(0) }
    let basisPoints = Int(divideHalfEven(Int128(part.amount) * 10_000, by: Int128(whole.amount)))
    return .number(JSONNumber(text: decimalText(basisPoints, places: 2)) ?? JSONNumber(0))
  }

  private func json(of line: Line) -> JSON {
    let position = line.position
    let profit = line.value - position.cost
    var object = JSONObject([
      ("symbol", .string(position.symbol)), ("quantity", .int(position.quantity)),
      ("available", .int(position.available)), ("cost", position.cost.json),
      ("averageCost", position.averageCost?.json ?? .null), ("marketValue", line.value.json),
      ("unrealisedProfit", profit.json),
      ("unrealisedPercent", Self.percent(profit, of: position.cost)),
    ])
    if let market = line.market {
      object["price"] = market.last.json
      object["bid"] = market.bid.json
      object["asOf"] = .string(market.asOf.iso8601)
      object["stale"] = .bool(market.isStale)
    }
    object["dayChange"] = dayChange(of: line)?.json
    return .object(object)
  }

  var json: JSON {
    let equity = equity
    let profit = equity - startingCash
    let dayChange = lines.reduce(Cents.zero) { $0 + (self.dayChange(of: $1) ?? .zero) }
    return [
      "cash": account.cash.json, "holds": account.holds.json, "available": account.available.json,
      "equity": equity.json, "startingCash": startingCash.json, "profit": profit.json,
      "profitPercent": Self.percent(profit, of: startingCash),
      "realisedProfit": account.realised.json, "dayChange": dayChange.json,
      "positions": .array(held.map(json)),
      "holdings": .object(
        JSONObject(held.map { ($0.position.symbol, .int($0.position.quantity)) })),
      "asOf": .string(asOf.iso8601),
    ]
  }
}
