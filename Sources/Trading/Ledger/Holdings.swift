import JSON
import Time

/// A user's cash; `holds` is what open buy orders have reserved of it.
package struct CashAccount: Sendable, Hashable {
  package var cash: Cents
  package var holds: Cents
  /// The last ledger entry.
  package var sequence: Int
  /// Realised profit since the opening.
  package var realised: Cents
  package var createdAt: Timestamp

  package init(
    cash: Cents, holds: Cents = .zero, sequence: Int = 1, realised: Cents = .zero,
    createdAt: Timestamp
  ) {
    self.cash = cash
    self.holds = holds
    self.sequence = sequence
    self.realised = realised
    self.createdAt = createdAt
  }

  /// What an order may spend.
  package var available: Cents { cash - holds }

  /// The stored form.
  package var attributes: JSONObject {
    JSONObject([
      ("type", "account"), ("cash", .int(cash.amount)), ("holds", .int(holds.amount)),
      ("sequence", .int(sequence)), ("realised", .int(realised.amount)),
      ("createdAt", .string(createdAt.iso8601)),
    ])
  }

  /// Reads the stored form.
  package init?(attributes: JSONObject) {
    guard let cash = attributes["cash"]?.int, let holds = attributes["holds"]?.int,
      let sequence = attributes["sequence"]?.int, let realised = attributes["realised"]?.int,
      let createdAt = attributes["createdAt"]?.string.flatMap(Timestamp.init(iso8601:))
    else { return nil }
    self.init(
      cash: Cents(cash), holds: Cents(holds), sequence: sequence, realised: Cents(realised),
      createdAt: createdAt)
  }
}

/// Shares of one symbol with what they cost in all (average cost).
package struct Position: Sendable, Hashable {
  package var symbol: String
  package var quantity: Int
  /// Shares that open sell orders have reserved.
  package var held: Int
  /// What the shares cost in all.
  package var cost: Cents
  /// What was traded on the day of the last fill; nil in rows that do not know it.
  package var day: DayTrades?

  package init(symbol: String, quantity: Int = 0, held: Int = 0, cost: Cents = .zero) {
    self.symbol = symbol
    self.quantity = quantity
    self.held = held
    self.cost = cost
  }

  /// What an order may sell.
  package var available: Int { quantity - held }

  /// What that many of the shares cost; the last shares take the remainder, so that the parts add up
  /// to what was paid.
  package func relievedCost(of sold: Int) -> Cents {
    if sold >= quantity { return cost }
    return Cents(
      Int(divideHalfEven(Int128(cost.amount) * Int128(sold), by: Int128(max(1, quantity)))))
  }

  /// The average cost of one share.
  package var averageCost: Price? {
    guard quantity > 0 else { return nil }
    return Price(
      units: Int(divideHalfEven(Int128(cost.amount) * 100, by: Int128(quantity))))
  }

  /// The stored form.
  package var attributes: JSONObject {
    var object = JSONObject([
      ("type", "position"), ("symbol", .string(symbol)), ("quantity", .int(quantity)),
      ("held", .int(held)), ("cost", .int(cost.amount)),
    ])
    if let day {
      object["day"] = .int(day.start.milliseconds)
      object["dayQuantity"] = .int(day.quantity)
      object["daySpent"] = .int(day.spent.amount)
    }
    return object
  }

  /// Reads the stored form.
  package init?(attributes: JSONObject) {
    guard let symbol = attributes["symbol"]?.string, let quantity = attributes["quantity"]?.int,
      let held = attributes["held"]?.int, let cost = attributes["cost"]?.int
    else { return nil }
    self.init(symbol: symbol, quantity: quantity, held: held, cost: Cents(cost))
    if let start = attributes["day"]?.int {
      guard let bought = attributes["dayQuantity"]?.int, let spent = attributes["daySpent"]?.int
      else { return nil }
      day = DayTrades(
        start: Timestamp(milliseconds: start), quantity: bought, spent: Cents(spent))
    }
  }
}
