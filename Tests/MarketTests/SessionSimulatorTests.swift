import TestSupport
import Testing
import Time

@testable import Market

/// The simulator in the sessions of New York.
@Suite("Simulator in sessions")
struct SessionSimulatorTests {
  private static let simulator = Simulator(hours: .nyse)
  private static let symbols = Catalogue.standard.instruments.map(\.symbol)
  private static let hours = TradingHours.nyse
  private static let end = 20_601

  /// The sessions of four years, oldest first.
  private static let sessions = (end - 1461..<end).compactMap { hours.session(day: $0) }

  private static func log(_ symbol: String, _ second: Int) -> Double {
    PortableMath.log(Double(quote(symbol, second)?.price ?? 1))
  }

  private static func quote(_ symbol: String, _ second: Int) -> Quote? {
    simulator.quote(symbol, at: Timestamp(seconds: second))
  }

  private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  @Test func `outside a session the quote is the last one's, with its own time`() throws {
    let pairs = zip(Self.sessions.suffix(40), Self.sessions.suffix(40).dropFirst())
    for (session, next) in pairs {
      let last = try #require(Self.quote("AAPL", session.last))
      #expect(last.asOf == Timestamp(seconds: session.last))
      for second in [session.close, session.close + 9_999, (session.close + next.open) / 2] {
        #expect(Self.quote("AAPL", second) == last)
      }
      #expect(Self.quote("AAPL", next.open - 1) == last)
      let first = try #require(Self.quote("AAPL", next.open))
      #expect(first.asOf == Timestamp(seconds: next.open))
      #expect(first.previousClose == last.price && first.volume < last.volume)
    }
  }

  @Test func `a year's volatility is within a tenth of the one asked for`() {
    for instrument in Catalogue.standard.instruments {
      let closes = Self.sessions.map { Self.log(instrument.symbol, $0.last) }
      let moves = zip(closes.dropFirst(), closes).map { ($0 - $1) * ($0 - $1) }.suffix(500)
      let yearly = (mean(Array(moves)) * 252).squareRoot() * 1000
      let wanted = Double(instrument.volatilityPermille)
      #expect(abs(yearly / wanted - 1) < 0.1, "\(instrument.symbol): \(yearly) of \(wanted)")
    }
  }

  @Test func `a night moves a price by about a quarter of a day's variance`() {
    var nights: [Double] = []
    var days: [Double] = []
    for symbol in Self.symbols {
      for (session, next) in zip(Self.sessions, Self.sessions.dropFirst())
      where Self.simulator.jumps(symbol, in: session.open..<next.close).isEmpty {
        let close = Self.log(symbol, session.last)
        let open = Self.log(symbol, next.open)
        nights.append((open - close) * (open - close))
        let move = Self.log(symbol, next.last) - open
        days.append(move * move)
      }
    }
    let part = mean(nights) / (mean(nights) + mean(days))
    #expect((0.2...0.3).contains(part), "\(part)")
  }

  @Test func `the ends of a session move more than its middle, and no minute runs away`() {
    func variance(_ offset: Int) -> Double {
      mean(
        Self.symbols.flatMap { symbol in
          Self.sessions.suffix(120).filter { !$0.isEarly }.map { session in
            let start = session.open + offset
            let move = Self.log(symbol, start + 1_799) - Self.log(symbol, start)
            return move * move
          }
        })
    }
    let noon = variance(10_800)
    #expect(variance(0) > 2 * noon && variance(21_600) > 2 * noon)
    for session in Self.sessions.suffix(400) {
      for second in stride(from: session.open + 60, to: session.close, by: 3_607)
      where Self.simulator.jumps("TSLA", in: second - 59..<second + 1).isEmpty {
        #expect(abs(Self.log("TSLA", second) - Self.log("TSLA", second - 60)) < 0.02)
      }
    }
  }

  @Test func `bars hold every second of the sessions and nothing else`() throws {
    let sessions = Self.sessions.suffix(2)
    let from = (sessions.first?.day ?? 0) * 86_400
    let to = ((sessions.last?.day ?? 0) + 1) * 86_400
    func bars(_ resolution: Resolution) throws -> [Bar] {
      try #require(
        Self.simulator.history(
          "TSLA", resolution, from: Timestamp(seconds: from), to: Timestamp(seconds: to)))
    }
    let (minutes, hours, days) = (try bars(.minute), try bars(.hour), try bars(.day))
    #expect(minutes.count == sessions.map { ($0.close - $0.open) / 60 }.reduce(0, +))
    #expect(Bar.merged(minutes, seconds: 3600) == hours)
    #expect(Bar.merged(hours, seconds: 86_400) == days)
    #expect(days.count == 2)
    for (session, bar) in zip(sessions, days) {
      let prices = (session.open..<session.close).compactMap { Self.quote("TSLA", $0)?.price }
      #expect(bar.open == prices.first && bar.close == prices.last)
      #expect(bar.high == prices.max() && bar.low == prices.min())
      #expect(bar.volume == Self.quote("TSLA", session.last)?.volume)
    }
  }

  @Test func `a block with a leap has its extremes too`() throws {
    let end = Self.end * 86_400
    let jumps = Self.simulator.jumps("NVDA", in: end - 8 * 365 * 86_400..<end)
    let within = jumps.filter { Self.hours.latest(at: $0.second).contains($0.second) }
    let jump = try #require(within.first)
    let session = Self.hours.latest(at: jump.second)
    let bar = try #require(
      Self.simulator.history(
        "NVDA", .day, from: Timestamp(seconds: session.day * 86_400),
        to: Timestamp(seconds: session.close)
      )?.first)
    let prices = (session.open..<session.close).compactMap { Self.quote("NVDA", $0)?.price }
    #expect(bar.high == prices.max() && bar.low == prices.min())
  }
}
