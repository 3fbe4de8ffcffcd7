import HTTPExchange
import JSON
import Store
import Synchronization
import Testing
import Time

@testable import Trading

/// The errors of spec/apps.md §3.6 with the body of X-24: each status, word and field, the same on
/// every route that takes the body, and nothing that is guessed for the client.
@Suite("Refusals")
struct RefusalTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var body: String
    var status = 400
    var error = "invalid_request"
    /// The member that is wrong, when one is named.
    var field: String?
    var testDescription: String { body.isEmpty ? "no body" : String(body.prefix(80)) }
  }

  static let routes = ["BuyFunction", "SellFunction", "TradeFunction", "previewOrder"]

  private static func symbol(_ body: String) -> Row { Row(body: body, error: "Invalid symbol") }
  private static func quantity(_ body: String) -> Row { Row(body: body, error: "invalid_quantity") }
  private static func field(_ name: String, _ value: String) -> Row {
    let common = #""symbol":"AAPL","quantity":1"#
    return Row(body: "{\(common),\"\(name)\":\(value)}", field: name)
  }

  /// Wrong on every route.
  static let everywhere: [Row] = [
    Row(body: ""), Row(body: " "), Row(body: "{"), Row(body: "[]"), Row(body: "null"),
    Row(body: "\"AAPL\""), Row(body: #"{"symbol":"AAPL","quantity":1}x"#), Row(body: "\u{1}"),
    symbol("{}"), symbol(#"{"quantity":1}"#), symbol(#"{"symbol":null,"quantity":1}"#),
    symbol(#"{"symbol":"","quantity":1}"#), symbol(#"{"symbol":7,"quantity":1}"#),
    symbol(#"{"symbol":["AAPL"],"quantity":1}"#), symbol(#"{"symbol":"ABCDEFGHIJK","quantity":1}"#),
    symbol(#"{"symbol":"AA PL","quantity":1}"#), symbol(#"{"symbol":"A#B","quantity":1}"#),
    symbol(#"{"symbol":"<b>","quantity":1}"#), symbol(#"{"symbol":"ÄÖ","quantity":1}"#),
    symbol(#"{"Symbol":"AAPL","quantity":1}"#), symbol(#"{"symbol":true,"quantity":1}"#),
    quantity(#"{"symbol":"AAPL"}"#), quantity(#"{"symbol":"AAPL","quantity":null}"#),
    quantity(#"{"symbol":"AAPL","quantity":0}"#), quantity(#"{"symbol":"AAPL","quantity":-1}"#),
    quantity(#"{"symbol":"AAPL","quantity":1.5}"#), quantity(#"{"symbol":"AAPL","quantity":"1"}"#),
    quantity(#"{"symbol":"AAPL","quantity":1000001}"#),
    quantity(#"{"symbol":"AAPL","quantity":9223372036854775808}"#),
    quantity(#"{"symbol":"AAPL","quantity":1e400}"#),
    quantity(#"{"symbol":"AAPL","quantity":[1]}"#),
    quantity(#"{"symbol":"AAPL","quantity":true}"#),
    field("side", "7"), field("side", #""hold""#), field("action", #""""#), field("action", "{}"),
    field("type", #""stop""#), field("type", "1"), field("type", #""LIMIT""#),
    field("stock_price", "0"), field("stock_price", "-1"), field("stock_price", #""cheap""#),
    field("stock_price", "175.00001"), field("stock_price", "1e15"), field("stock_price", "[]"),
    field("stock_price", "true"), field("limit_price", "100"),
    field("time_in_force", #""ioc""#), field("tif", #""day""#), field("tif", "1"),
    field("client_order_id", #""""#), field("client_order_id", "7"),
    field("client_order_id", "\"\(String(repeating: "x", count: 49))\""),
  ]

  @Test(arguments: everywhere)
  func `a body that is wrong is refused on every route`(row: Row) async throws {
    let desk = try Desk()
    for route in Self.routes {
      let side = route == "SellFunction" ? "sell" : "buy"
      // Where the route has no side of its own the body brings it, so that only one thing is wrong.
      let needsSide = !route.hasPrefix("Buy") && !route.hasPrefix("Sell") && row.field != "side"
      let body =
        needsSide && row.body.hasPrefix("{\"")
        ? "{\"side\":\"\(side)\"," + row.body.dropFirst() : row.body
      let answer = try await desk.call(route, body: body.isEmpty ? nil : body)
      Self.expect(answer, row, "\(route) \(body)")
    }
    // Nothing happened: no cash, no order, no execution.
    let portfolio = try await desk.call("getPortfolio", "GET").json
    #expect(portfolio["available"]?.number?.text == "100000.00")
    let orders = try await desk.call("listOrders", "GET").json
    #expect(orders["orders"]?.array?.isEmpty == true)
    let executions = try await desk.call("listExecutions", "GET").json
    #expect(executions["executions"]?.array?.isEmpty == true)
  }

  /// Status, word, field, and every member that X-24 names.
  private static func expect(
    _ answer: (status: Int, json: JSON, headers: HeaderFields), _ row: Row, _ what: String
  ) {
    #expect(answer.status == row.status, "\(what): \(answer.json.text)")
    #expect(answer.json["error"]?.string == row.error, "\(what): \(answer.json.text)")
    if let field = row.field { #expect(answer.json["field"]?.string == field, "\(what)") }
    #expect(answer.json["success"] == false)
    #expect(answer.json["message"]?.string?.isEmpty == false)
    #expect(answer.json["detail"] == answer.json["message"])
    #expect(answer.json["status"]?.int == row.status)
    #expect(answer.json["type"]?.string == "about:blank")
    #expect(answer.json["title"]?.string?.isEmpty == false)
    #expect(answer.json["requestId"]?.string == "r")
    #expect(answer.headers["content-type"] == "application/problem+json")
    #expect(answer.headers["cache-control"] == "no-store")
  }

  /// Wrong only where the route presets the other side, or none.
  static let bySide: [(function: String, row: Row)] = [
    ("BuyFunction", field("action", #""sell""#)), ("SellFunction", field("action", #""buy""#)),
    (
      "TradeFunction",
      Row(body: #"{"symbol":"AAPL","quantity":1,"side":"buy","action":"sell"}"#, field: "action")
    ),
    ("TradeFunction", Row(body: #"{"symbol":"AAPL","quantity":1}"#, field: "side")),
    ("previewOrder", Row(body: #"{"symbol":"AAPL","quantity":1}"#, field: "side")),
    (
      "BuyFunction",
      Row(body: #"{"symbol":"AAPL","quantity":1,"type":"limit"}"#, field: "limit_price")
    ),
    (
      "BuyFunction",
      Row(
        body: #"{"symbol":"AAPL","quantity":1,"type":"limit","limit_price":0}"#,
        field: "limit_price")
    ),
    (
      "BuyFunction",
      Row(
        body: #"{"symbol":"AAPL","quantity":1,"type":"limit","limit_price":140.1234}"#,
        field: "limit_price")
    ),
    (
      "BuyFunction",
      Row(body: #"{"symbol":"ZZZZ","quantity":1}"#, status: 404, error: "unknown_symbol")
    ),
    (
      "BuyFunction",
      Row(body: #"{"symbol":"AAPL","quantity":1000}"#, status: 403, error: "insufficient_funds")
    ),
    (
      "SellFunction",
      Row(body: #"{"symbol":"AAPL","quantity":1}"#, status: 403, error: "insufficient_shares")
    ),
    (
      "BuyFunction",
      Row(
        body: #"{"symbol":"AAPL","quantity":1,"stock_price":100}"#, status: 409,
        error: "price_moved")
    ),
  ]

  @Test(arguments: bySide)
  func `what is wrong on one route`(row: (function: String, row: Row)) async throws {
    let desk = try Desk()
    Self.expect(try await desk.call(row.function, body: row.row.body), row.row, row.row.body)
  }

  @Test func `a quote that is away or too old is a 503 that says when to come again`() async throws
  {
    let desk = try Desk { $0.quoteAgeSeconds = 10 }
    desk.feed.isAway.withLock { $0 = true }
    let away = try await desk.call("previewOrder", body: Self.buy)
    Self.expect(away, Row(body: "", status: 503, error: "quote_unavailable"), "away")
    #expect(away.headers["retry-after"] != nil)
  }

  private static let buy = #"{"symbol":"AAPL","quantity":1,"side":"buy"}"#

  @Test func `keys and names that are used are 422`() async throws {
    let desk = try Desk()
    let key = [("Idempotency-Key", "k")]
    let first = try await desk.call("TradeFunction", body: Self.buy, headers: key)
    #expect(first.status == 200)
    let other = Self.buy.replacing("1", with: "2")
    Self.expect(
      try await desk.call("TradeFunction", body: other, headers: key),
      Row(body: "", status: 422, error: "idempotency_mismatch"), other)
    let named = #"{"symbol":"AAPL","quantity":1,"client_order_id":"c"}"#
    let once = try await desk.call("BuyFunction", body: named)
    #expect(once.status == 200)
    Self.expect(
      try await desk.call("BuyFunction", body: named),
      Row(body: "", status: 422, error: "duplicate_client_order_id"), named)
    for bad in ["", "a b", String(repeating: "k", count: 256), "k\u{7F}"] {
      Self.expect(
        try await desk.call("TradeFunction", body: Self.buy, headers: [("Idempotency-Key", bad)]),
        Row(body: "", field: "Idempotency-Key"), bad)
    }
  }

  @Test func `orders and lists that are not there`() async throws {
    let desk = try Desk()
    for (function, method) in [("getOrder", "GET"), ("cancelOrder", "DELETE")] {
      for id in ["none", "", "../ACCOUNT", "A#B"] {
        Self.expect(
          try await desk.call(function, method, path: [("id", id)]),
          Row(body: "", status: 404, error: "not_found"), "\(function) \(id)")
      }
    }
    let filled = try await desk.call("BuyFunction", body: Self.buy)
    let id = try #require(filled.json["orderId"]?.string)
    Self.expect(
      try await desk.call("cancelOrder", "DELETE", path: [("id", id)]),
      Row(body: "", status: 409, error: "order_is_final"), "cancel")
    Self.expect(
      try await desk.call("getOrder", "GET", user: "bob", path: [("id", id)]),
      Row(body: "", status: 404, error: "not_found"), "another's")
    for list in ["listOrders", "listTransactions", "listExecutions"] {
      for query in ["limit=0", "limit=201", "limit=x", "limit=", "cursor=x"] {
        let name = String(query.prefix { $0 != "=" })
        Self.expect(
          try await desk.call(list, "GET", query: query), Row(body: "", field: name),
          "\(list)?\(query)")
      }
    }
    Self.expect(
      try await desk.call("getPortfolioHistory", "GET", query: "period=9Y"),
      Row(body: "", field: "period"), "history")
  }

  static let favourites: [Row] = [
    Row(body: ""), Row(body: "[]"), symbol("{}"), symbol(#"{"symbol":1}"#),
    symbol(#"{"symbol":"ABCDEFGHIJK","companyName":"A"}"#),
    Row(body: #"{"symbol":"AAPL","companyName":7}"#, field: "companyName"),
    Row(body: #"{"symbol":"AAPL","companyName":null}"#, field: "companyName"),
    Row(
      body: #"{"symbol":"AAPL","companyName":""# + String(repeating: "x", count: 201) + "\"}",
      field: "companyName"),
    Row(body: #"{"symbol":"ZZZZ","companyName":"Z"}"#, status: 404, error: "unknown_symbol"),
  ]

  @Test(arguments: favourites)
  func `a favourite that is wrong is refused`(row: Row) async throws {
    let desk = try Desk()
    Self.expect(
      try await desk.call("userFavorites", body: row.body.isEmpty ? nil : row.body), row, row.body)
    let list = try await desk.call("userFavorites", "GET").json
    #expect(list["favorites"]?.array?.isEmpty == true)
  }

  @Test func `a favourite is removed by a symbol only`() async throws {
    let desk = try Desk()
    for id in ["", "ABCDEFGHIJK", "A#B"] {
      Self.expect(
        try await desk.call("userFavorites", "DELETE", path: [("symbol", id)]),
        Row(body: "", error: "Invalid symbol"), id)
    }
  }
}
