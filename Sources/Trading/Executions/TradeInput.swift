import JSON
import Workflows

/// A checked request as the input of an execution, and back: what the three functions are given.
enum TradeInput {
  /// The input; it names the execution, so that a function knows on AWS too what it belongs to.
  static func json(_ request: TradeRequest) -> JSON {
    var object = JSONObject([
      ("executionId", .string(request.executionID)), ("user", .string(request.user)),
      ("side", .string(request.side.rawValue)), ("symbol", .string(request.symbol)),
      ("quantity", .int(request.quantity)), ("type", .string(request.kind.rawValue)),
    ])
    object["stock_price"] = request.hint?.json
    object["limit_price"] = request.limit?.json
    object["client_order_id"] = request.clientOrderID.map { .string($0) }
    if let idempotency = request.idempotency {
      object["idempotencyKey"] = .string(idempotency.key)
      object["fingerprint"] = .string(idempotency.fingerprint)
    }
    return .object(object)
  }

  /// The request that an input stands for; a state may have added members of its own.
  static func request(_ input: JSON) throws(TaskFailure) -> TradeRequest {
    guard let user = input["user"]?.string, !user.isEmpty else { throw lacks("user") }
    guard let symbol = input["symbol"]?.string, !symbol.isEmpty else { throw lacks("symbol") }
    guard let side = input["side"]?.string.flatMap(Side.init(rawValue:)) else {
      throw lacks("side")
    }
    guard let quantity = input["quantity"]?.int, quantity > 0 else { throw lacks("quantity") }
    let kind = try kind(input["type"])
    let limit = try price(input, "limit_price")
    if kind == .limit, limit == nil { throw lacks("limit_price") }
    return TradeRequest(
      user: user, symbol: symbol, side: side, kind: kind, quantity: quantity,
      hint: try price(input, "stock_price"), limit: limit,
      clientOrderID: input["client_order_id"]?.string,
      executionID: input["executionId"]?.string ?? "")
  }

  private static func kind(_ value: JSON?) throws(TaskFailure) -> Order.Kind {
    guard let value, value != .null else { return .market }
    guard let kind = value.string.flatMap(Order.Kind.init(rawValue:)) else { throw lacks("type") }
    return kind
  }

  private static func price(_ input: JSON, _ name: String) throws(TaskFailure) -> Price? {
    guard let value = input[name], value != .null else { return nil }
    guard let price = value.number.flatMap({ Price($0) }) else { throw lacks(name) }
    return price
  }

  private static func lacks(_ name: String) -> TaskFailure {
    TradeFailure(
      "ValidationError", status: 400, error: "invalid_request",
      message: "'\(name)' is missing or wrong"
    ).task
  }
}
