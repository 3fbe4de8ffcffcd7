import Cryptography
import HTTPExchange
import JSON
import NIOCore

/// Reads the documents' bodies as they are: `symbol`, `quantity`, `stock_price`, `action`; nothing
/// is defaulted silently.
struct TradeRequestReader {
  let rules: TradingRules
  /// The side that the route presets, when it does.
  let side: Side?

  func read(_ request: Request, user: String) throws(Problem) -> TradeRequest {
    let body = try Self.object(request)
    let symbol = try Self.symbol(body["symbol"])
    let quantity = try quantity(body["quantity"])
    let side = try side(body)
    let kind = try Self.kind(body["type"])
    let limit = try Self.price(body["limit_price"], named: "limit_price")
    if let limit, !limit.isOnTick {
      throw Self.invalid(
        "limit_price", "'limit_price' is in whole cents, below a dollar in hundredths of a cent")
    }
    // A limit that would be ignored is a mistake that costs money.
    if (kind == .limit) != (limit != nil) {
      throw Self.invalid(
        "limit_price",
        kind == .limit
          ? "a limit order needs 'limit_price'" : "'limit_price' needs the type 'limit'")
    }
    try Self.timeInForce(body)
    let hint = try Self.price(body["stock_price"], named: "stock_price")
    let clientOrderID = try Self.clientOrderID(body["client_order_id"])
    return TradeRequest(
      user: user, symbol: symbol, side: side, kind: kind, quantity: quantity, hint: hint,
      limit: limit, clientOrderID: clientOrderID,
      idempotency: try idempotency(request))
  }

  static func object(_ request: Request) throws(Problem) -> JSONObject {
    guard let buffer = request.body.buffer, buffer.readableBytes > 0 else {
      throw Problem(status: 400, error: "invalid_request", message: "Missing request body")
    }
    guard let object = (try? JSON(parsing: buffer.readableBytesView))?.object else {
      throw Problem(status: 400, error: "invalid_request", message: "Invalid JSON in request body")
    }
    return object
  }

  /// S1-67: a string of at most ten characters, or this very text.
  static func symbol(_ value: JSON?) throws(Problem) -> String {
    guard let text = value?.string, (1...10).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x41...0x5A).contains($0 & 0xDF) || $0 == 0x2E || $0 == 0x2D })
    else {
      throw Problem(
        status: 400, error: "Invalid symbol",
        message: "The symbol is a text of one to ten letters",
        details: JSONObject([("code", "invalid_symbol")]))
    }
    return text.uppercased()
  }

  private func quantity(_ value: JSON?) throws(Problem) -> Int {
    guard let quantity = value?.int, (1...rules.quantityMost).contains(quantity) else {
      throw Problem(
        status: 400, error: "invalid_quantity",
        message: "The quantity is a whole number from 1 to \(rules.quantityMost)")
    }
    return quantity
  }

  private func side(_ body: JSONObject) throws(Problem) -> Side {
    var said: [Side] = []
    for name in ["side", "action"] {
      guard let value = body[name], value != .null else { continue }
      guard let side = value.string.flatMap({ Side(rawValue: $0.lowercased()) }) else {
        throw Self.invalid(name, "'\(name)' is 'buy' or 'sell'")
      }
      said.append(side)
    }
    if Set(said).count > 1 || (side != nil && said.contains { $0 != side }) {
      throw Self.invalid("action", "the request names two different sides")
    }
    guard let chosen = side ?? said.first else {
      throw Self.invalid("side", "'side' is missing: 'buy' or 'sell'")
    }
    return chosen
  }

  private static func kind(_ value: JSON?) throws(Problem) -> Order.Kind {
    guard let value, value != .null else { return .market }
    guard let kind = value.string.flatMap(Order.Kind.init(rawValue:)) else {
      throw invalid("type", "'type' is 'market' or 'limit'")
    }
    return kind
  }

  private static func price(_ value: JSON?, named name: String) throws(Problem) -> Price? {
    guard let value, value != .null else { return nil }
    // The documents' forms send prices as numbers and, from inputs, as texts.
    let number = value.number ?? value.string.flatMap { JSONNumber(text: $0) }
    guard let price = number.flatMap({ Price($0) }) else {
      throw invalid(name, "'\(name)' is a price above zero with at most four decimals")
    }
    return price
  }

  /// An order stands until it is filled or canceled; whoever asks for less is told so.
  private static func timeInForce(_ body: JSONObject) throws(Problem) {
    for name in ["time_in_force", "tif"] {
      guard let value = body[name], value != .null, value != "gtc" else { continue }
      throw invalid(name, "'\(name)' is 'gtc': an order stands until it is filled or canceled")
    }
  }

  private static func clientOrderID(_ value: JSON?) throws(Problem) -> String? {
    guard let value, value != .null else { return nil }
    guard let text = value.string, (1...48).contains(text.utf8.count) else {
      throw invalid("client_order_id", "'client_order_id' is a text of at most 48 bytes")
    }
    return text
  }

  /// The function that the route calls.
  private var function: String {
    switch side {
    case .buy: "BuyFunction"
    case .sell: "SellFunction"
    case nil: "TradeFunction"
    }
  }

  /// The draft's key: printable, bounded, bound to exactly this request, whatever alias of the route
  /// it came by.
  private func idempotency(_ request: Request) throws(Problem) -> TradeRequest.Idempotency? {
    guard let key = request.headers["idempotency-key"] else { return nil }
    guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw Self.invalid("Idempotency-Key", "the key is 1 to 255 printable characters")
    }
    var text = Array("\(function)\n".utf8)
    if let buffer = request.body.buffer { text += Array(buffer.readableBytesView) }
    return TradeRequest.Idempotency(key: key, fingerprint: SHA256.hash(text).hex)
  }

  /// How many of a list a page has.
  static func limit(_ request: Request) throws(Problem) -> Int {
    let limit = request.target.queryValue("limit").map { Int($0) ?? 0 } ?? 50
    guard (1...200).contains(limit) else {
      throw invalid("limit", "'limit' is a number from 1 to 200")
    }
    return limit
  }

  /// Whether the client would rather not wait (RFC 7240 §4.1).
  static func prefersAsync(_ headers: HeaderFields) -> Bool {
    guard let preferences = headers.joined("prefer") else { return false }
    return preferences.split(separator: ",").contains { preference in
      let name = preference.prefix { $0 != ";" && $0 != "=" }
      return equalsIgnoringCase(String(name).filter { $0 != " " && $0 != "\t" }, "respond-async")
    }
  }

  static func invalid(_ name: String, _ message: String) -> Problem {
    Problem(
      status: 400, error: "invalid_request", message: message,
      details: JSONObject([("field", .string(name))]))
  }
}
