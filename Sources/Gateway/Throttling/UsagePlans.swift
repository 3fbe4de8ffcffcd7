import Diagnostics
import Time

/// A usage plan: how fast and how much the holders of its keys may call.
package struct UsagePlan: Sendable, Hashable {
  /// The window a quota counts in; weeks begin on Sunday, all in UTC.
  package enum Period: String, Sendable, Hashable, CaseIterable {
    case day, week, month
  }

  package var name: String
  package var throttle: RateLimit?
  /// Limits of single routes, by route key.
  package var routeThrottles: [String: RateLimit]
  /// Requests per period, or nil for no quota.
  package var quota: Int?
  package var period: Period
  /// Requests taken off the first period's quota, as AWS's `offset`.
  package var offset: Int
  /// Whether requests pass uncounted while the journal cannot be written, as AWS lets them; else
  /// they are answered 503.
  package var failsOpen: Bool

  package init(
    name: String, throttle: RateLimit? = nil, routeThrottles: [String: RateLimit] = [:],
    quota: Int? = nil, period: Period = .month, offset: Int = 0, failsOpen: Bool = false
  ) {
    self.name = name
    self.throttle = throttle
    self.routeThrottles = routeThrottles
    self.quota = quota
    self.period = period
    self.offset = offset
    self.failsOpen = failsOpen
  }

  /// The first day of the period that a point in time falls into: the name of the window.
  package func window(at now: Timestamp) -> String {
    var civil = CivilTime(now)
    switch period {
    case .day: break
    case .week: civil = CivilTime(now - .seconds(86_400 * civil.weekday))
    case .month: civil.day = 1
    }
    return CivilTime(year: civil.year, month: civil.month, day: civil.day).timestamp.isoDate
  }
}

/// A key that names a client; only its hash is kept. It identifies, it does not authorize.
package struct APIKeyRecord: Sendable, Hashable {
  package var name: String
  /// Lower-case hexadecimal SHA-256 of the key.
  package var sha256: String
  package var plan: String?
  package var enabled: Bool

  package init(name: String, sha256: String, plan: String? = nil, enabled: Bool = true) {
    self.name = name
    self.sha256 = sha256
    self.plan = plan
    self.enabled = enabled
  }
}

/// How much of a quota is used.
package struct Usage: Sendable, Hashable {
  package var used: Int
  package var remaining: Int

  package init(used: Int, remaining: Int) {
    self.used = used
    self.remaining = remaining
  }
}

/// What a ledger says to one more request.
package enum QuotaVerdict: Sendable {
  /// Counted, and what is left.
  case counted(Usage)
  /// The quota is used up.
  case exhausted
  /// Nobody can say: the journal cannot be written.
  case unavailable
  /// To be asked once more, off the event loop.
  case wait(@Sendable () async -> QuotaVerdict)

  /// The use after counting, or nil.
  package var usage: Usage? {
    if case .counted(let usage) = self { usage } else { nil }
  }
}

/// Keeps API keys and what their holders have used; asked on the event loop, so it must not wait.
package protocol UsageLedger: Sendable {
  /// The record of a key by the SHA-256 of what the client sent.
  func key(sha256: String) -> APIKeyRecord?
  /// Counts one request against a quota.
  func count(key: String, plan: UsagePlan, now: Timestamp) -> QuotaVerdict
  /// What a key has used in the present window, for the operator.
  func usage(key: String, plan: UsagePlan, now: Timestamp) -> Usage
}
