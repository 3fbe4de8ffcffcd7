import JSON
import Settings
import Store
import Synchronization
import TestSupport
import Testing
import Time

@testable import Market

@Suite("Series of Alpha Vantage")
struct AlphaVantageSeriesTests {
  private let clock = ManualClock()

  private static let limit =
    #"{"Information":"Our standard API rate limit is 25 requests per day."}"#

  private static func daily(_ close: String) -> String {
    let bar =
      #""1. open":"1.0","2. high":"9.0","3. low":"1.0","4. close":"\#(close)","5. volume":"7""#
    return #"{"Meta Data":{},"Time Series (Daily)":{"2026-05-27":{\#(bar)}}}"#
  }

  private func source(
    _ upstream: Upstream, _ change: (inout AlphaVantageSettings) -> Void = { _ in }
  ) throws -> AlphaVantageQuotes {
    var settings = AlphaVantageSettings()
    settings.key = Secret("k")
    settings.spacingMilliseconds = 0
    change(&settings)
    return AlphaVantageQuotes(
      settings: settings, catalogue: .standard, store: try SQLiteStore.inMemory(clock: clock),
      clock: clock, fetch: upstream.fetch)
  }

  private func read(_ source: AlphaVantageQuotes) async throws -> PriceSeries? {
    try await source.series(
      "AAPL", .day, from: Timestamp(seconds: 0), to: clock.now() + .seconds(1))
  }

