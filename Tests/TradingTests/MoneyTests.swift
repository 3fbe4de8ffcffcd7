import JSON
import Testing

@testable import Trading

@Suite("Money")
struct MoneyTests {
  @Test(arguments: [("150.25", 1_502_500), ("0.0001", 1), ("175", 1_750_000), ("1e2", 1_000_000)])
  func `a price is read exactly`(text: String, units: Int) throws {
    let number = try #require(JSONNumber(text: text))
    #expect(Price(number)?.units == units)
  }

  @Test(arguments: ["0", "-1", "0.00001", "99999999999"])
  func `what is no price is refused`(text: String) throws {
    let number = try #require(JSONNumber(text: text))
    #expect(Price(number) == nil)
  }

  @Test(arguments: [(5, 10, 0), (15, 10, 2), (25, 10, 2), (-15, 10, -2), (14, 10, 1), (16, 10, 2)])
  func `division rounds half to even`(value: Int, divisor: Int, expected: Int) {
    #expect(divideHalfEven(Int128(value), by: Int128(divisor)) == Int128(expected))
  }

  @Test func `amounts read as people write them`() {
    #expect(Cents(123_450).text == "1234.50")
    #expect(Cents(-5).text == "-0.05")
    #expect(Price(units: 1_502_500).text == "150.25")
    #expect(Price(units: 9_999).text == "0.9999")
  }

  @Test func `the parts of a cost add up to the whole`() {
    var position = Position(symbol: "A", quantity: 3, cost: Cents(100))
    var relieved = 0
    for _ in 0..<3 {
      let part = position.relievedCost(of: 1)
      relieved += part.amount
      position.quantity -= 1
      position.cost = position.cost - part
    }
    #expect(relieved == 100)
    #expect(position.cost == .zero)
  }
}
