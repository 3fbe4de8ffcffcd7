import HTTPExchange
import JSON
import NIOCore
import TestSupport
import Testing
import Time

@testable import Market

/// Quotes that the test sets.
struct FixedQuotes: QuoteSource {
  let name = "fixed"
  var quotes: [String: Quote] = [:]
  var failure: QuoteError?

  func quote(_ symbol: String) async throws -> Quote? {
    if let failure { throw failure }
    return quotes[symbol]
  }

  func history(_ symbol: String, _ resolution: Resolution, from: Timestamp, to: Timestamp)
    async throws -> [Bar]?
  {
    if let failure { throw failure }
    return quotes[symbol].map { _ in [] }
  }
}

/// The simulator without some symbols.
private struct LacklustreQuotes: QuoteSource {
  let name = "sim"
  let clock: ManualClock
  let away: Set<String>

  func quote(_ symbol: String) async throws -> Quote? {
    if away.contains(symbol) { throw QuoteError.unavailable("away") }
    return try await SimulatedQuotes(clock: clock).quote(symbol)
  }

  func history(_ symbol: String, _ resolution: Resolution, from: Timestamp, to: Timestamp)
    async throws -> [Bar]?
  { nil }
}

/// A market behind its handlers.
struct Stall {
  let clock: ManualClock
  let service: MarketService

  init(
    _ source: (any QuoteSource)? = nil, _ settings: MarketSettings = MarketSettings(),
    catalogue: Catalogue = .standard, clock: ManualClock = ManualClock()
  ) {
    self.clock = clock
    service = MarketService(
      source: source ?? SimulatedQuotes(clock: clock), catalogue: catalogue, settings: settings,
      clock: clock)
  }

  func call(
    _ function: String, _ path: String, query: String? = nil, symbol: String? = nil,
    headers: [(String, String)] = []
  ) async throws -> Response {
    var context = RequestContext(requestID: "r", sourceAddress: "127.0.0.1", clock: clock)
    if let symbol { context.pathParameters = [(name: "symbol", value: symbol)] }
    let request = Request(
      method: "GET", target: RequestTarget(path: path, query: query),
      headers: HeaderFields(headers))
    let handler = try #require(service.handlers()[function])
    return try await handler.respond(request, context)
  }

  func json(_ function: String, _ path: String, query: String? = nil, symbol: String? = nil)
    async throws -> (Int, JSON)
  {
    let response = try await call(function, path, query: query, symbol: symbol)
    let body = try #require(response.body.buffer)
    return (response.status, try JSON(parsing: body.readableBytesView))
  }
}

@Suite("Market functions")
struct MarketHandlerTests {
  private let stall = Stall()

