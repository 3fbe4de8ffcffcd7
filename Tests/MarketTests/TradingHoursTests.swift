import Testing
import Time

@testable import Market

/// The exchange's calendar by hand; the whole of 2007 to 2035 is compared with exchange-calendars in
/// `market_calendar.py`.
@Suite("Trading hours")
struct TradingHoursTests {
  private func day(_ text: String) -> Int {
    (Timestamp(iso8601: text)?.seconds ?? 0) / 86_400
  }

  private func second(_ text: String) -> Int { Timestamp(iso8601: text)?.seconds ?? 0 }

  @Test(
    arguments: [
      // Saturdays, Sundays, and the holidays of one year.
      "2026-11-21", "2026-11-22", "2026-01-01", "2026-01-19", "2026-02-16", "2026-04-03",
      "2026-05-25", "2026-06-19", "2026-07-03", "2026-09-07", "2026-11-26", "2026-12-25",
      // Observed on a Monday, on a Friday.
      "2023-01-02", "2022-06-20", "2021-07-05", "2022-12-26", "2021-12-24", "2027-06-18",
      // Good Friday in March and in April.
      "2024-03-29", "2025-04-18",
      // Closed by what happened.
      "2007-01-02", "2012-10-29", "2012-10-30", "2018-12-05", "2025-01-09",
    ])
  func `the exchange is closed`(date: String) {
    #expect(TradingHours.nyse.session(day: day(date)) == nil)
  }

  @Test(
    arguments: [
      // New Year's Day on a Saturday is not made up for; Juneteenth is kept since 2022 only.
      "2021-12-31", "2010-12-31", "2021-06-18", "2020-06-19", "2026-07-06", "2024-07-05",
    ])
  func `the exchange trades as on other days`(date: String) throws {
    let session = try #require(TradingHours.nyse.session(day: day(date)))
    #expect(!session.isEarly && session.close - session.open == 23_400)
  }

  @Test(
    arguments: [
      "2026-11-27", "2026-12-24", "2025-07-03", "2024-07-03", "2023-07-03", "2013-07-03",
      "2012-11-23", "2007-12-24",
    ])
  func `the exchange closes at one`(date: String) throws {
    let session = try #require(TradingHours.nyse.session(day: day(date)))
    #expect(session.isEarly && session.close - session.open == 12_600)
  }

  @Test(
    arguments: [
      // The Fridays before and the Mondays after the clock is changed.
      ("2026-03-06", "2026-03-06T14:30:00Z"), ("2026-03-09", "2026-03-09T13:30:00Z"),
      ("2026-10-30", "2026-10-30T13:30:00Z"), ("2026-11-02", "2026-11-02T14:30:00Z"),
    ])
  func `a session opens at half past nine in New York`(date: String, opening: String) {
    #expect(TradingHours.nyse.session(day: day(date))?.open == second(opening))
  }

  @Test(
    arguments: [
      ("2026-11-20T04:59:59Z", "2026-11-19"), ("2026-11-20T05:00:00Z", "2026-11-20"),
      ("2026-07-01T03:59:59Z", "2026-06-30"), ("2026-07-01T04:00:00Z", "2026-07-01"),
      // The hours of the change, and the end of a year.
      ("2026-03-08T06:59:59Z", "2026-03-08"), ("2026-03-08T07:00:00Z", "2026-03-08"),
      ("2026-11-01T05:59:59Z", "2026-11-01"), ("2026-11-01T06:00:00Z", "2026-11-01"),
      ("2027-01-01T04:59:59Z", "2026-12-31"),
    ])
  func `the date is New York's`(moment: String, date: String) {
    #expect(TradingHours.nyse.day(at: second(moment)) == day(date))
  }

  @Test func `between two sessions the market is closed until the next`() throws {
    let hours = TradingHours.nyse
    func closure(_ text: String) throws -> MarketClosure? {
      hours.closure(at: try #require(Timestamp(iso8601: text)))
    }
    let weekend = MarketClosure(
      since: Timestamp(seconds: second("2026-11-20T21:00:00Z")),
      opens: Timestamp(seconds: second("2026-11-23T14:30:00Z")))
    #expect(try closure("2026-11-20T20:59:59.999Z") == nil)
    #expect(try closure("2026-11-20T21:00:00Z") == weekend)
    #expect(try closure("2026-11-23T14:29:59.999Z") == weekend)
    #expect(try closure("2026-11-23T14:30:00Z") == nil)
    // Thanksgiving, then the short day after it.
    #expect(
      try closure("2026-11-26T15:00:00Z")?.opens
        == Timestamp(seconds: second("2026-11-27T14:30:00Z")))
    #expect(
      try closure("2026-11-27T18:00:00Z")?.since
        == Timestamp(seconds: second("2026-11-27T18:00:00Z")))
    #expect(TradingHours.continuous.closure(at: Timestamp(seconds: 0)) == nil)
  }

  @Test func `every moment lies between the newest session and the next`() {
    for hours in TradingHours.allCases {
      for second in stride(from: second("2012-10-20T00:00:00Z"), to: 1_400_000_000, by: 7_919) {
        let latest = hours.latest(at: second)
        let next = hours.next(after: second)
        #expect(latest.open <= second && second < next.open)
        #expect(latest.close <= next.open && latest.day < next.day)
        // Nothing was left out between the two.
        #expect((latest.day + 1..<next.day).allSatisfy { hours.session(day: $0) == nil })
      }
    }
  }

  @Test func `a year has about 252 sessions`() {
    for year in 2007...2099 {
      let days =
        CivilTime(
          year: year, month: 1, day: 1
        ).daysSinceEpoch..<CivilTime(year: year + 1, month: 1, day: 1).daysSinceEpoch
      let sessions = days.filter { TradingHours.nyse.session(day: $0) != nil }.count
      #expect((249...253).contains(sessions), "\(year): \(sessions)")
    }
  }
}
