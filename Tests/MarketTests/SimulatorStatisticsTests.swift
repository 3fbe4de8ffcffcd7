import JSON
import TestSupport
import Testing
import Time

@testable import Market

/// What is known of real returns, asked of the simulated ones: size, fat tails, spells of calm and
/// unrest, busy ends of a day, and stocks that move together (spec/apps.md §4.1).
@Suite("Statistics of the simulator")
struct SimulatorStatisticsTests {
  private static let simulator = Simulator()
  private static let symbols = Catalogue.standard.instruments.map(\.symbol)
  private static let days = 1_000
  private static let today = 20_601

  /// The logarithms of the daily closes of every stock, oldest first; made once.
  private static let closes: [String: [Double]] = Dictionary(
    uniqueKeysWithValues: symbols.map { symbol in
      (symbol, (0...days).map { log(symbol, (today - days + $0) * 86_400 + 86_399) })
    })

  private static func log(_ symbol: String, _ second: Int) -> Double {
    let price = simulator.quote(symbol, at: Timestamp(seconds: second))?.price ?? 1
    return PortableMath.log(Double(price))
  }

  private func returns(_ symbol: String) -> [Double] {
    let closes = Self.closes[symbol] ?? []
    return zip(closes.dropFirst(), closes).map(-)
  }

