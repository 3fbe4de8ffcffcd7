import Diagnostics
import Foundation
import JSON
import Settings
import Store
import Synchronization
import TestSupport
import Testing
import Time

@testable import Market

/// A source that answers what the test says, and counts.
final class Upstream: Sendable {
  let bodies: Mutex<[String]>
  let calls = Mutex<[String]>([])
  /// While set, a call does not come back.
  let isHeld = Mutex(false)
  private let gate = Mutex<[CheckedContinuation<Void, Never>]>([])

  init(_ bodies: [String]) { self.bodies = Mutex(bodies) }

  var fetch: AlphaVantageFetch {
    { request in
      let symbol = request.parameters.first?.1 ?? ""
      self.calls.withLock { $0.append("\(request.function) \(symbol)") }
      let body = self.bodies.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? "" }
      if self.isHeld.withLock({ $0 }) {
        await withCheckedContinuation { waiting in self.gate.withLock { $0.append(waiting) } }
      }
      if body == "down" { throw QuoteError.unavailable("down") }
      return Array(body.replacing("SYMBOL", with: symbol).utf8)
    }
  }

  func release() {
    isHeld.withLock { $0 = false }
    let waiting = gate.withLock { gate in
      defer { gate = [] }
      return gate
    }
    for one in waiting { one.resume() }
  }

  var count: Int { calls.withLock { $0.count } }
}

private let good = """
  {"Global Quote":{"01. symbol":"SYMBOL","02. open":"150.0","03. high":"151.0","04. low":"149.0",
  "05. price":"150.2500","06. volume":"1234567","07. latest trading day":"2026-05-28",
  "08. previous close":"149.7500","09. change":"0.5000","10. change percent":"0.3339%"}}
  """
private let daily = """
  {"Information":"We have detected your API key as X and our standard API rate limit is 25 requests per day."}
  """

@Suite("Alpha Vantage")
struct AlphaVantageTests {
  private let clock = ManualClock()

  private func source(
    _ upstream: Upstream, store: SQLiteStore? = nil,
    _ change: (inout AlphaVantageSettings) -> Void = { _ in }
  ) throws -> AlphaVantageQuotes {
    var settings = AlphaVantageSettings()
    settings.key = Secret("k")
    settings.spacingMilliseconds = 0
    change(&settings)
    return AlphaVantageQuotes(
      settings: settings, catalogue: .standard,
      store: try store ?? SQLiteStore.inMemory(clock: clock), clock: clock, fetch: upstream.fetch)
  }

  @Test(arguments: (try? JSON(parsing: Repository.text(casesPath)))?.array?.indices ?? 0..<0)
  func `every body is understood`(index: Int) throws {
    let row = try JSON(parsing: Repository.text(casesPath))[index] ?? .null
    let answer = AlphaVantageAnswer(
      row["body"]?.string.map { Array($0.utf8) } ?? row["body"]?.bytes ?? [])
    let kind = String(describing: answer).prefix { $0 != "(" }
    #expect(String(kind) == row["kind"]?.string, "\(answer)")
    if case .quote(let quote) = answer {
      #expect(quote.price == row["price"]?.int)
      #expect(quote.previousClose == row["previousClose"]?.int)
    }
    if case .bars(let bars) = answer {
      #expect(bars.first?.start.iso8601 == row["first"]?.string)
      #expect(bars.count == row["bars"]?.int)
    }
  }

  @Test func `a young quote is served without a call`() async throws {
    let upstream = Upstream([good])
    let source = try source(upstream)
    let first = try #require(try await source.quote("AAPL"))
    #expect(first.price == 1_502_500)
    #expect(first.previousClose == 1_497_500)
    #expect(first.source == "alphavantage")
    clock.advance(by: .seconds(4_000))
    #expect(try await source.quote("AAPL") == first)
    #expect(upstream.count == 1)
    clock.advance(by: .seconds(1_000))
    let second = try #require(try await source.quote("AAPL"))
    #expect(upstream.count == 2)
    #expect(second.asOf > first.asOf)
  }

  @Test func `quotes and budget outlive a restart`() async throws {
    let store = try SQLiteStore.inMemory(clock: clock)
    let upstream = Upstream([good])
    let first = try source(upstream, store: store) { $0.callsPerDay = 2 }
    _ = try await first.quote("AAPL")
    let second = try source(upstream, store: store) { $0.callsPerDay = 2 }
    #expect(try await second.quote("AAPL")?.price == 1_502_500)
    #expect(upstream.count == 1)
    _ = try await second.quote("MSFT")
    await #expect(throws: QuoteError.self) { _ = try await second.quote("TSLA") }
    #expect(upstream.count == 2)
    // The next day there are calls again.
    clock.advance(by: .seconds(86_400))
    #expect(try await second.quote("TSLA") != nil)
  }

