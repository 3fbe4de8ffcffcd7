import JSON
import Time

/// One balanced entry of a user's journal: for each commodity the postings add up to zero.
package struct LedgerEntry: Sendable, Hashable {
  /// One leg.
  package struct Posting: Sendable, Hashable {
    /// `ASSET:CASH`, `ASSET:POS:AAPL`, `MARKET:CASH`, `MARKET:AAPL`, `EQUITY:FUNDING`.
    package var account: String
    /// `USD` in cents, or a symbol in shares.
    package var commodity: String
    package var amount: Int

    package init(_ account: String, _ commodity: String, _ amount: Int) {
      self.account = account
      self.commodity = commodity
      self.amount = amount
    }
  }

  /// From 1 without gaps.
  package var sequence: Int
  package var time: Timestamp
  /// The fill, or `funding`.
  package var reference: String
  package private(set) var postings: [Posting]

  private init(sequence: Int, time: Timestamp, reference: String, postings: [Posting]) {
    self.sequence = sequence
    self.time = time
    self.reference = reference
    self.postings = postings
  }

  /// The opening entry of an account.
  package static func funding(_ cash: Cents, at time: Timestamp) -> LedgerEntry {
    LedgerEntry(
      sequence: 1, time: time, reference: "funding",
      postings: [
        Posting("ASSET:CASH", "USD", cash.amount), Posting("EQUITY:FUNDING", "USD", -cash.amount),
      ])
  }

  /// The entry of a fill: cash one way, shares the other, the market on the far side of both.
  package static func fill(_ fill: Fill, sequence: Int) -> LedgerEntry {
    let sign = fill.side == .buy ? 1 : -1
    let shares = sign * fill.quantity
    let cash = -sign * fill.total.amount
    return LedgerEntry(
      sequence: sequence, time: fill.time, reference: fill.id,
      postings: [
        Posting("ASSET:POS:\(fill.symbol)", fill.symbol, shares),
        Posting("MARKET:\(fill.symbol)", fill.symbol, -shares),
        Posting("ASSET:CASH", "USD", cash),
        Posting("MARKET:CASH", "USD", -cash),
      ])
  }

  /// What the postings of each commodity add up to; a sum that no integer holds is not zero.
  package var sums: [String: Int] {
    var sums: [String: Int] = [:]
    for posting in postings {
      let (sum, overflow) = sums[posting.commodity, default: 0]
        .addingReportingOverflow(posting.amount)
      sums[posting.commodity] = overflow ? Int.max : sum
    }
    return sums
  }

  /// Whether every commodity adds up to zero.
  package var isBalanced: Bool { sums.values.allSatisfy { $0 == 0 } }

  /// The stored form.
  package var attributes: JSONObject {
    JSONObject([
      ("type", "ledger"), ("sequence", .int(sequence)), ("time", .string(time.iso8601)),
      ("reference", .string(reference)),
      (
        "postings",
        .array(
          postings.map { [.string($0.account), .string($0.commodity), .int($0.amount)] })
      ),
    ])
  }

  /// Reads the stored form; nil when it is not whole.
  package init?(attributes: JSONObject) {
    guard let sequence = attributes["sequence"]?.int,
      let time = attributes["time"]?.string.flatMap(Timestamp.init(iso8601:)),
      let reference = attributes["reference"]?.string,
      let legs = attributes["postings"]?.array
    else { return nil }
    var postings: [Posting] = []
    for leg in legs {
      guard let account = leg[0]?.string, let commodity = leg[1]?.string, let amount = leg[2]?.int
      else { return nil }
      postings.append(Posting(account, commodity, amount))
    }
    self.init(sequence: sequence, time: time, reference: reference, postings: postings)
  }

  /// The sort key: zero-padded, so that text order is the order of entries.
  package static func sortKey(_ sequence: Int) -> String {
    let digits = String(sequence)
    return String(repeating: "0", count: max(0, 12 - digits.count)) + digits
  }
}

/// An execution at one price.
package struct Fill: Sendable, Hashable {
  package var id: String
  package var orderID: String
  package var symbol: String
  package var side: Side
  package var quantity: Int
  package var price: Price
  package var total: Cents
  /// What the sold shares had cost; zero for a buy.
  package var relievedCost: Cents
  package var quoteID: String
  /// The execution that brought the order; empty when none did.
  package var executionID: String
  /// The cash after this fill; nil in rows that do not know it.
  package var cashAfter: Cents?
  package var time: Timestamp
  /// When the market's day began; nil in rows that do not know it.
  package var day: Timestamp?

  package init(
    id: String, orderID: String, symbol: String, side: Side, quantity: Int, price: Price,
    total: Cents, relievedCost: Cents, quoteID: String, executionID: String = "",
    cashAfter: Cents? = nil, time: Timestamp, day: Timestamp? = nil
  ) {
    self.id = id
    self.day = day
    self.orderID = orderID
    self.executionID = executionID
    self.cashAfter = cashAfter
    self.symbol = symbol
    self.side = side
    self.quantity = quantity
    self.price = price
    self.total = total
    self.relievedCost = relievedCost
    self.quoteID = quoteID
    self.time = time
  }

  /// Realised profit of a sell.
  package var realised: Cents { side == .sell ? total - relievedCost : .zero }

  /// The stored row of the history.
  package var attributes: JSONObject {
    var object = JSONObject([
      ("type", "transaction"), ("id", .string(id)), ("orderId", .string(orderID)),
      ("symbol", .string(symbol)), ("side", .string(side.rawValue)), ("quantity", .int(quantity)),
      ("price", .int(price.units)), ("total", .int(total.amount)),
      ("relieved", .int(relievedCost.amount)), ("quoteId", .string(quoteID)),
      ("executionId", .string(executionID)), ("time", .string(time.iso8601)),
    ])
    object["cashAfter"] = cashAfter.map { .int($0.amount) }
    object["day"] = day.map { .int($0.milliseconds) }
    return object
  }

  /// Reads the stored row.
  package init?(attributes: JSONObject) {
    guard let id = attributes["id"]?.string, let orderID = attributes["orderId"]?.string,
      let symbol = attributes["symbol"]?.string,
      let side = attributes["side"]?.string.flatMap(Side.init(rawValue:)),
      let quantity = attributes["quantity"]?.int, let price = attributes["price"]?.int,
      let total = attributes["total"]?.int, let relieved = attributes["relieved"]?.int,
      let quoteID = attributes["quoteId"]?.string,
      let time = attributes["time"]?.string.flatMap(Timestamp.init(iso8601:))
    else { return nil }
    self.init(
      id: id, orderID: orderID, symbol: symbol, side: side, quantity: quantity,
      price: Price(units: price), total: Cents(total), relievedCost: Cents(relieved),
      quoteID: quoteID, executionID: attributes["executionId"]?.string ?? "",
      cashAfter: attributes["cashAfter"]?.int.map { Cents($0) }, time: time,
      day: attributes["day"]?.int.map(Timestamp.init(milliseconds:)))
  }
}

/// Buy or sell.
package enum Side: String, Sendable, Hashable, CaseIterable {
  case buy
  case sell
}
