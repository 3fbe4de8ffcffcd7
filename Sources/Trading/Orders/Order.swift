import JSON
import Time

/// An order and what became of it.
package struct Order: Sendable, Hashable {
  /// How it is priced.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    case market
    case limit
  }

  /// Where it stands; the last four are final.
  package enum Status: String, Sendable, Hashable, CaseIterable {
    case new
    case accepted
    case filled
    case canceled
    case expired
    case rejected

    /// Whether nothing may follow.
    package var isFinal: Bool { self != .new && self != .accepted }

    /// Whether the table of transitions has this step.
    package func allows(_ next: Status) -> Bool {
      switch self {
      case .new: next == .accepted || next == .filled || next == .rejected
      case .accepted: next == .filled || next == .canceled || next == .expired
      case .filled, .canceled, .expired, .rejected: false
      }
    }
  }

  package var id: String
  package var user: String
  package var clientOrderID: String?
  package var symbol: String
  package var side: Side
  package var kind: Kind
  package var quantity: Int
  package var limit: Price?
  /// The price that the client saw: a collar, never the execution price.
  package var hint: Price?
  package var status: Status
  package var reason: String
  package var filledPrice: Price?
  package var executionID: String
  package var createdAt: Timestamp
  package var updatedAt: Timestamp

  package init(
    id: String, user: String, clientOrderID: String? = nil, symbol: String, side: Side,
    kind: Kind = .market, quantity: Int, limit: Price? = nil, hint: Price? = nil,
    executionID: String = "", at time: Timestamp
  ) {
    self.id = id
    self.user = user
    self.clientOrderID = clientOrderID
    self.symbol = symbol
    self.side = side
    self.kind = kind
    self.quantity = quantity
    self.limit = limit
    self.hint = hint
    self.executionID = executionID
    status = .new
    reason = ""
    createdAt = time
    updatedAt = time
  }

  /// A new order as it was asked for.
  init(_ request: TradeRequest, id: String, at time: Timestamp) {
    self.init(
      id: id, user: request.user, clientOrderID: request.clientOrderID, symbol: request.symbol,
      side: request.side, kind: request.kind, quantity: request.quantity, limit: request.limit,
      hint: request.hint, executionID: request.executionID, at: time)
  }

  /// Moves to another status; a step that the table lacks is a programmer's error.
  package mutating func move(to next: Status, at time: Timestamp, reason: String = "") {
    precondition(status.allows(next), "an order cannot go from \(status) to \(next)")
    status = next
    updatedAt = time
    self.reason = reason
  }

  /// The stored form, also the shape the API answers but for the user.
  package var attributes: JSONObject {
    var object = JSONObject([
      ("type", "order"), ("id", .string(id)), ("user", .string(user)), ("symbol", .string(symbol)),
      ("side", .string(side.rawValue)), ("kind", .string(kind.rawValue)),
      ("quantity", .int(quantity)), ("status", .string(status.rawValue)),
      ("reason", .string(reason)), ("executionId", .string(executionID)),
      ("createdAt", .string(createdAt.iso8601)), ("updatedAt", .string(updatedAt.iso8601)),
    ])
    if let clientOrderID { object["clientOrderId"] = .string(clientOrderID) }
    if let limit { object["limit"] = .int(limit.units) }
    if let hint { object["hint"] = .int(hint.units) }
    if let filledPrice { object["filledPrice"] = .int(filledPrice.units) }
    return object
  }

  /// Reads the stored form.
  package init?(attributes: JSONObject) {
    guard let id = attributes["id"]?.string, let user = attributes["user"]?.string,
      let symbol = attributes["symbol"]?.string,
      let side = attributes["side"]?.string.flatMap(Side.init(rawValue:)),
      let kind = attributes["kind"]?.string.flatMap(Kind.init(rawValue:)),
      let quantity = attributes["quantity"]?.int,
      let status = attributes["status"]?.string.flatMap(Status.init(rawValue:)),
      let createdAt = attributes["createdAt"]?.string.flatMap(Timestamp.init(iso8601:)),
      let updatedAt = attributes["updatedAt"]?.string.flatMap(Timestamp.init(iso8601:))
    else { return nil }
    self.init(
      id: id, user: user, clientOrderID: attributes["clientOrderId"]?.string, symbol: symbol,
      side: side, kind: kind, quantity: quantity,
      limit: attributes["limit"]?.int.map(Price.init(units:)),
      hint: attributes["hint"]?.int.map(Price.init(units:)),
      executionID: attributes["executionId"]?.string ?? "", at: createdAt)
    self.status = status
    self.updatedAt = updatedAt
    reason = attributes["reason"]?.string ?? ""
    filledPrice = attributes["filledPrice"]?.int.map(Price.init(units:))
  }

  /// What the API answers.
  package var json: JSON {
    var object = JSONObject([
      ("id", .string(id)), ("client_order_id", clientOrderID.map { .string($0) } ?? .null),
      ("symbol", .string(symbol)), ("side", .string(side.rawValue)),
      ("type", .string(kind.rawValue)), ("quantity", .int(quantity)),
      ("filled_quantity", .int(status == .filled ? quantity : 0)),
      ("status", .string(status.rawValue)), ("reason", .string(reason)),
      ("execution_id", .string(executionID)), ("created_at", .string(createdAt.iso8601)),
      ("updated_at", .string(updatedAt.iso8601)),
    ])
    object["limit_price"] = limit?.json ?? .null
    object["requested_price"] = hint?.json ?? .null
    object["filled_avg_price"] = filledPrice?.json ?? .null
    return .object(object)
  }
}