  @Test func `who has an old quote waits a moment only, and the call goes on`() async throws {
    let upstream = Upstream([good])
    let source = try source(upstream)
    let first = try #require(try await source.quote("AAPL"))
    clock.advance(by: .seconds(5_000))
    upstream.isHeld.withLock { $0 = true }
    let asked = Task { try await source.quote("AAPL") }
    // The call is under way and the patience runs on the test's clock.
    while upstream.count < 2 || clock.sleeping == 0 { await Task.yield() }
    clock.advance(by: .milliseconds(1_500))
    let old = try #require(try await asked.value)
    #expect(old.stale && old.price == first.price && old.asOf == first.asOf)
    upstream.release()
    while try await source.quote("AAPL")?.stale != false { await Task.yield() }
    #expect(upstream.count == 2)
  }

  @Test func `few calls left make quotes last until the day's end`() async throws {
    // 12,800 seconds of the day are left, two calls after the first two, and two symbols to share
    // them: a quote lasts for all of it.
    let upstream = Upstream([good])
    let source = try source(upstream) { $0.callsPerDay = 4 }
    for symbol in ["AAPL", "MSFT"] { _ = try await source.quote(symbol) }
    for _ in 0..<11 {
      clock.advance(by: .seconds(1_000))
      for symbol in ["AAPL", "MSFT"] { #expect(try await source.quote(symbol)?.stale == false) }
    }
    #expect((3...4).contains(upstream.count), "\(upstream.count)")
    // A rich budget keeps to the soft age instead.
    let rich = Upstream([good])
    let other = try self.source(rich) { $0.callsPerDay = 1_000 }
    for _ in 0..<10 {
      clock.advance(by: .seconds(1_000))
      _ = try await other.quote("AAPL")
    }
    #expect((2...3).contains(rich.count), "\(rich.count)")
  }

  @Test func `a series outlives a restart and its age`() async throws {
    let store = try SQLiteStore.inMemory(clock: clock)
    let bar = #""1. open":"1.0","2. high":"2.0","3. low":"1.0","4. close":"1.5","5. volume":"7""#
    let upstream = Upstream([#"{"Meta Data":{},"Time Series (Daily)":{"2026-05-28":{\#(bar)}}}"#])
    let range = Timestamp(seconds: 1_700_000_000)..<Timestamp(seconds: 1_800_000_000)
    for _ in 0..<2 {
      let source = try source(upstream, store: store)
      let bars = try await source.history(
        "AAPL", .day, from: range.lowerBound, to: range.upperBound)
      #expect(bars?.map(\.close) == [15_000] && bars?.first?.volume == 7)
    }
    #expect(upstream.count == 1)
    clock.advance(by: .seconds(4_681))
    _ = try await source(upstream, store: store).history(
      "AAPL", .day, from: range.lowerBound, to: range.upperBound)
    #expect(upstream.count == 2)
  }

  @Test func `everybody who asks at once waits for one call`() async throws {
    let upstream = Upstream([good])
    let source = try source(upstream)
    let quotes = try await withThrowingTaskGroup(of: Quote?.self) { group in
      for _ in 0..<50 { group.addTask { try await source.quote("AAPL") } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(quotes.compactMap { $0 }.count == 50)
    #expect(upstream.count == 1)
  }

  @Test(arguments: ["down", "<html>", daily, #"{"Global Quote":{"05. price":"0.0"}}"#])
  func `an old quote is served as stale when the source is away`(body: String) async throws {
    let upstream = Upstream([good, body])
    let source = try source(upstream)
    let first = try #require(try await source.quote("AAPL"))
    clock.advance(by: .seconds(5_000))
    let stale = try #require(try await source.quote("AAPL"))
    #expect(stale.stale)
    #expect(stale.price == first.price && stale.asOf == first.asOf)
    clock.advance(by: .seconds(86_400))
    await #expect(throws: QuoteError.self) { _ = try await source.quote("AAPL") }
  }

  @Test func `the day's limit closes the source until midnight`() async throws {
    let upstream = Upstream([daily])
    let source = try source(upstream)
    let thrown = await #expect(throws: QuoteError.self) { _ = try await source.quote("AAPL") }
    let midnight = Timestamp(seconds: (clock.now().seconds / 86_400 + 1) * 86_400)
    #expect(thrown == .budgetSpent(until: midnight))
    await #expect(throws: QuoteError.self) { _ = try await source.quote("MSFT") }
    #expect(upstream.count == 1)
  }

  @Test func `failures in a row open the breaker, one try closes it`() async throws {
    let upstream = Upstream(["down", "down", "down", "down", good])
    let source = try source(upstream)
    for symbol in ["AAPL", "MSFT", "TSLA", "AMZN", "NVDA"] { _ = try? await source.quote(symbol) }
    #expect(upstream.count == 3)
    clock.advance(by: .seconds(301))
    _ = try? await source.quote("AAPL")
    _ = try? await source.quote("MSFT")
    #expect(upstream.count == 4)
    clock.advance(by: .seconds(301))
    #expect(try await source.quote("AAPL") != nil)
  }

  @Test func `an unknown symbol is remembered for a minute`() async throws {
    let upstream = Upstream([#"{"Global Quote":{}}"#])
    let source = try source(upstream)
    #expect(try await source.quote("AAPL") == nil)
    #expect(try await source.quote("AAPL") == nil)
    #expect(upstream.count == 1)
    clock.advance(by: .seconds(61))
    #expect(try await source.quote("AAPL") == nil)
    #expect(upstream.count == 2)
    #expect(try await source.quote("NOT-IN-CATALOGUE") == nil)
    #expect(upstream.count == 2)
  }

  @Test func `calls keep their distance`() {
    let now = Timestamp(seconds: 1_000)
    var settings = AlphaVantageSettings()
    settings.spacingMilliseconds = 1_100
    var upstream = UpstreamGuard(settings, now: now)
    #expect(upstream.request(at: now) == .call(after: .zero))
    #expect(upstream.request(at: now) == .call(after: .milliseconds(1_100)))
    #expect(upstream.request(at: now + .milliseconds(1_100)) == .call(after: .milliseconds(1_100)))
    for _ in 0..<8 { _ = upstream.request(at: now) }
    guard case .refused = upstream.request(at: now) else {
      Issue.record("a queue without end")
      return
    }
  }

  @Test func `the key is in the address and nowhere else`() {
    var settings = AlphaVantageSettings()
    settings.key = Secret("very&secret")
    let request = AlphaVantageRequest(
      settings: settings, function: "GLOBAL_QUOTE", parameters: [("symbol", "A B")])
    #expect(request.address.hasSuffix("?function=GLOBAL_QUOTE&symbol=A%20B&apikey=very%26secret"))
    #expect(!"\(request)".contains("secret&") && !"\(request)".contains("very"))
  }
}

private let casesPath = "Tests/MarketTests/Cases/alphavantage.json"

@Suite("Replay")
struct ReplayTests {
  private let clock = ManualClock(now: Timestamp(seconds: 1_780_000_000))

  private func bar(_ offset: Int, _ close: Int) -> Bar {
    Bar(
      start: Timestamp(seconds: 1_780_000_000 + offset), open: close - 100, high: close + 200,
      low: close - 200, close: close, volume: 10)
  }

  @Test func `the newest bar that has begun is the quote`() async throws {
    let source = ReplayedQuotes(
      series: ["AAPL": [bar(-86_400, 1_700_000), bar(-60, 1_750_000), bar(60, 1_760_000)]],
      catalogue: .standard, clock: clock)
    let quote = try #require(try await source.quote("AAPL"))
    #expect(quote.price == 1_750_000)
    #expect(quote.previousClose == 1_700_000)
    #expect(!quote.stale)
    clock.advance(by: .seconds(120))
    #expect(try await source.quote("AAPL")?.price == 1_760_000)
    clock.advance(by: .seconds(10_000))
    #expect(try await source.quote("AAPL")?.stale == true)
    #expect(try await source.quote("MSFT") == nil)
    let bars = try await source.history(
      "AAPL", .day, from: Timestamp(seconds: 0), to: clock.now())
    #expect(bars?.count == 2)
  }

  @Test func `recordings are read from files, wrong ones are refused`() throws {
    let folder = try TemporaryFolder()
    #expect(throws: Diagnostic.self) {
      _ = try ReplayedQuotes(folder: folder.path, catalogue: .standard, clock: clock)
    }
    let path = "\(folder.path)/AAPL.json"
    let bar = #"{"time":"2026-05-28T10:00:00Z","open":1,"high":2,"low":1,"close":1.5,"volume":1}"#
    try #"{"bars":[\#(bar)]}"#.write(toFile: path, atomically: true, encoding: .utf8)
    _ = try ReplayedQuotes(folder: folder.path, catalogue: .standard, clock: clock)
    for wrong in ["{", "{}", #"{"bars":[{}]}"#, #"{"bars":[\#(bar),\#(bar)]}"#] {
      try wrong.write(toFile: path, atomically: true, encoding: .utf8)
      let thrown = #expect(throws: Diagnostic.self, "\(wrong)") {
        _ = try ReplayedQuotes(folder: folder.path, catalogue: .standard, clock: clock)
      }
      #expect(thrown?.code == .marketReplayUnreadable)
    }
  }
}