  private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  private func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let (meanA, meanB) = (mean(a), mean(b))
    let covariance = mean(zip(a, b).map { ($0 - meanA) * ($1 - meanB) })
    let varianceA = mean(a.map { ($0 - meanA) * ($0 - meanA) })
    let varianceB = mean(b.map { ($0 - meanB) * ($0 - meanB) })
    return covariance / (varianceA * varianceB).squareRoot()
  }

  @Test func `a year's volatility is within a tenth of the one asked for`() {
    for instrument in Catalogue.standard.instruments {
      let recent = returns(instrument.symbol).suffix(500)
      let yearly = (mean(recent.map { $0 * $0 }) * 365).squareRoot() * 1000
      let wanted = Double(instrument.volatilityPermille)
      #expect(abs(yearly / wanted - 1) < 0.1, "\(instrument.symbol): \(yearly) of \(wanted)")
    }
  }

  @Test func `large moves are more frequent than a normal law has them`() {
    for symbol in Self.symbols {
      let all = returns(symbol)
      let variance = mean(all.map { $0 * $0 })
      let kurtosis = mean(all.map { $0 * $0 * $0 * $0 }) / (variance * variance)
      #expect(kurtosis > 3.3, "\(symbol): \(kurtosis)")
    }
  }

  @Test func `a restless day follows a restless day, but its direction is not told`() {
    for symbol in Self.symbols {
      let all = returns(symbol)
      let squares = all.map { $0 * $0 }
      let memory = (1...5).map {
        correlation(Array(squares.dropFirst($0)), Array(squares.dropLast($0)))
      }
      #expect(mean(memory) > 0.02, "\(symbol): \(memory)")
      // The pull back to the anchor shows a little.
      let direction = correlation(Array(all.dropFirst()), Array(all.dropLast()))
      #expect(abs(direction) < 0.2, "\(symbol): \(direction)")
    }
  }

  @Test func `the first and the last half-hour move more than noon`() {
    func variance(from second: Int) -> Double {
      mean(
        Self.symbols.flatMap { symbol in
          (0..<120).map { number in
            let start = (Self.today - number) * 86_400 + second
            let move = Self.log(symbol, start + 1799) - Self.log(symbol, start)
            return move * move
          }
        })
    }
    let noon = variance(from: 12 * 3600 - 900)
    #expect(variance(from: 0) > 2 * noon)
    #expect(variance(from: 86_400 - 1800) > 2 * noon)
  }

  @Test func `stocks move together, in part`() {
    for (number, symbol) in Self.symbols.enumerated() {
      for other in Self.symbols.dropFirst(number + 1) {
        let together = correlation(returns(symbol), returns(other))
        #expect((0.2...0.5).contains(together), "\(symbol) \(other): \(together)")
      }
    }
  }

  @Test func `no minute runs away but where a price leaps`() throws {
    let start = Self.today * 86_400
    for symbol in ["MSFT", "TSLA"] {
      for step in 0..<2_000 {
        let move = abs(Self.log(symbol, start + step) - Self.log(symbol, start + step + 1))
        #expect(move < 0.002, "\(symbol) at \(step)")
      }
      for step in stride(from: 0, to: 40_000_000, by: 19_997) {
        let second = start - step
        guard Self.simulator.jumps(symbol, in: second - 59..<second + 1).isEmpty else { continue }
        let move = abs(Self.log(symbol, second) - Self.log(symbol, second - 60))
        #expect(move < 0.01, "\(symbol) at -\(step)")
      }
    }
  }

  @Test func `a price leaps about four times a year, each stock for itself, up and down`() {
    let years = 200
    let range = -years * 365 * 86_400..<0
    var places: Set<Int> = []
    var total = 0
    for symbol in Self.symbols {
      let jumps = Self.simulator.jumps(symbol, in: range)
      // The deviation of a Poisson count is its root: 28 of 800.
      #expect(abs(jumps.count - 4 * years) < 85, "\(symbol): \(jumps.count)")
      let rising = jumps.filter { $0.size > 0 }.count
      #expect(abs(rising * 2 - jumps.count) < 85, "\(symbol): \(rising) of \(jumps.count)")
      // Of a Poisson process the waits are memoryless: their deviation is their mean.
      let waits = zip(jumps.dropFirst(), jumps).map { Double($0.second - $1.second) }
      let spread = mean(waits.map { ($0 - mean(waits)) * ($0 - mean(waits)) }).squareRoot()
      #expect(abs(spread / mean(waits) - 1) < 0.15, "\(symbol): \(spread)")
      total += jumps.count
      places.formUnion(jumps.map(\.second))
    }
    #expect(places.count == total)
  }

  @Test func `a leap is there from its second on, and its block ends where it would have`() throws {
    for symbol in Self.symbols {
      let volatility = Double(Catalogue.standard[symbol]?.volatilityPermille ?? 0) / 1000
      let daily = volatility / 365.0.squareRoot()
      let end = Self.today * 86_400
      for jump in Self.simulator.jumps(symbol, in: end - 3 * 365 * 86_400..<end) {
        #expect((2 * daily...4 * daily).contains(abs(jump.size)), "\(symbol)")
        let move = Self.log(symbol, jump.second) - Self.log(symbol, jump.second - 1)
        // A second's own noise and the cent to which a price is rounded.
        #expect(abs(move - jump.size) < 0.002, "\(symbol): \(move) of \(jump.size)")
        let quiet = abs(Self.log(symbol, jump.second + 1) - Self.log(symbol, jump.second))
        #expect(quiet < 0.002)
      }
    }
  }

  @Test func `days with a leap fatten the tails`() {
    func kurtosis(_ values: [Double]) -> Double {
      let variance = mean(values.map { $0 * $0 })
      return mean(values.map { $0 * $0 * $0 * $0 }) / (variance * variance)
    }
    var fatter = 0
    for symbol in Self.symbols {
      let all = returns(symbol)
      let first = Self.today - Self.days + 1
      let calm = all.enumerated().filter { number, _ in
        let day = (first + number) * 86_400
        return Self.simulator.jumps(symbol, in: day..<day + 86_400).isEmpty
      }.map(\.element)
      #expect(calm.count < all.count)
      if kurtosis(all) > kurtosis(calm) + 0.2 { fatter += 1 }
    }
    #expect(fatter >= Self.symbols.count - 1)
  }

  @Test func `every bar holds its open and close, is positive and begins where the last ended`()
    throws
  {
    let end = Timestamp(seconds: Self.today * 86_400)
    for symbol in Self.symbols {
      let bars = try #require(
        Self.simulator.history(symbol, .hour, from: end - .seconds(20 * 86_400), to: end))
      #expect(bars.count == 480)
      for (bar, next) in zip(bars, bars.dropFirst()) {
        #expect(bar.low > 0 && bar.low <= min(bar.open, bar.close))
        #expect(bar.high >= max(bar.open, bar.close) && bar.volume > 0)
        #expect(next.start - bar.start == .seconds(3600))
        #expect(abs(next.open - bar.close) < bar.close / 500)
      }
    }
  }

  @Test func `spread and volume follow the market's activity`() throws {
    let midnight = Self.today * 86_400
    var wider = 0
    for day in 0..<20 {
      let open = try #require(
        Self.simulator.quote("NVDA", at: Timestamp(seconds: midnight - day * 86_400)))
      let noon = try #require(
        Self.simulator.quote("NVDA", at: Timestamp(seconds: midnight - day * 86_400 + 43_200)))
      if open.ask - open.bid > noon.ask - noon.bid { wider += 1 }
    }
    #expect(wider == 20)
    let bars = try #require(
      Self.simulator.history(
        "AAPL", .hour, from: Timestamp(seconds: midnight), to: Timestamp(seconds: midnight + 86_400)
      ))
    #expect(bars[0].volume > bars[12].volume && bars[23].volume > bars[12].volume)
  }

  @Test func `volume only grows within a day`() {
    let midnight = Self.today * 86_400
    let volumes = stride(from: 0, to: 86_400, by: 61).compactMap {
      Self.simulator.quote("AMZN", at: Timestamp(seconds: midnight + $0))?.volume
    }
    #expect(zip(volumes, volumes.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(volumes.first ?? 0 < volumes.last ?? 0)
  }
}
