import Testing
import Time

@testable import AWS

@Suite("Retries")
struct RetryPolicyTests {
  @Test func `waits double up to the cap, with full jitter`() {
    let policy = RetryPolicy()
    let bounds = (1...10).map { policy.delay(beforeRetry: $0, random: 0.999_999).wholeMilliseconds }
    #expect(bounds == [99, 199, 399, 799, 1599, 3199, 6399, 12799, 19999, 19999])
    #expect(policy.delay(beforeRetry: 5, random: 0) == .zero)
    #expect(policy.delay(beforeRetry: 60, random: 0.5) == .seconds(10))
  }

  @Test func `the budget ends and successes refill it`() {
    var budget = RetryBudget()
    var spent = 0
    while budget.spend(timedOut: false) { spent += 1 }
    #expect(spent == 100)
    #expect(!budget.spend(timedOut: true))
    for _ in 0..<5 { budget.succeed(afterRetry: false) }
    #expect(budget.spend(timedOut: false))
    for _ in 0..<1000 { budget.succeed(afterRetry: true) }
    #expect(budget.tokens == RetryBudget.capacity)
  }

  @Test func `slow down halves the rate and successes raise it little by little`() {
    var pacer = Pacer()
    let now = MonotonicInstant(nanoseconds: 1_000)
    #expect(pacer.reserve(at: now) == .zero)
    pacer.slowDown()
    #expect(pacer.reserve(at: now) == .zero)
    #expect(pacer.reserve(at: now) == .milliseconds(5))
    #expect(pacer.reserve(at: now) == .milliseconds(10))
    pacer.slowDown()
    #expect(pacer.interval == .milliseconds(10))
    for _ in 0..<20 { pacer.slowDown() }
    #expect(pacer.interval == .seconds(1))
    for _ in 0..<4000 { pacer.succeed() }
    #expect(pacer.interval == .zero)
  }
}
