import Testing
import Time

@testable import Trading

@Suite("Change of the day")
struct DayTradesTests {
  private let close = Price(units: 1_000_000)

  private func fill(_ side: Side, _ quantity: Int, _ units: Int, _ symbol: String = "A") -> Fill {
    let price = Price(units: units)
    return Fill(
      id: "t", orderID: "o", symbol: symbol, side: side, quantity: quantity, price: price,
      total: price.total(of: quantity) ?? .zero, relievedCost: .zero, quoteID: "q",
      time: Timestamp(seconds: 1))
  }

  private func change(_ fills: [Fill], quantity: Int, bid: Int) -> Int {
    DayTrades(fills).change(
      of: "A", quantity: quantity, value: Price(units: bid).total(of: quantity) ?? .zero,
      previousClose: close
    ).amount
  }

  @Test func `shares held overnight follow the previous close`() {
    #expect(change([], quantity: 10, bid: 1_050_000) == 5_000)
  }

  @Test func `shares bought today follow what was paid`() {
    #expect(change([fill(.buy, 10, 1_040_000)], quantity: 10, bid: 1_050_000) == 1_000)
    #expect(change([fill(.buy, 4, 1_040_000)], quantity: 10, bid: 1_050_000) == 3_400)
  }

  @Test func `what was sold today counts at its price`() {
    #expect(change([fill(.sell, 4, 1_100_000)], quantity: 6, bid: 1_050_000) == 7_000)
    #expect(change([fill(.sell, 10, 1_100_000)], quantity: 0, bid: 1_050_000) == 10_000)
  }

  @Test func `a purchase and a sale on one day leave their difference`() {
    let both = [fill(.buy, 5, 1_000_000), fill(.sell, 5, 990_000), fill(.buy, 1, 1, "B")]
    #expect(change(both, quantity: 0, bid: 2_000_000) == -500)
  }
}
