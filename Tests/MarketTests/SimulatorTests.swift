import JSON
import TestSupport
import Testing
import Time

@testable import Market

@Suite("Simulator")
struct SimulatorTests {
  private let simulator = Simulator()
  private let start = Timestamp(seconds: 1_780_000_000)
  private let symbols = Catalogue.standard.instruments.map(\.symbol)

  @Test(arguments: [("simulator", TradingHours.continuous), ("simulator-nyse", .nyse)])
  func `prices are the same for everyone, for ever`(file: String, hours: TradingHours) throws {
    let simulator = Simulator(hours: hours)
    var lines: [JSON] = []
    for symbol in symbols {
      for offset in [-500_000_000, 0, 1, 59, 3600, 86_400, 1_048_576, 31_536_000] {
        let quote = try #require(simulator.quote(symbol, at: start + .seconds(offset)))
        lines.append([
          .string(symbol), .int(offset), .int(quote.price), .int(quote.previousClose),
          .int(quote.volume),
        ])
      }
    }
    let text = "[\n" + lines.map { "  " + $0.text }.joined(separator: ",\n") + "\n]\n"
    try Golden.expect(Array(text.utf8), equals: "Tests/MarketTests/Golden/\(file).json")
  }

  @Test func `another seed is another market`() {
    let other = Simulator(seed: 7)
    let differ = symbols.filter {
      simulator.quote($0, at: start)?.price != other.quote($0, at: start)?.price
    }
    #expect(differ.count >= 5)
  }

  @Test func `an unknown symbol has no quote`() {
    #expect(simulator.quote("XXXX", at: start) == nil)
    #expect(simulator.history("XXXX", .day, from: start, to: start) == nil)
  }

  @Test func `quotes are whole, positive and have a spread`() throws {
    for symbol in symbols {
      for step in 0..<200 {
        let quote = try #require(simulator.quote(symbol, at: start + .seconds(step * 86_413)))
        #expect(quote.bid > 0 && quote.bid < quote.price && quote.price < quote.ask)
        #expect(quote.price % 100 == 0 && quote.volume >= 0 && !quote.stale)
        #expect(quote.source == "sim")
      }
    }
  }

  /// The founding document's commands buy GOOGL at a displayed 150 and sell AAPL at 175; the collar
  /// is five percent, so they work at nearly any hour.
  @Test func `the document's commands meet the market`() {
    let hours = 2 * 365 * 24
    let dear = (0..<hours).filter {
      (simulator.quote("GOOGL", at: start + .seconds($0 * 3600))?.ask ?? 0) > 1_575_000
    }
    let cheap = (0..<hours).filter {
      (simulator.quote("AAPL", at: start + .seconds($0 * 3600))?.bid ?? 0) < 1_662_500
    }
    #expect(dear.count < hours / 100)
    #expect(cheap.count < hours / 100)
  }

  @Test func `a bar holds every second's price, and says the extremes exactly`() throws {
    let from = Timestamp(seconds: start.seconds / 3600 * 3600)
    let bar = try #require(
      simulator.history("TSLA", .hour, from: from, to: from + .seconds(3600))?.first)
    let prices = (0..<3600).compactMap {
      simulator.quote("TSLA", at: from + .seconds($0))?.price
    }
    #expect(bar.high == prices.max())
    #expect(bar.low == prices.min())
    #expect(bar.open == prices.first)
    #expect(bar.close == prices.last)
  }

  @Test(arguments: [(Resolution.minute, Resolution.hour), (.hour, .day)])
  func `bars add up to longer bars`(fine: Resolution, coarse: Resolution) throws {
    let from = Timestamp(seconds: start.seconds / 86_400 * 86_400)
    let to = from + .seconds(coarse.seconds * 2)
    let small = try #require(simulator.history("AMZN", fine, from: from, to: to))
    let large = try #require(simulator.history("AMZN", coarse, from: from, to: to))
    #expect(large.count == 2)
    #expect(Bar.merged(small, seconds: coarse.seconds) == large)
  }

  @Test func `a range is cut at its end and at a thousand bars`() throws {
    let from = Timestamp(seconds: start.seconds / 60 * 60)
    let bars = try #require(
      simulator.history("AAPL", .minute, from: from, to: from + .seconds(90)))
    #expect(bars.count == 2)
    #expect(bars[1].close == simulator.quote("AAPL", at: from + .seconds(89))?.price)
    let many = simulator.history("AAPL", .minute, from: from, to: from + .seconds(200_000))
    #expect(many?.count == Simulator.barsMost)
  }

  @Test func `the previous close is the last second of the day before`() throws {
    let midnight = Timestamp(seconds: start.seconds / 86_400 * 86_400)
    let before = try #require(simulator.quote("MSFT", at: midnight - .seconds(1)))
    let first = try #require(simulator.quote("MSFT", at: midnight))
    let last = try #require(simulator.quote("MSFT", at: midnight + .seconds(86_399)))
    #expect(first.previousClose == before.price)
    #expect(last.previousClose == before.price)
    #expect(first.volume < last.volume)
  }

  @Test func `the change in percent rounds half to even`() {
    func percent(_ price: Int, _ close: Int) -> String {
      Quote(
        symbol: "A", name: "A", price: price, bid: 1, ask: 2, previousClose: close, volume: 0,
        asOf: start, source: "sim"
      ).changePercent
    }
    #expect(percent(1_010_000, 1_000_000) == "1.00")
    #expect(percent(1_000_000, 1_000_000) == "0.00")
    #expect(percent(995_800, 1_000_000) == "-0.42")
    #expect(percent(1_000_050, 1_000_000) == "0.00")
    #expect(percent(1_000_150, 1_000_000) == "0.02")
    #expect(percent(999_850, 1_000_000) == "-0.02")
  }

  @Test func `portable functions are as good as the library's`() {
    for x in stride(from: -3.0, through: 3.0, by: 0.37) {
      #expect(abs(PortableMath.log(PortableMath.exp(x)) - x) < 1e-14)
    }
    #expect(abs(PortableMath.normalQuantile(0.975) - 1.959963985) < 1e-8)
    #expect(abs(PortableMath.normalQuantile(0.001) + 3.090232306) < 1e-8)
    #expect(abs(PortableMath.normalQuantile(0.999) - 3.090232306) < 1e-8)
  }
}
