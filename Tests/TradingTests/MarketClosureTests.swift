import JSON
import Synchronization
import TestSupport
import Testing
import Time

@testable import Trading

/// Orders between two sessions of the market.
@Suite("Orders while the market is closed")
struct MarketClosureTests {
  private let desk: Desk
  private let opens: Timestamp

  /// A desk whose market closed two days ago and opens in one.
  init() throws {
    desk = try Desk()
    opens = desk.clock.now() + .seconds(86_400)
    close()
  }

  private func close() {
    let closure = MarketPrice.Closure(since: desk.clock.now() - .seconds(172_800), opens: opens)
    desk.feed.closure.withLock { $0 = closure }
  }

  private func open() { desk.feed.closure.withLock { $0 = nil } }

  private static let buy = #"{"symbol":"AAPL","quantity":2}"#

  @Test(arguments: ["BuyFunction", "SellFunction"])
  func `a market order is refused and told when to come again`(function: String) async throws {
    let answer = try await desk.call(function, body: Self.buy)
    #expect(answer.status == 423)
    #expect(answer.json["error"] == "market_closed")
    #expect(answer.json["nextOpen"]?.string == opens.iso8601)
    let orders = try await desk.call("listOrders", "GET")
    #expect(orders.json["orders"]?[0]?["status"] == "rejected")
    #expect(orders.json["orders"]?[0]?["reason"] == "market_closed")
  }

  @Test func `a limit order waits although its limit is met, and is filled when the market opens`()
    async throws
  {
    let body = #"{"symbol":"AAPL","quantity":2,"type":"limit","limit_price":180,"side":"buy"}"#
    let answer = try await desk.call("TradeFunction", body: body)
    #expect(answer.status == 202)
    #expect(answer.json["status"] == "accepted")
    #expect(try await desk.service.match("AAPL") == 0)
    open()
    #expect(try await desk.service.match("AAPL") == 1)
    let order = try await desk.call(
      "getOrder", "GET", path: [("id", answer.json["orderId"]?.string ?? "")])
    #expect(order.json["status"] == "filled")
    let portfolio = try await desk.call("getPortfolio", "GET")
    #expect(portfolio.json.text.contains("99649.98"))
  }

  @Test func `a limit order can be taken back while the market is closed`() async throws {
    let body = #"{"symbol":"AAPL","quantity":2,"type":"limit","limit_price":180,"side":"buy"}"#
    let answer = try await desk.call("TradeFunction", body: body)
    let ended = try await desk.call(
      "cancelOrder", "DELETE", path: [("id", answer.json["orderId"]?.string ?? "")])
    #expect(ended.status == 200 && ended.json["status"] == "canceled")
  }

  @Test func `a preview says what would happen`() async throws {
    let market = try await desk.call(
      "previewOrder", body: #"{"symbol":"AAPL","quantity":2,"side":"buy"}"#)
    #expect(market.status == 200)
    #expect(market.json["warnings"]?.text.contains("closed") == true)
    let limit = try await desk.call(
      "previewOrder",
      body: #"{"symbol":"AAPL","quantity":2,"type":"limit","limit_price":180,"side":"buy"}"#)
    #expect(limit.json["warnings"]?.text.contains("wait for it to open") == true)
  }

  @Test func `holdings keep the worth of the last close`() async throws {
    open()
    #expect(try await desk.call("BuyFunction", body: Self.buy).status == 200)
    close()
    let portfolio = try await desk.call("getPortfolio", "GET")
    let text = portfolio.json.text
    // At the bid of the last close, and not merely at what was paid.
    #expect(text.contains("349.98"), "\(text)")
  }
}
