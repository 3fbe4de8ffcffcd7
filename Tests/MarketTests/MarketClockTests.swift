import Diagnostics
import JSON
import Settings
import Store
import TestSupport
import Testing
import Time

@testable import Market

@Suite("The market's own clock")
struct MarketClockTests {
  private let epoch = Timestamp(seconds: 1_790_000_000)

  private func market(_ speed: Int, _ wall: ManualClock, _ hours: TradingHours = .continuous) throws
    -> MarketService
  {
    var settings = MarketSettings()
    settings.simulationSpeed = speed
    settings.simulationEpoch = epoch
    settings.hours = hours
    return try MarketService(
      settings: settings, store: SQLiteStore.inMemory(clock: wall), clock: wall)
  }

  @Test func `both clocks show the same at the epoch, and before it`() {
    let clock = MarketClock(wall: ManualClock(now: epoch), epoch: epoch, speed: 60)
    #expect(clock.now() == epoch)
    #expect(clock.market(epoch - .seconds(5)) == epoch - .seconds(5))
    #expect(clock.market(epoch + .seconds(5)) == epoch + .seconds(300))
    for offset in [-7, 0, 1, 1_000, 86_400_123] {
      let moment = epoch + .milliseconds(offset)
      #expect(clock.wall(clock.market(moment)) == moment)
    }
  }

  @Test func `it stands still at the end of 2099, and never overflows`() {
    let clock = MarketClock(wall: ManualClock(), epoch: epoch, speed: 3_600)
    #expect(clock.market(epoch + .seconds(86_400 * 30)) == MarketClock.end)
    #expect(clock.market(Timestamp(milliseconds: .max / 2)) == MarketClock.end)
  }

  @Test func `a fast market has the prices of the other at the moment that it shows`() async throws
  {
    let wall = ManualClock(now: epoch + .seconds(1_000))
    let fast = try #require(try await market(60, wall).quote("AAPL"))
    let plain = Simulator().quote("AAPL", at: epoch + .seconds(60_000))
    #expect(fast == plain)
    // A restart finds it where it is.
    let again = try await market(60, wall).quote("AAPL")
    #expect(again == fast)
  }

  @Test func `trading sees the wall's time`() async throws {
    let wall = ManualClock(now: epoch + .seconds(1_000))
    let service = try market(60, wall)
    let quote = try #require(try await service.quote("AAPL"))
    #expect(service.madeAt(quote) == wall.now())
    // 60 000 seconds on, the market's day began at its midnight, some of them ago.
    let day = service.dayStart(at: wall.now())
    #expect((wall.now() - day) < .seconds(86_400 / 60) && day <= wall.now())
  }

  @Test func `a fast exchange opens and closes within minutes of the wall`() throws {
    // The epoch is a Monday just after the opening; ten hours on it is night.
    let wall = ManualClock(now: epoch + .seconds(60))
    let service = try market(600, wall, .nyse)
    let opens = try #require(service.closure()?.opens)
    let wait = opens - wall.now()
    // A weekend of the exchange is 393 seconds here.
    #expect(wait > .seconds(0) && wait < .seconds(394))
    wall.advance(by: wait + .milliseconds(10))
    #expect(service.closure() == nil)
    wall.advance(by: .seconds(39))
    let closure = try #require(service.closure())
    #expect(closure.since <= wall.now() && closure.opens > wall.now())
  }

  @Test(arguments: [1, 60]) func `closes are told by the wall's time`(speed: Int) async throws {
    let wall = ManualClock(now: epoch + .seconds(400_000))
    let service = try market(speed, wall, .nyse)
    let end = Timestamp(seconds: wall.now().seconds / 900 * 900)
    let closes = try await service.closes(
      "AAPL", from: end - .seconds(86_400), to: end, step: .quarterHour)
    let clock = MarketClock(wall: wall, epoch: epoch, speed: speed)
    let first = end - .seconds(86_400 - 900)
    for moment in [first] + (speed == 1 ? [] : [end]) {
      // A bar ends before its end; a moment that is looked up is the moment itself.
      let looked = speed == 1 ? moment - .milliseconds(1) : clock.market(moment)
      #expect(closes[moment] == Simulator(hours: .nyse).quote("AAPL", at: looked)?.price)
    }
    #expect(closes.keys.allSatisfy { $0 >= first && $0 <= end })
  }

  @Test func `the clock's answer names the speed`() async throws {
    var settings = MarketSettings()
    settings.simulationSpeed = 60
    settings.simulationEpoch = epoch
    let stall = Stall(nil, settings, clock: ManualClock(now: epoch + .seconds(60)))
    let (_, json) = try await stall.json("getMarketClock", "/market/clock")
    #expect(json["speed"] == 60)
    #expect(json["timestamp"]?.string == (epoch + .seconds(3_600)).iso8601)
  }
}

@Suite("Settings of the market's hours")
struct MarketHoursSettingsTests {
  private func read(_ yaml: String) throws -> MarketSettings {
    let root = try SettingsDocument(yaml: yaml).reader()
    let settings = MarketSettings(root.section("market"))
    try root.finish()
    return settings
  }

  @Test func `hours, speed and epoch are read`() throws {
    let plain = try read("market: {}")
    #expect(plain.hours == .continuous && plain.simulationSpeed == 1)
    let settings = try read(
      """
      market:
        sessions: nyse
        simulation_speed: 60
        simulation_epoch: 2026-11-21T00:00:00Z
      """)
    #expect(settings.hours == .nyse && settings.simulationSpeed == 60)
    #expect(settings.simulationEpoch == Timestamp(iso8601: "2026-11-21T00:00:00Z"))
  }

  @Test(
    arguments: [
      "market: { simulation_speed: 60 }",
      "market: { simulation_speed: 60, simulation_epoch: yesterday }",
      "market: { source: replay, simulation_speed: 2, simulation_epoch: 2026-11-21T00:00:00Z }",
    ])
  func `a speed without ground is refused`(yaml: String) {
    #expect {
      _ = try read(yaml)
    } throws: { error in
      (error as? DiagnosticList)?.diagnostics.contains { $0.code == .marketSpeedUnfounded } == true
    }
  }

  @Test(arguments: ["market: { sessions: lse }", "market: { simulation_speed: 0 }"])
  func `other values are refused`(yaml: String) {
    #expect(throws: DiagnosticList.self) { _ = try read(yaml) }
  }
}
