import Time

/// How a name is locked after failures: Cognito's curve. Five free, then 2^(n-5) seconds up to 15
/// minutes; fifteen quiet minutes forget everything.
struct LockoutCurve: Sendable, Hashable {
  var freeAttempts = 5
  var longest: Duration = .seconds(900)
  var forgottenAfter: Duration = .seconds(900)

  /// The lock after that many failures.
  func lock(afterFailures count: Int) -> Duration {
    guard count >= freeAttempts else { return .zero }
    let exponent = min(count - freeAttempts, 20)
    return min(.seconds(1 << exponent), longest)
  }
}

/// The failures of one name. An attempt counts as failed when it begins, so that parallel guesses
/// cannot all pass before the first of them fails; success forgets them.
struct AttemptCounter: Sendable, Hashable {
  var failures = 0
  var lastAttempt = Timestamp(milliseconds: 0)
  var lockedUntil = Timestamp(milliseconds: 0)

  /// Whether an attempt may go on, and otherwise how long to wait; a refused one is not counted.
  mutating func begin(at now: Timestamp, curve: LockoutCurve) -> Duration? {
    if now < lockedUntil { return lockedUntil - now }
    if failures > 0, now - max(lastAttempt, lockedUntil) >= curve.forgottenAfter { failures = 0 }
    failures += 1
    lastAttempt = now
    lockedUntil = now + curve.lock(afterFailures: failures)
    return nil
  }

  /// Forgets the failures.
  mutating func succeed() { self = AttemptCounter() }
}
