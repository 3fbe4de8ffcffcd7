import Synchronization
import Time

/// How often and after how long a request is sent again.
package struct RetryPolicy: Sendable, Hashable {
  /// Times that one request is sent at most.
  package var attempts: Int
  /// Upper bound of the first wait; each further wait's bound is twice the last.
  package var base: Duration
  /// Upper bound of any wait.
  package var cap: Duration

  /// The defaults are those of spec/sync.md §1.4: eight tries from 100 ms up to 20 s.
  package init(
    attempts: Int = 8, base: Duration = .milliseconds(100), cap: Duration = .seconds(20)
  ) {
    self.attempts = max(1, attempts)
    self.base = base
    self.cap = cap
  }

  /// The wait before a retry, by full jitter: anything from nothing to the bound.
  ///
  /// - Parameters:
  ///   - retry: 1 for the first retry.
  ///   - random: from 0 up to, not including, 1.
  package func delay(beforeRetry retry: Int, random: Double) -> Duration {
    let doublings = min(max(0, retry - 1), 30)
    let bound = min(cap.wholeMilliseconds, base.wholeMilliseconds << doublings)
    return .milliseconds(Int(Double(bound) * min(max(0, random), 1)))
  }
}

/// Retries that all requests together may still make, so that an outage is not answered by a storm.
///
/// A value; `ServiceConnection` holds the lock.
struct RetryBudget: Sendable {
  static let capacity = 500
  static let costOfRetry = 5
  static let costOfTimeout = 10

  private(set) var tokens = RetryBudget.capacity

  /// Takes the price of one retry, or says that there is nothing left.
  mutating func spend(timedOut: Bool) -> Bool {
    let cost = timedOut ? Self.costOfTimeout : Self.costOfRetry
    guard tokens >= cost else { return false }
    tokens -= cost
    return true
  }

  /// A success gives back what its last retry took, or a little when it needed none.
  mutating func succeed(afterRetry: Bool) {
    tokens = min(Self.capacity, tokens + (afterRetry ? Self.costOfRetry : 1))
  }
}

/// Distance between the starts of requests: doubled when the service says "slower", shortened by a
/// little with each success (additive increase, multiplicative decrease of the rate).
///
/// A value; `ServiceConnection` holds the lock.
struct Pacer: Sendable {
  static let first: Duration = .milliseconds(5)
  static let cap: Duration = .seconds(1)
  static let step: Duration = .microseconds(250)

  private(set) var interval: Duration = .zero
  private var nextStart = MonotonicInstant(nanoseconds: 0)

  /// How long a request that wants to start now has to wait.
  mutating func reserve(at now: MonotonicInstant) -> Duration {
    if interval == .zero { return .zero }
    let start = max(now, nextStart)
    nextStart = start + interval
    return start - now
  }

  mutating func slowDown() {
    interval = min(Self.cap, interval == .zero ? Self.first : interval * 2)
  }

  mutating func succeed() {
    interval = max(.zero, interval - Self.step)
  }
}