  @Test func `everybody who asks at once waits for one call`() async throws {
    let upstream = Upstream([Self.daily("1.5")])
    let source = try source(upstream)
    let found = try await withThrowingTaskGroup(of: PriceSeries?.self) { group in
      for _ in 0..<50 { group.addTask { try await read(source) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(found.compactMap { $0?.bars.first?.close } == Array(repeating: 15_000, count: 50))
    #expect(upstream.count == 1)
  }

  @Test(arguments: ["down", "<html>", "{}", Self.limit])
  func `an old series is served as stale when the source is away, a very old one is not`(
    body: String
  ) async throws {
    let upstream = Upstream([Self.daily("1.5"), body])
    let source = try source(upstream)
    let first = try #require(try await read(source))
    #expect(!first.stale && first.asOf == clock.now())
    clock.advance(by: .seconds(5_000))
    for _ in 0..<3 {
      let old = try #require(try await read(source))
      #expect(old.stale && old.asOf == first.asOf && old.bars == first.bars)
    }
    // One failure is enough for all who ask in the same minute.
    #expect(upstream.count == 2)
    clock.advance(by: .seconds(86_400))
    await #expect(throws: QuoteError.self) { _ = try await read(source) }
  }

  @Test func `who has an old series waits a moment only, and the call goes on`() async throws {
    let upstream = Upstream([Self.daily("1.5"), Self.daily("2.5")])
    let source = try source(upstream)
    _ = try await read(source)
    clock.advance(by: .seconds(5_000))
    upstream.isHeld.withLock { $0 = true }
    let asked = Task { try await read(source) }
    while upstream.count < 2 || clock.sleeping == 0 { await Task.yield() }
    clock.advance(by: .milliseconds(1_500))
    #expect(try await asked.value?.stale == true)
    upstream.release()
    while try await read(source)?.stale != false { await Task.yield() }
    #expect(try await read(source)?.bars.first?.close == 25_000)
    #expect(upstream.count == 2)
  }

  @Test func `a failure is remembered, and what costs money for a day`() async throws {
    let failing = Upstream(["<html>"])
    let source = try source(failing)
    for _ in 0..<3 { await #expect(throws: QuoteError.self) { _ = try await read(source) } }
    #expect(failing.count == 1)
    clock.advance(by: .seconds(61))
    await #expect(throws: QuoteError.self) { _ = try await read(source) }
    #expect(failing.count == 2)

    let premium = Upstream([#"{"Information":"This is a premium endpoint."}"#])
    let other = try self.source(premium)
    for symbol in ["AAPL", "MSFT", "AAPL"] {
      await #expect(throws: QuoteError.unsupported("The price source does not offer this")) {
        _ = try await other.series(
          symbol, .fiveMinutes, from: Timestamp(seconds: 0), to: clock.now())
      }
      clock.advance(by: .seconds(3_600))
    }
    #expect(premium.count == 1)
  }

  @Test func `a symbol without a series is remembered`() async throws {
    let upstream = Upstream([#"{"Error Message":"Invalid API call. Please retry."}"#])
    let source = try source(upstream)
    #expect(try await read(source) == nil)
    #expect(try await read(source) == nil)
    #expect(upstream.count == 1)
  }

  @Test func `an answer tells the age of its bars`() async throws {
    let upstream = Upstream([Self.daily("1.5"), "down"])
    let stall = Stall(try source(upstream), clock: clock)
    let asOf = clock.now().iso8601
    for isStale in [false, true] {
      let (status, json) = try await stall.json(
        "getStockData", "/stocks/AAPL/history", query: "range=6m", symbol: "AAPL")
      #expect(status == 200 && json["bars"]?.array?.count == 1)
      #expect(json["stale"] == .bool(isStale) && json["asOf"]?.string == asOf)
      clock.advance(by: .seconds(5_000))
    }
  }
}

@Suite("The age of quotes of Alpha Vantage")
struct AlphaVantageAgeTests {
  /// Thursday 2026-05-28, 16:26 in New York.
  private let clock = ManualClock()

  private static func quote(of day: String) -> String {
    """
    {"Global Quote":{"01. symbol":"SYMBOL","05. price":"150.2500","06. volume":"1234567",
    "07. latest trading day":"\(day)","08. previous close":"149.7500"}}
    """
  }

  private func source(_ upstream: Upstream) throws -> AlphaVantageQuotes {
    var settings = AlphaVantageSettings()
    settings.key = Secret("k")
    settings.spacingMilliseconds = 0
    return AlphaVantageQuotes(
      settings: settings, catalogue: .standard, store: try SQLiteStore.inMemory(clock: clock),
      clock: clock, fetch: upstream.fetch)
  }

  @Test(
    arguments: [
      ("2026-05-28", nil), ("2026-05-27", "2026-05-27T20:00:00Z"),
      ("2026-01-02", "2026-01-02T21:00:00Z"),
      // The exchange closed at one o'clock.
      ("2025-11-28", "2025-11-28T18:00:00Z"),
      // A date that is no session, one to come, and none.
      ("2026-05-24", "2026-05-24T20:00:00Z"), ("2026-06-01", nil), ("", nil),
    ] as [(String, String?)])
  func `a quote is of its trading day's close, unless that is today`(day: String, asOf: String?)
    async throws
  {
    let source = try source(Upstream([Self.quote(of: day)]))
    let quote = try #require(try await source.quote("AAPL"))
    #expect(quote.asOf == asOf.flatMap { Timestamp(iso8601: $0) } ?? clock.now())
    #expect(!quote.stale)
    // It was fetched now, so it is young whatever it tells.
    clock.advance(by: .seconds(4_000))
    #expect(try await source.quote("AAPL")?.stale == false)
  }

  @Test func `an order spends a call on a quote that is too old for it, a look does not`()
    async throws
  {
    let upstream = Upstream([Self.quote(of: "2026-05-28")])
    let source = try source(upstream)
    let first = try await source.quote("AAPL")
    clock.advance(by: .seconds(120))
    #expect(try await source.quote("AAPL", fetchedWithin: .seconds(120)) == first)
    #expect(upstream.count == 1)
    clock.advance(by: .seconds(1))
    #expect(try await source.quote("AAPL") == first)
    #expect(upstream.count == 1)
    let fresh = try await source.quote("AAPL", fetchedWithin: .seconds(120))
    #expect(fresh?.asOf == clock.now() && fresh?.stale == false)
    #expect(upstream.count == 2)
  }

  @Test func `an order that gets no newer quote has the one that is kept`() async throws {
    let upstream = Upstream([Self.quote(of: "2026-05-28"), "down"])
    let source = try source(upstream)
    let first = try await source.quote("AAPL")
    clock.advance(by: .seconds(300))
    for _ in 0..<3 {
      #expect(try await source.quote("AAPL", fetchedWithin: .seconds(120)) == first)
    }
    #expect(upstream.count == 2)
  }

  @Test func `after the close an order spends nothing, since nothing newer is there`() async throws
  {
    // Friday, 2026-05-29, 08:26 in New York: the newest session is Thursday's.
    clock.advance(by: .seconds(16 * 3_600))
    let upstream = Upstream([Self.quote(of: "2026-05-28")])
    let source = try source(upstream)
    let first = try await source.quote("AAPL")
    #expect(first?.asOf == Timestamp(iso8601: "2026-05-28T20:00:00Z"))
    clock.advance(by: .seconds(600))
    #expect(try await source.quote("AAPL", fetchedWithin: .seconds(120)) == first)
    #expect(upstream.count == 1)
    // The exchange has opened.
    clock.advance(by: .seconds(3_600))
    _ = try await source.quote("AAPL", fetchedWithin: .seconds(120))
    #expect(upstream.count == 2)
  }
}
