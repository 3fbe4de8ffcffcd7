import JSON
import Synchronization
import TestSupport
import Testing
import Time

@testable import Trading

/// A source that has few calls: what it told an hour ago values what is owned, and fills nothing.
@Suite("Old quotes")
struct OldQuoteTests {
  private let desk: Desk

  /// A desk with ten shares, bought at 175.01, whose newest quote then is of 180 dollars and an hour
  /// old.
  init() async throws {
    desk = try Desk()
    let bought = try await desk.call("BuyFunction", body: #"{"symbol":"AAPL","quantity":10}"#)
    #expect(bought.status == 200)
    desk.feed.set("AAPL", 1_800_000)
    let made = desk.clock.now()
    desk.feed.madeAt.withLock { $0 = made }
    desk.clock.advance(by: .seconds(3_600))
    desk.feed.asked.withLock { $0 = [] }
  }

  private var asked: [String] { desk.feed.asked.withLock { $0 } }

  @Test func `the portfolio is valued by an old quote, which says so`() async throws {
    let portfolio = try await desk.call("getPortfolio", "GET").json
    let position = portfolio["positions"]?[0]
    #expect(position?["price"]?.number?.text == "180.00")
    #expect(position?["marketValue"]?.number?.text == "1799.90")
    #expect(position?["unrealisedProfit"]?.number?.text == "49.80")
    #expect(position?["stale"] == true)
    #expect(
      position?["asOf"]?.string == (desk.clock.now() - .seconds(3_600)).iso8601)
    #expect(asked == ["AAPL"], "a look spends no call")
    let history = try await desk.call("getPortfolioHistory", "GET").json
    #expect(history["equity"]?.array?.last == portfolio["equity"])
  }

  @Test func `a present quote is not called old`() async throws {
    desk.feed.madeAt.withLock { $0 = nil }
    let portfolio = try await desk.call("getPortfolio", "GET").json
    #expect(portfolio["positions"]?[0]?["stale"] == false)
  }

  @Test func `an order asks for a fresh quote, and is refused without one`() async throws {
    let order = #"{"symbol":"AAPL","quantity":1}"#
    let answer = try await desk.call("BuyFunction", body: order)
    #expect(answer.status == 503 && answer.json["error"] == "quote_stale")
    #expect(!asked.isEmpty && asked.allSatisfy { $0 == "AAPL fresh" }, "\(asked)")
    desk.feed.madeAt.withLock { $0 = nil }
    #expect(try await desk.call("BuyFunction", body: order).status == 200)
  }

  @Test func `a stock is known by the catalogue, whatever its price`() async throws {
    desk.feed.isAway.withLock { $0 = true }
    let added = try await desk.call("userFavorites", body: #"{"symbol":"MSFT"}"#)
    #expect(added.status == 201)
    let unknown = try await desk.call("userFavorites", body: #"{"symbol":"ZZZ"}"#)
    #expect(unknown.status == 404 && unknown.json["error"] == "unknown_symbol")
    let bought = try await desk.call("BuyFunction", body: #"{"symbol":"ZZZ","quantity":1}"#)
    #expect(bought.status == 404)
  }

  @Test func `a symbol is priced for the matcher only while an order waits`() async throws {
    for symbol in ["AAPL", "MSFT"] { #expect(try await desk.service.match(symbol) == 0) }
    #expect(asked.isEmpty)
    desk.feed.madeAt.withLock { $0 = nil }
    let limit = #"{"symbol":"AAPL","quantity":1,"type":"limit","limit_price":170,"side":"buy"}"#
    #expect(try await desk.call("TradeFunction", body: limit).status == 202)
    desk.feed.asked.withLock { $0 = [] }
    for symbol in ["AAPL", "MSFT"] { #expect(try await desk.service.match(symbol) == 0) }
    #expect(asked == ["AAPL"])
    // Who waits spends no call; an old quote fills nothing.
    desk.feed.set("AAPL", 1_600_000)
    let old = desk.clock.now() - .seconds(121)
    desk.feed.madeAt.withLock { $0 = old }
    #expect(try await desk.service.match("AAPL") == 0)
    desk.feed.madeAt.withLock { $0 = nil }
    #expect(try await desk.service.match("AAPL") == 1)
    #expect(asked == ["AAPL", "AAPL", "AAPL"])
  }
}
