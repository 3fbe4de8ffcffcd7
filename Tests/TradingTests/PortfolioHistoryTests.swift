import JSON
import Store
import Synchronization
import Testing
import Time

@testable import Trading

/// The value of an account over time: what was bought undone from today backwards.
@Suite("Portfolio history")
struct PortfolioHistoryTests {
  /// Rows of the history that come to nothing together, as a busy account has them.
  private func trade(_ desk: Desk, _ count: Int) async throws {
    for start in stride(from: 0, to: count, by: 25) {
      let writes = (start..<min(start + 25, count)).map { index -> Write in
        let fill = Fill(
          id: desk.service.book.newID(), orderID: "o\(index)", symbol: "AAPL",
          side: index % 2 == 0 ? .buy : .sell, quantity: 1, price: Price(units: 1_750_000),
          total: Cents(17_500), relievedCost: .zero, quoteID: "q", time: desk.clock.now())
        return .put(Item(ItemKey("USER#ann", "TXN#\(fill.id)"), fill.attributes))
      }
      try await desk.store.transact(writes)
      desk.clock.advance(by: .seconds(1))
    }
  }

  @Test func `the present moment is the portfolio's own value`() async throws {
    let desk = try Desk()
    _ = try await desk.call("BuyFunction", body: #"{"symbol":"AAPL","quantity":10}"#)
    desk.clock.advance(by: .seconds(7_200))
    desk.feed.set("AAPL", 1_800_000)
    for query in ["period=1D", "period=1W", "period=1M", "period=1D&timeframe=5Min"] {
      let history = try await desk.call("getPortfolioHistory", "GET", query: query).json
      let portfolio = try await desk.call("getPortfolio", "GET").json
      #expect(history["equity"]?.array?.last == portfolio["equity"], "\(query)")
      #expect(history["profit_loss"]?.array?.last == portfolio["profit"])
      #expect(history["profit_loss_pct"]?.array?.last?.number?.text == "0.000498")
      #expect(history["time_weighted_return"]?.number?.text == "0.000498")
      #expect(history["base_value"]?.number?.text == "100000.00")
    }
  }

  @Test func `fills beyond any bound leave the newest standing`() async throws {
    let desk = try Desk()
    _ = try await desk.call("getPortfolio", "GET")
    desk.clock.advance(by: .seconds(3_600))
    try await trade(desk, 2_500)
    _ = try await desk.call("BuyFunction", body: #"{"symbol":"AAPL","quantity":10}"#)
    let begun = desk.clock.now() - .seconds(7_200)
    let bounded = try await desk.service.book.standing("ann", since: begun, fillsMost: 1_000)
    #expect(bounded.fills.count == 1_000)
    #expect(bounded.fills.first?.quantity == 10)
    let since = try #require(bounded.knownSince)
    #expect(since == bounded.fills.last?.time)
    let whole = try await desk.service.book.standing("ann", since: begun)
    #expect(whole.fills.count == 2_501)
    #expect(whole.knownSince == nil)
    // A range reads no further back than it begins.
    let late = try await desk.service.book.standing("ann", since: desk.clock.now() - .seconds(10))
    #expect(late.fills.count < 300)
    // What is not known is left out and told.
    let present = Portfolio(
      account: bounded.account,
      lines: bounded.positions.map { Portfolio.Line(position: $0, market: nil) },
      dayStart: since, asOf: desk.clock.now())
    let history = EquityHistory(
      present: present, fills: bounded.fills, knownSince: since, closes: [:])
    let moments = (0...30).map { begun + .seconds($0 * 240) }
    let series = history.equity(at: moments)
    #expect(series.allSatisfy { $0.time >= since })
    #expect(series.last?.value == present.equity)
    let answer = try await desk.call("getPortfolioHistory", "GET").json
    #expect(answer["known_since"] == .null)
    let portfolio = try await desk.call("getPortfolio", "GET").json
    #expect(answer["equity"]?.array?.last == portfolio["equity"])
  }

  @Test func `before a purchase the account was its cash`() async throws {
    let desk = try Desk()
    _ = try await desk.call("getPortfolio", "GET")
    desk.clock.advance(by: .seconds(7_200))
    _ = try await desk.call("BuyFunction", body: #"{"symbol":"AAPL","quantity":10}"#)
    desk.clock.advance(by: .seconds(3_600))
    _ = try await desk.call("SellFunction", body: #"{"symbol":"AAPL","quantity":4}"#)
    desk.clock.advance(by: .seconds(1_800))
    let history = try await desk.call("getPortfolioHistory", "GET").json
    let values = history["equity"]?.array?.compactMap { $0.number?.text } ?? []
    #expect(values.first == "100000.00")
    // Ten shares at the close of then cost ten cents more than they bring; four were sold below it.
    #expect(values.contains("99999.90"))
    #expect(values.last == "99999.80")
  }

  static let accepted = [
    ("1D", "5Min", 288), ("1D", "15Min", 96), ("1D", "1H", 24), ("1W", "15Min", 672),
    ("1W", "1H", 168), ("1W", "1D", 7), ("1M", "1H", 720), ("1M", "1D", 30),
  ]

  @Test(arguments: accepted)
  func `a period comes in the steps that it may be asked in`(
    period: String, timeframe: String, steps: Int
  ) async throws {
    let desk = try Desk()
    _ = try await desk.call("getPortfolio", "GET")
    desk.clock.advance(by: .seconds(40 * 86_400))
    let history = try await desk.call(
      "getPortfolioHistory", "GET", query: "period=\(period)&timeframe=\(timeframe)")
    #expect(history.status == 200)
    #expect(history.json["period"]?.string == period)
    #expect(history.json["timeframe"]?.string == timeframe)
    let times = history.json["timestamp"]?.array ?? []
    #expect((steps...steps + 2).contains(times.count), "\(times.count)")
    for name in ["equity", "profit_loss", "profit_loss_pct"] {
      #expect(history.json[name]?.array?.count == times.count)
    }
  }

  @Test(arguments: [
    "period=1D&timeframe=1Min", "period=1D&timeframe=1D", "period=1W&timeframe=5Min",
    "period=1M&timeframe=15Min", "timeframe=1h", "timeframe=", "period=1M&timeframe=garbage",
  ])
  func `any other steps are refused`(query: String) async throws {
    let answer = try await Desk().call("getPortfolioHistory", "GET", query: query)
    #expect(answer.status == 400)
    #expect(answer.json["field"]?.string == "timeframe")
  }

  /// Values a second apart, flows at their seconds, and the growth in millionths.
  static let returns: [(values: [Int], flows: [Int: Int], growth: Int?)] = [
    ([], [:], nil), ([100], [:], 0), ([100, 110], [:], 100_000), ([100, 50, 75], [:], -250_000),
    ([3, 1], [:], -666_667), ([0, 5], [:], nil), ([100, 0], [:], -1_000_000),
    // A deposit is no gain, a withdrawal no loss, and both weigh the stretches alike.
    ([100, 200], [1: 100], 0), ([100, 50], [1: -50], 0),
    ([100, 210, 231], [1: 100], 210_000), ([100, 300, 150], [1: 200], -500_000),
    ([100, 0, 50], [1: -100], nil), ([100, 110], [0: 50], 100_000),
  ]

  @Test(arguments: returns)
  func `growth is linked at cash flows`(row: (values: [Int], flows: [Int: Int], growth: Int?)) {
    let values = row.values.enumerated().map {
      (time: Timestamp(seconds: $0.offset), value: Cents($0.element))
    }
    let flows = row.flows.map {
      TimeWeightedReturn.CashFlow(time: Timestamp(seconds: $0.key), amount: Cents($0.value))
    }
    #expect(TimeWeightedReturn.millionths(values, flows: flows) == row.growth)
  }
}
