import Time

/// Decides whether the source may be called now: pacing, breaker and the day's end, as a value.
struct UpstreamGuard: Sendable, Hashable {
  enum Permission: Sendable, Hashable {
    /// Call, after waiting this long.
    case call(after: Duration)
    case refused(QuoteError)
  }

  private let spacing: Duration
  private let failuresMost: Int
  private let pause: Duration
  private var nextCall: Timestamp
  private var failures = 0
  private var closedUntil: Timestamp?
  private var reason = QuoteError.unavailable("the source fails")

  init(_ settings: AlphaVantageSettings, now: Timestamp) {
    spacing = .milliseconds(settings.spacingMilliseconds)
    failuresMost = settings.breakerFailures
    pause = .seconds(settings.breakerSeconds)
    nextCall = now
  }

  /// Asks for a call; the answer reserves its moment.
  mutating func request(at now: Timestamp) -> Permission {
    if let closedUntil {
      if now < closedUntil { return .refused(reason) }
      self.closedUntil = nil
      // One try: another failure closes at once.
      failures = failuresMost - 1
    }
    let moment = max(now, nextCall)
    // A caller does not wait longer than a page does.
    guard moment - now < .seconds(8) else {
      return .refused(.unavailable("too many calls wait"))
    }
    nextCall = moment + spacing
    return .call(after: moment - now)
  }

  mutating func succeeded() { failures = 0 }

  mutating func failed(at now: Timestamp) {
    failures += 1
    guard failures >= failuresMost else { return }
    closedUntil = now + pause
    reason = .unavailable("the source failed \(failures) times")
  }

  /// The day's calls are spent: nothing more until midnight UTC.
  mutating func spent(at now: Timestamp) -> QuoteError {
    let midnight = Timestamp(seconds: (now.seconds / 86_400 + 1) * 86_400)
    closedUntil = midnight
    reason = .budgetSpent(until: midnight)
    failures = 0
    return reason
  }

  /// The source asks for a slower pace.
  mutating func slowDown(at now: Timestamp) { nextCall = max(nextCall, now + spacing + spacing) }
}
