import Time

/// A rate with a burst: one token is one request.
package struct RateLimit: Sendable, Hashable {
  /// Tokens that flow in per second.
  package let ratePerSecond: Double
  /// Tokens the bucket holds.
  package let burst: Int

  /// A limit; a burst below 1 admits nothing.
  package init(ratePerSecond: Double, burst: Int) {
    self.ratePerSecond = ratePerSecond
    self.burst = burst
    // Rounded up, so that rounding never admits more than the rate.
    interval = ratePerSecond > 0 ? UInt64((1e9 / ratePerSecond).rounded(.up)) : .max / 4
    let (span, overflow) = interval.multipliedReportingOverflow(by: UInt64(max(0, burst - 1)))
    tolerance = overflow ? .max / 4 : min(span, .max / 4)
  }

  /// Nanoseconds between two tokens.
  let interval: UInt64
  /// How far ahead of time the bucket may be drawn.
  let tolerance: UInt64
}

/// A token bucket as the generic cell rate algorithm keeps it (ITU-T I.371): one instant, the
/// theoretical arrival time of the next request. A bucket that is full is no state at all.
package struct TokenBucket: Sendable, Hashable {
  /// What a request met.
  package enum Verdict: Sendable, Hashable {
    /// Admitted, with this many tokens left.
    case admitted(remaining: Int)
    /// Refused; a token is there after this time.
    case refused(retryAfter: Duration)
  }

  /// When the bucket is full again, in nanoseconds of the monotonic clock.
  package private(set) var fullAt: UInt64

  /// A full bucket.
  package init() { fullAt = 0 }

  /// Takes one token if there is one.
  package mutating func take(_ limit: RateLimit, now: MonotonicInstant) -> Verdict {
    let now = now.nanoseconds
    let arrival = max(fullAt, now)
    let ahead = arrival - now
    if limit.burst < 1 { return .refused(retryAfter: .seconds(1)) }
    if ahead > limit.tolerance {
      return .refused(retryAfter: .nanoseconds(Int64(clamping: ahead - limit.tolerance)))
    }
    fullAt = arrival &+ limit.interval
    let left = (limit.tolerance - ahead) / max(1, limit.interval)
    return .admitted(remaining: Int(clamping: left))
  }

  /// Whether nothing is remembered any more.
  package func isFull(at now: MonotonicInstant) -> Bool { fullAt <= now.nanoseconds }
}
