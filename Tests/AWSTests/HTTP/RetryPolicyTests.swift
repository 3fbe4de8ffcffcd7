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
    let isLeft = budget.spend(timedOut: true)
    #expect(!isLeft)
    for _ in 0..<5 { budget.succeed(afterRetry: false) }
    let isRefilled = budget.spend(timedOut: false)
    #expect(isRefilled)
    for _ in 0..<1000 { budget.succeed(afterRetry: true) }
    #expect(budget.tokens == RetryBudget.capacity)
  }

  @Test func `slow down halves the rate and successes raise it little by little`() {
    var pacer = Pacer()
    let now = MonotonicInstant(nanoseconds: 1_000)
    var waits = [pacer.reserve(at: now)]
    pacer.slowDown()
    for _ in 0..<3 { waits.append(pacer.reserve(at: now)) }
    #expect(waits == [.zero, .zero, .milliseconds(5), .milliseconds(10)])
    pacer.slowDown()
    #expect(pacer.interval == .milliseconds(10))
    for _ in 0..<20 { pacer.slowDown() }
    #expect(pacer.interval == .seconds(1))
    for _ in 0..<4000 { pacer.succeed() }
    #expect(pacer.interval == .zero)
  }
}
