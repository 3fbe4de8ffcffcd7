import Cryptography
import HTTPExchange
import JSON
import Store
import Time

/// The documents' answers (S1) with more fields, and errors as problems.
enum TradeAnswers {
  /// The body for an outcome; a repeated request gets the same again.
  static func answer(_ outcome: TradeOutcome) -> JSON {
    switch outcome {
    case .filled(let order, let fill, let account, let position):
      return filled(order, fill, account, position)
    case .opened(let order, let account):
      var object = order.json.object ?? JSONObject()
      object["success"] = true
      object["orderId"] = .string(order.id)
      object["executionId"] = .string(order.executionID)
      object["cash"] = account.cash.json
      object["message"] = .string(
        "Order to \(order.side.rawValue) \(order.quantity) "
          + "\(order.quantity == 1 ? "share" : "shares") of \(order.symbol) is open")
      return .object(object)
    }
  }

  private static func filled(
    _ order: Order, _ fill: Fill, _ account: CashAccount, _ position: Position
  ) -> JSON {
    let isBuy = fill.side == .buy
    var object = JSONObject([
      // S1's id is 32 hexadecimal digits; the fill's own id sorts by time, so its digest is used.
      ("id", .string(String(SHA256.hash(fill.id).hex.prefix(32)))),
      ("symbol", .string(fill.symbol)), ("price", .string(fill.price.text)),
      ("type", .string(fill.side.rawValue)), ("quantity", .int(fill.quantity)),
      ("timestamp", .string(fill.time.iso8601)),
      (isBuy ? "total_cost" : "total_received", .string(fill.total.text)), ("success", true),
      (
        "message",
        .string(
          "Successfully \(isBuy ? "bought" : "sold") \(fill.quantity) shares of \(fill.symbol) "
            + "at $\(fill.price.text) each")
      ),
      ("orderId", .string(order.id)), ("transactionId", .string(fill.id)),
      ("executionId", .string(order.executionID)), ("cash", account.cash.json),
      ("quoteId", .string(fill.quoteID)),
    ])
    object["requestedPrice"] = order.hint?.json ?? .null
    object["position"] = [
      "symbol": .string(position.symbol), "quantity": .int(position.quantity),
      "averageCost": position.averageCost?.json ?? .null,
    ]
    if !isBuy { object["realisedProfit"] = fill.realised.json }
    return .object(object)
  }

  /// A row of the history.
  static func transaction(_ fill: Fill) -> JSON {
    [
      "id": .string(fill.id), "orderId": .string(fill.orderID), "symbol": .string(fill.symbol),
      "type": .string(fill.side.rawValue), "quantity": .int(fill.quantity),
      "price": .string(fill.price.text), "total": .string(fill.total.text),
      "realisedProfit": fill.realised.json,
      "cashAfter": fill.cashAfter?.json ?? .null,
      "executionId": fill.executionID.isEmpty ? .null : .string(fill.executionID),
      "timestamp": .string(fill.time.iso8601),
    ]
  }

  /// The problem of an error, or nil when it is not ours to explain.
  static func problem(_ error: any Error) -> Problem? {
    switch error {
    case let problem as Problem: problem
    case let rejection as Rejection: self.rejection(rejection)
    case let error as TradeError: self.error(error)
    case is AccountLanes.Busy, StoreError.busy:
      Problem(
        status: 503, error: "busy", message: "Too many orders wait; nothing happened",
        headers: HeaderFields([("retry-after", "1")]))
    case StoreError.conflict:
      Problem(status: 409, error: "conflict", message: "Another order was faster; try again")
    default: nil
    }
  }

  private static func rejection(_ rejection: Rejection) -> Problem {
    switch rejection {
    case .insufficientFunds(let required, let available):
      Problem(
        status: 403, error: rejection.word,
        message: "Insufficient funds: $\(required.text) needed, $\(available.text) available",
        details: JSONObject([("required", required.json), ("available", available.json)]))
    case .insufficientShares(let required, let available):
      Problem(
        status: 403, error: rejection.word,
        message: "Insufficient shares: \(required) needed, \(available) available",
        details: JSONObject([("required", .int(required)), ("available", .int(available))]))
    case .priceMoved(let requested, let market):
      Problem(
        status: 409, error: rejection.word,
        message: "The price moved away from $\(requested.text) before the order",
        details: JSONObject([
          ("requestedPrice", requested.json), ("quote", quote(market)),
        ]))
    case .staleQuote:
      Problem(
        status: 503, error: rejection.word, message: "The last quote is too old to trade on",
        headers: HeaderFields([("retry-after", "5")]))
    case .marketClosed(let opens):
      Problem(
        status: 423, error: rejection.word,
        message: "The market is closed; it opens at \(opens.iso8601)",
        details: JSONObject([("nextOpen", .string(opens.iso8601))]))
    case .amountTooLarge:
      Problem(status: 400, error: rejection.word, message: "The order's value is too large")
    }
  }

  private static func error(_ error: TradeError) -> Problem {
    switch error {
    case .unknownSymbol(let symbol):
      Problem(status: 404, error: "unknown_symbol", message: "There is no stock '\(symbol)'")
    case .quoteUnavailable:
      Problem(
        status: 503, error: "quote_unavailable", message: "No quote is available",
        headers: HeaderFields([("retry-after", "5")]))
    case .idempotencyMismatch:
      Problem(
        status: 422, error: "idempotency_mismatch",
        message: "This Idempotency-Key was used for another request")
    case .inProgress:
      Problem(
        status: 409, error: "idempotency_in_progress",
        message: "The first request with this Idempotency-Key is still being carried out",
        headers: HeaderFields([("retry-after", "1")]))
    case .duplicateClientOrderID:
      Problem(
        status: 422, error: "duplicate_client_order_id", message: "This client_order_id was used")
    case .conflict, .alreadyDone:
      Problem(status: 409, error: "conflict", message: "The account is busy; try again")
    case .unknownOrder: Problem(status: 404, error: "not_found", message: "There is no such order")
    case .orderIsFinal(let status):
      Problem(
        status: 409, error: "order_is_final", message: "The order is \(status.rawValue) already")
    }
  }

  static func quote(_ market: MarketPrice) -> JSON {
    [
      "quoteId": .string(market.quoteID), "symbol": .string(market.symbol),
      "bid": market.bid.json, "ask": market.ask.json, "price": market.last.json,
      "asOf": .string(market.asOf.iso8601),
    ]
  }
}
