import Testing
import Time

@testable import Tokens

@Suite("When keys are fetched")
struct KeySetRefreshTests {
  /// Seconds on a monotonic clock.
  private func at(_ seconds: Int) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: UInt64(1_000 + seconds) * 1_000_000_000)
  }

  private func loaded(maxAge: Int? = 1_000) -> KeySetRefresh {
    var machine = KeySetRefresh()
    #expect(machine.need("k", isKnown: false, now: at(0)) == .fetchAndWait)
    machine.loaded(maxAge: maxAge, now: at(0))
    return machine
  }

  @Test func `the first token starts the fetch, the others wait for it`() {
    var machine = KeySetRefresh()
    #expect(machine.need("k", isKnown: false, now: at(0)) == .fetchAndWait)
    #expect(machine.need("k", isKnown: false, now: at(0)) == .wait)
    #expect(machine.need("other", isKnown: false, now: at(1)) == .wait)
    machine.loaded(maxAge: 600, now: at(1))
    #expect(machine.need("k", isKnown: true, now: at(1)) == .use)
  }

  @Test func `without keys a failure is not repeated before the cooldown`() {
    var machine = KeySetRefresh()
    _ = machine.need("k", isKnown: false, now: at(0))
    machine.failed(now: at(1))
    #expect(machine.need("k", isKnown: false, now: at(2)) == .unavailable)
    #expect(machine.need("k", isKnown: false, now: at(29)) == .unavailable)
    #expect(machine.need("k", isKnown: false, now: at(30)) == .fetchAndWait)
  }

  @Test(arguments: [
    (nil, 300), (0, 300), (100, 300), (1_000, 1_000), (7_200, 7_200), (1_000_000, 7_200),
  ])
  func `a lifetime is between five minutes and two hours`(maxAge: Int?, lifetime: Int) {
    var machine = loaded(maxAge: maxAge)
    #expect(machine.need("k", isKnown: true, now: at(lifetime * 8 / 10 - 1)) == .use)
    #expect(machine.need("k", isKnown: true, now: at(lifetime * 8 / 10)) == .useAndFetch)
    #expect(machine.need("k", isKnown: true, now: at(lifetime * 8 / 10)) == .use)
  }

  @Test func `keys that nobody asked for in their lifetime are fetched before they are used`() {
    var machine = loaded()
    #expect(machine.need("k", isKnown: true, now: at(1_000)) == .fetchAndWait)
    #expect(machine.need("k", isKnown: true, now: at(1_001)) == .wait)
    machine.loaded(maxAge: 1_000, now: at(1_002))
    #expect(machine.need("k", isKnown: true, now: at(1_003)) == .use)
  }

  @Test func `while the issuer is away the last good keys serve for a day`() {
    var machine = loaded()
    #expect(machine.need("k", isKnown: true, now: at(1_000)) == .fetchAndWait)
    machine.failed(now: at(1_005))
    #expect(machine.isUsable(at(1_005)))
    #expect(machine.need("k", isKnown: true, now: at(1_006)) == .use)
    #expect(machine.need("k", isKnown: true, now: at(1_030)) == .useAndFetch)
    machine.failed(now: at(1_035))
    #expect(machine.need("k", isKnown: true, now: at(86_400)) == .useAndFetch)
    machine.failed(now: at(86_400))
    #expect(!machine.isUsable(at(86_401)))
    #expect(machine.need("k", isKnown: true, now: at(86_401)) == .unavailable)
    #expect(machine.need("k", isKnown: true, now: at(86_430)) == .fetchAndWait)
  }

  @Test func `unknown ids cost one fetch in the cooldown`() {
    var machine = loaded()
    #expect(machine.need("x", isKnown: false, now: at(10)) == .refuse)
    #expect(machine.need("x", isKnown: false, now: at(31)) == .fetchAndWait)
    #expect(machine.need("y", isKnown: false, now: at(31)) == .wait)
    // A known key is not held up by it.
    #expect(machine.need("k", isKnown: true, now: at(31)) == .use)
    machine.loaded(maxAge: 1_000, now: at(32))
    machine.isUnknown("x", now: at(32))
    for second in 33..<61 {
      #expect(machine.need("z\(second)", isKnown: false, now: at(second)) == .refuse)
    }
    #expect(machine.need("z", isKnown: false, now: at(61)) == .fetchAndWait)
  }

  @Test func `an id known to be unknown asks for nothing for five minutes`() {
    var machine = loaded()
    machine.isUnknown("x", now: at(31))
    #expect(machine.need("x", isKnown: false, now: at(100)) == .refuse)
    #expect(machine.need("x", isKnown: false, now: at(330)) == .refuse)
    #expect(machine.need("x", isKnown: false, now: at(331)) == .fetchAndWait)
  }

  @Test func `an id that arrives after all is forgotten among the unknown`() {
    var machine = loaded()
    machine.isUnknown("x", now: at(31))
    machine.isKnown("x")
    #expect(machine.need("x", isKnown: false, now: at(40)) == .fetchAndWait)
  }

  @Test func `of the unknown ids the newest hundred and twenty-eight are remembered`() {
    var machine = loaded()
    for index in 0..<200 { machine.isUnknown("x\(index)", now: at(31 + index)) }
    #expect(machine.need("x199", isKnown: false, now: at(232)) == .refuse)
    #expect(machine.need("x72", isKnown: false, now: at(232)) == .refuse)
    #expect(machine.need("x71", isKnown: false, now: at(232)) == .fetchAndWait)
  }

  @Test func `a token without an id never asks for a fetch of its own`() {
    var machine = loaded()
    #expect(machine.need(nil, isKnown: false, now: at(100)) == .refuse)
  }
}
