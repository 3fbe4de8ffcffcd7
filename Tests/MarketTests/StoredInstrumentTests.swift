import Diagnostics
import JSON
import Store
import TestSupport
import Testing
import Time

@testable import Market

@Suite("Instruments of the store")
struct StoredInstrumentTests {
  private let clock = ManualClock()

  private func merged(_ items: [Item]) async throws -> (Catalogue, [Diagnostic]) {
    let store = try SQLiteStore.inMemory(clock: clock)
    for item in items { _ = try await store.write(.put(item)) }
    var findings: [Diagnostic] = []
    let catalogue = try await Catalogue.merged(with: store) { findings.append($0) }
    return (catalogue, findings)
  }

  private func item(
    _ symbol: String, _ name: JSON = "A company", _ price: JSON = .number(JSONNumber(10))
  ) -> Item {
    Item(
      ItemKey("STOCK#\(symbol)", "META"),
      ["type": "instrument", "symbol": .string(symbol), "name": name, "price": price],
      g1: IndexKey("CATALOG", symbol))
  }

  @Test func `an imported row is a stock with quotes around its price`() async throws {
    let row = try StockItems.item([
      "symbol": "IBM", "name ": "International Business Machines", "price": "231.5",
    ])
    let (catalogue, findings) = try await merged([row])
    #expect(findings.isEmpty)
    #expect(
      catalogue.instruments.map(\.symbol) == [
        "GOOGL", "AAPL", "MSFT", "TSLA", "AMZN", "NVDA", "IBM",
      ])
    #expect(catalogue.checked.count == 5)
    let quote = try #require(Simulator(catalogue: catalogue).quote("IBM", at: clock.now()))
    #expect(quote.name == "International Business Machines")
    #expect((1_500_000...3_500_000).contains(quote.price), "\(quote.price)")
    let stall = Stall(
      SimulatedQuotes(simulator: Simulator(catalogue: catalogue), clock: clock),
      catalogue: catalogue, clock: clock)
    let (status, json) = try await stall.json("getStockData", "/stocks/ibm", symbol: "ibm")
    #expect(status == 200 && json["companyName"] == "International Business Machines")
    // What the table does not tell is not made up.
    #expect(json["marketCap"] == nil && json["pe"] == nil)
  }

  @Test func `a stored stock gives a built-in its name and its price, and nothing else`()
    async throws
  {
    let (catalogue, findings) = try await merged([
      item("AAPL", "Apple", .number(JSONNumber(200)))
    ])
    #expect(findings.isEmpty)
    #expect(catalogue.instruments.map(\.symbol) == Catalogue.standard.instruments.map(\.symbol))
    var expected = try #require(Catalogue.standard["AAPL"])
    expected.name = "Apple"
    expected.anchor = 2_000_000
    #expect(catalogue["AAPL"] == expected)
  }

  @Test func `what cannot be a stock is reported and left out`() async throws {
    var foreign = item("XYZ")
    foreign.attributes["symbol"] = "ABC"
    let (catalogue, findings) = try await merged([
      foreign, item("OK"), item("A1"), item("B", 7), item("C", ""),
      item("D", "D", .number(JSONNumber(0))), item("E", "E", "12"),
      item("F", "F", .number(JSONNumber(1_000_001))),
    ])
    #expect(catalogue.instruments.map(\.symbol).suffix(1) == ["OK"])
    #expect(catalogue.instruments.count == 7)
    #expect(findings.count == 7)
    #expect(findings.allSatisfy { $0.code == .marketInstrumentUnusable })
  }

  @Test func `the catalogue is bounded`() async throws {
    let letters = (0..<26).map { String(UnicodeScalar(UInt8(0x41 + $0))) }
    let symbols = letters.flatMap { first in letters.prefix(5).map { "Z" + first + $0 } }
    let (catalogue, findings) = try await merged(symbols.map { item($0) })
    #expect(catalogue.instruments.count == 6 + Catalogue.storedMost)
    #expect(findings.count == 1 && findings[0].message.contains("more than 100"))
  }
}
