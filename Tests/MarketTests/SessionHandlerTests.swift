import HTTPExchange
import JSON
import TestSupport
import Testing
import Time

@testable import Market

@Suite("Hours of the market")
struct SessionHandlerTests {
  /// A market with a given clock and hours.
  private func stall(_ now: String, _ hours: TradingHours = .nyse) throws -> Stall {
    var settings = MarketSettings()
    settings.hours = hours
    let clock = ManualClock(now: try #require(Timestamp(iso8601: now)))
    return Stall(
      SimulatedQuotes(simulator: Simulator(hours: hours), clock: clock), settings, clock: clock)
  }

  @Test(
    arguments: [
      ("2026-11-20T20:59:59Z", true, "regular", "2026-11-23T14:30", "2026-11-20T21:00"),
      ("2026-11-20T21:00:00Z", false, "closed", "2026-11-23T14:30", "2026-11-23T21:00"),
      ("2026-11-25T22:00:00Z", false, "closed", "2026-11-27T14:30", "2026-11-27T18:00"),
      ("2026-11-27T15:00:00Z", true, "early", "2026-11-30T14:30", "2026-11-27T18:00"),
      ("2026-03-08T12:00:00Z", false, "closed", "2026-03-09T13:30", "2026-03-09T20:00"),
    ])
  func `the clock tells the next opening and the next close`(
    now: String, isOpen: Bool, session: String, opening: String, close: String
  ) async throws {
    let (status, json) = try await stall(now).json("getMarketClock", "/market/clock")
    #expect(status == 200)
    #expect(json["is_open"]?.bool == isOpen)
    #expect(json["session"]?.string == session)
    #expect(json["next_open"]?.string == opening + ":00.000Z")
    #expect(json["next_close"]?.string == close + ":00.000Z")
    #expect(json["timezone"] == "America/New_York")
  }

  @Test func `a market that never closes has no next opening`() async throws {
    let market = try stall("2026-11-21T12:00:00Z", .continuous)
    let (_, clock) = try await market.json("getMarketClock", "/market/clock")
    #expect(clock["is_open"] == true && clock["session"] == "continuous")
    #expect(clock["next_open"] == .null && clock["next_close"] == .null)
    #expect(clock["dayEndsAt"] == "2026-11-22T00:00:00.000Z")
    let (_, calendar) = try await market.json("getMarketCalendar", "/market/calendar")
    #expect(calendar["mode"] == "continuous" && calendar["sessions"]?.array?.count == 30)
    #expect(calendar["sessions"]?[0]?["close"] == "2026-11-22T00:00:00.000Z")
  }

  @Test func `the calendar has the sessions of a range`() async throws {
    let market = try stall("2026-11-22T03:00:00Z")
    let (status, json) = try await market.json(
      "getMarketCalendar", "/market/calendar", query: "start=2026-11-25&end=2026-11-29")
    #expect(status == 200)
    #expect(
      json["sessions"] == [
        [
          "date": "2026-11-25", "open": "2026-11-25T14:30:00.000Z",
          "close": "2026-11-25T21:00:00.000Z", "early": false,
        ],
        [
          "date": "2026-11-27", "open": "2026-11-27T14:30:00.000Z",
          "close": "2026-11-27T18:00:00.000Z", "early": true,
        ],
      ])
    // Without a start it begins today in New York, where it is still Saturday.
    let (_, coming) = try await market.json("getMarketCalendar", "/market/calendar")
    #expect(coming["start"] == "2026-11-21" && coming["end"] == "2026-12-20")
    #expect(coming["sessions"]?.array?.count == 19)
  }

  @Test func `what is fixed is kept for a day, what is counted from today no longer than that`()
    async throws
  {
    let market = try stall("2026-11-22T04:59:00Z")
    func cached(_ query: String?) async throws -> String? {
      try await market.call("getMarketCalendar", "/market/calendar", query: query)
        .headers["cache-control"]
    }
    #expect(
      try await cached("start=2026-01-01&end=2026-12-31") == "public, max-age=86400")
    #expect(try await cached(nil) == "public, max-age=60")
  }

  @Test(
    arguments: [
      "start=2026-02-30", "start=2026-01-01&end=2027-01-02", "start=2026-01-02&end=2026-01-01",
      "start=2006-12-31", "end=2100-01-01", "start=yesterday", "start=2026-01-01T00:00:00Z",
    ])
  func `a range that is none is refused`(query: String) async throws {
    let (status, json) = try await stall("2026-11-22T04:59:00Z").json(
      "getMarketCalendar", "/market/calendar", query: query)
    #expect(status == 400)
    #expect(json["error"] == "invalid_request")
  }

  @Test func `on a Sunday a day's chart and the small lines show Friday`() async throws {
    let market = try stall("2026-11-22T12:00:00Z")
    let (_, history) = try await market.json(
      "getStockData", "/stocks/AAPL/history", query: "range=1d", symbol: "AAPL")
    #expect(history["bars"]?.array?.count == 78)
    #expect(history["bars"]?[0]?["time"] == "2026-11-20T14:30:00.000Z")
    let (_, stocks) = try await market.json("StockCheckerFunction", "/check")
    #expect(stocks[0]?["recent"]?.array?.count == 60)
    #expect(stocks[0]?["asOf"] == "2026-11-20T20:59:59.000Z")
    #expect(stocks[0]?["stale"] == false)
  }
}
