import JSON
import Testing
import Time

@testable import Trading

@Suite("Change of the day")
struct DayTradesTests {
  private let close = Price(units: 1_000_000)
  private let morning = Timestamp(seconds: 86_400)

  private func fill(_ side: Side, _ quantity: Int, _ units: Int, day: Timestamp) -> Fill {
    let price = Price(units: units)
    return Fill(
      id: "t", orderID: "o", symbol: "A", side: side, quantity: quantity, price: price,
      total: price.total(of: quantity) ?? .zero, relievedCost: .zero, quoteID: "q",
      time: day + .seconds(1), day: day)
  }

  private func change(_ fills: [Fill], quantity: Int, bid: Int) -> Int {
    var position = Position(symbol: "A", quantity: quantity)
    for fill in fills { position.count(fill) }
    return position.dayChange(
      value: Price(units: bid).total(of: quantity) ?? .zero, previousClose: close, since: morning
    ).amount
  }

  @Test func `shares held overnight follow the previous close`() {
    #expect(change([], quantity: 10, bid: 1_050_000) == 5_000)
  }

  @Test func `shares bought today follow what was paid`() {
    #expect(
      change([fill(.buy, 10, 1_040_000, day: morning)], quantity: 10, bid: 1_050_000) == 1_000)
    #expect(change([fill(.buy, 4, 1_040_000, day: morning)], quantity: 10, bid: 1_050_000) == 3_400)
  }

  @Test func `what was sold today counts at its price`() {
    #expect(change([fill(.sell, 4, 1_100_000, day: morning)], quantity: 6, bid: 1_050_000) == 7_000)
    #expect(
      change([fill(.sell, 10, 1_100_000, day: morning)], quantity: 0, bid: 1_050_000) == 10_000)
  }

  @Test func `a purchase and a sale on one day leave their difference`() {
    let both = [fill(.buy, 5, 1_000_000, day: morning), fill(.sell, 5, 990_000, day: morning)]
    #expect(change(both, quantity: 0, bid: 2_000_000) == -500)
  }

  @Test func `the trades of another day do not count`() {
    let before = fill(.buy, 10, 900_000, day: Timestamp(seconds: 0))
    #expect(change([before], quantity: 10, bid: 1_050_000) == 5_000)
    #expect(
      change([before, fill(.buy, 1, 1_040_000, day: morning)], quantity: 11, bid: 1_050_000)
        == 5_100)
  }

  @Test func `after more than a thousand fills it is still exact`() async throws {
    let desk = try Desk()
    for index in 0..<1_300 {
      desk.feed.set("AAPL", 1_750_000 + index % 7 * 1_300)
      let side: Side = index == 0 || index % 2 == 1 ? .buy : .sell
      let count = index == 0 ? 100 : 1
      _ = try await desk.service.engine.trade(
        TradeRequest(user: "ann", symbol: "AAPL", side: side, quantity: count))
    }
    // What was all bought today has gained today what it has gained at all.
    let now = try await desk.call("getPortfolio", "GET").json
    #expect(now["profit"]?.number?.text != "0.00")
    #expect(now["dayChange"] == now["profit"])
    #expect(now["positions"]?[0]?["dayChange"] == now["profit"])
    let books = AccountBooks(user: "ann", store: desk.store)
    let audit = try await books.audit(waiting: try await desk.waiting())
    #expect(audit.findings.isEmpty, "\(audit.findings)")
    // On the next day the close of the night before counts, which is the present price here.
    desk.clock.advance(by: .seconds(86_400))
    let next = try await desk.call("getPortfolio", "GET").json
    #expect(next["dayChange"]?.number?.text == "-1.01")
  }

  @Test func `what was sold out today still counts`() async throws {
    let desk = try Desk()
    _ = try await desk.call("BuyFunction", body: #"{"symbol":"AAPL","quantity":10}"#)
    desk.feed.set("AAPL", 1_760_000)
    _ = try await desk.call("SellFunction", body: #"{"symbol":"AAPL","quantity":10}"#)
    let now = try await desk.call("getPortfolio", "GET").json
    #expect(now["positions"]?.array?.isEmpty == true)
    #expect(now["profit"]?.number?.text == "9.80")
    #expect(now["dayChange"]?.number?.text == "9.80")
  }
}
