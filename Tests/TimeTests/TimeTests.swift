import Testing

@testable import Time

@Suite("Time")
struct TimeTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
    (-1, "1969-12-31T23:59:59.999Z"), (1_795_250_744_967, "2026-11-21T08:45:44.967Z"),
    (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
  ])
  func `a timestamp is written and read`(milliseconds: Int, text: String) {
    #expect(Timestamp(milliseconds: milliseconds).iso8601 == text)
    #expect(Timestamp(iso8601: text)?.milliseconds == milliseconds)
  }

  @Test func `every day of four centuries makes the round trip`() {
    for day in stride(from: -146_097, to: 146_097, by: 1) {
      let civil = CivilTime(Timestamp(seconds: day * 86_400))
      guard civil.daysSinceEpoch == day, civil.isValid else {
        Issue.record("day \(day)")
        return
      }
    }
  }

  @Test(arguments: [
    "2026-02-29", "2026-13-01", "2026-1-01", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00",
    "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+25:00", "2026-01-01T00:00:00ZZ", "", "now",
  ])
  func `what is no date is none`(text: String) { #expect(Timestamp(iso8601: text) == nil) }

  @Test func `an offset is taken off`() {
    #expect(
      Timestamp(iso8601: "2026-01-01T02:00:00+02:00") == Timestamp(iso8601: "2026-01-01T00:00:00Z"))
    #expect(CivilTime(year: 2026, month: 11, day: 21).weekday == 6)
  }

  @Test func `a sleeper wakes when the clock is moved, and not before`() async throws {
    let clock = ManualClock()
    let before = clock.now()
    let sleeper = Task { try await clock.sleep(for: .seconds(10)) }
    while clock.sleeping == 0 { await Task.yield() }
    clock.advance(by: .seconds(9))
    #expect(clock.sleeping == 1)
    clock.advance(by: .seconds(1))
    try await sleeper.value
    #expect(clock.now() - before == .seconds(10))
  }

  @Test func `a cancelled sleeper throws`() async {
    let clock = ManualClock()
    let sleeper = Task { try await clock.sleep(for: .seconds(10)) }
    while clock.sleeping == 0 { await Task.yield() }
    sleeper.cancel()
    await #expect(throws: CancellationError.self) { try await sleeper.value }
    #expect(clock.sleeping == 0)
  }
}