  @Test func `check answers the document's five in its order and types`() async throws {
    let (status, json) = try await stall.json("StockCheckerFunction", "/check")
    #expect(status == 200)
    let stocks = try #require(json.array)
    #expect(
      stocks.compactMap { $0["symbol"]?.string } == ["GOOGL", "AAPL", "MSFT", "TSLA", "AMZN"])
    for stock in stocks {
      #expect(stock["price"]?.number != nil)
      #expect(stock["volume"]?.int != nil)
      let change = try #require(stock["change"]?.string)
      #expect(change.wholeMatch(of: /-?[0-9]+\.[0-9]{2}/) != nil)
      for name in ["name", "asOf", "source"] { #expect(stock[name]?.string?.isEmpty == false) }
      for name in ["previousClose", "changeAbs"] { #expect(stock[name]?.number != nil) }
      #expect(stock["stale"] == false)
    }
  }

  @Test func `check takes other symbols on request`() async throws {
    let (_, json) = try await stall.json(
      "StockCheckerFunction", "/check", query: "symbols=nvda,AAPL")
    #expect(json.array?.compactMap { $0["symbol"]?.string } == ["NVDA", "AAPL"])
    let (unknown, _) = try await stall.json("StockCheckerFunction", "/check", query: "symbols=ZZZ")
    #expect(unknown == 404)
  }

  @Test func `a number is written from integers`() async throws {
    let quote = Quote(
      symbol: "GOOGL", name: "A", price: 1_503_300, bid: 1_503_200, ask: 1_503_400,
      previousClose: 1_500_001, volume: 5, asOf: stall.clock.now(), source: "fixed")
    let fixed = Stall(FixedQuotes(quotes: ["GOOGL": quote]))
    let response = try await fixed.call(
      "StockCheckerFunction", "/check", query: "symbols=GOOGL")
    let text = String(buffer: try #require(response.body.buffer))
    #expect(text.contains(#""price":150.33,"change":"0.22""#), "\(text)")
    #expect(text.contains(#""previousClose":150.0001,"#))
    #expect(text.contains(#""changeAbs":0.3299,"#))
  }

  @Test func `stocks has the whole catalogue`() async throws {
    let (status, json) = try await stall.json("getStockData", "/stocks")
    #expect(status == 200)
    let stocks = try #require(json["stocks"]?.array)
    let symbols = stocks.compactMap { $0["symbol"]?.string }
    #expect(symbols.contains("NVDA"))
    #expect(stocks[0]["changePercent"]?.number != nil)
    #expect(stocks[0]["lastUpdated"]?.string != nil)
  }

  @Test func `a stock without a quote does not hide the others`() async throws {
    let source = LacklustreQuotes(clock: stall.clock, away: ["AAPL"])
    let (status, json) = try await Stall(source).json("getStockData", "/stocks")
    #expect(status == 200)
    #expect(json["stocks"]?.array?.count == 5)
  }

  @Test func `a stock comes with its company`() async throws {
    let (status, json) = try await stall.json("getStockData", "/stocks/nvda", symbol: "nvda")
    #expect(status == 200)
    #expect(json["symbol"] == "NVDA")
    #expect(json["companyName"] == "NVIDIA Corporation")
    #expect(json["marketCap"]?.string != nil)
    #expect(json["pe"]?.number != nil)
    #expect(json["quoteId"]?.string?.hasPrefix("sim-NVDA-") == true)
  }

  @Test(
    arguments: [
      ("ZZZZ", 404, "unknown_symbol"), ("ABCDEFGHIJK", 400, "Invalid symbol"),
      ("A1", 400, "Invalid symbol"), ("", 400, "Invalid symbol"),
    ]) func `a wrong symbol is named`(symbol: String, status: Int, error: String) async throws
  {
    let (answered, json) = try await stall.json("getStockData", "/stocks/x", symbol: symbol)
    #expect(answered == status)
    #expect(json["error"]?.string == error)
    #expect(json["success"] == false)
  }

  @Test(
    arguments: [
      ("", 288, "5m"), ("range=1d", 288, "5m"), ("period=5D", 480, "15m"), ("range=1m", 720, "1h"),
      ("range=1y", 365, "1d"), ("range=1d&interval=1h", 24, "1h"),
    ]) func `a history has the bars asked for`(query: String, bars: Int, interval: String)
    async throws
  {
    let (status, json) = try await stall.json(
      "getStockData", "/stocks/AAPL/history", query: query, symbol: "AAPL")
    #expect(status == 200)
    #expect(json["interval"]?.string == interval)
    let count = try #require(json["bars"]?.array?.count)
    #expect(abs(count - bars) <= 1)
    #expect(json["bars"]?[0]?["close"]?.number != nil)
  }

  @Test(arguments: ["range=2d", "interval=2m", "range=1y&interval=1m"])
  func `a history that is not to be had is refused`(query: String) async throws {
    let (status, json) = try await stall.json(
      "getStockData", "/stocks/AAPL/history", query: query, symbol: "AAPL")
    #expect(status == 400)
    #expect(json["error"] == "invalid_request")
  }

  @Test(
    arguments: [
      ("goo", ["GOOGL"]), ("a", ["AAPL", "AMZN", "GOOGL", "TSLA", "MSFT", "NVDA"]),
      ("micro", ["MSFT"]), ("xyz", []),
    ]) func `search finds symbols and names`(text: String, symbols: [String]) async throws
  {
    let (_, json) = try await stall.json("getStockData", "/search", query: "q=\(text)")
    let found = json["results"]?.array?.compactMap { $0["symbol"]?.string } ?? []
    if text == "a" {
      #expect(Array(found.prefix(2)) == ["AAPL", "AMZN"])
    } else {
      #expect(found == symbols, "\(text)")
    }
  }

  @Test func `the clock says that the market is open`() async throws {
    let (status, json) = try await stall.json("getMarketClock", "/market/clock")
    #expect(status == 200)
    #expect(json["is_open"] == true)
    #expect(json["timestamp"]?.string == stall.clock.now().iso8601)
  }

  @Test func `a source that is away is 503 with a time to come back`() async throws {
    let away = Stall(FixedQuotes(failure: .unavailable("secret words")))
    let response = try await away.call("StockCheckerFunction", "/check")
    #expect(response.status == 503)
    #expect(response.headers["retry-after"] == "5")
    #expect(!String(buffer: try #require(response.body.buffer)).contains("secret"))
    let spent = Stall(
      FixedQuotes(failure: .budgetSpent(until: stall.clock.now() + .seconds(90))))
    #expect(
      try await spent.call("StockCheckerFunction", "/check").headers["retry-after"] == "90")
  }
}
