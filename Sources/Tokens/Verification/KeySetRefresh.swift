import Time

/// When an issuer's keys are fetched: a value that is told events and answers with an action.
///
/// One fetch at a time; refresh at 80 % of the lifetime; an unknown key id costs at most one fetch
/// in the cooldown; a failed fetch keeps the last good keys for a day (spec/gateway §5.1).
package struct KeySetRefresh: Sendable {
  /// Bounds, each with its reason.
  package struct Rules: Sendable, Hashable {
    /// Keys are believed at least this long, whatever the issuer's caching fields say.
    package var secondsLeast = 300
    /// And at most this long: a rotation must arrive.
    package var secondsMost = 7_200
    /// Between two fetches that an unknown key id asks for.
    package var cooldownSeconds = 30
    /// Last good keys serve this long while the issuer is away.
    package var staleSecondsMost = 86_400
    /// Unknown ids remembered, so that one attacker does not use up the cooldown for all.
    package var unknownMost = 128
    package var unknownSeconds = 300

    package init() {}
  }

  /// What the owner is to do.
  package enum Action: Sendable, Hashable {
    /// Use the keys at hand.
    case use
    /// Use the keys at hand and fetch in the background.
    case useAndFetch
    /// Wait for the fetch that runs, or start it.
    case fetchAndWait
    /// The id is known to be unknown: refuse.
    case refuse
    /// There are no keys and none may be fetched now.
    case unavailable
  }

  private let rules: Rules
  private var loadedAt: Timestamp?
  private var lifetime = 0
  private var lastAttempt: Timestamp?
  private var unknown: [String: Timestamp] = [:]
  /// Whether a fetch is under way.
  package private(set) var isFetching = false

  package init(rules: Rules = Rules()) { self.rules = rules }

  /// A token names a key; `isKnown` tells whether the set has it.
  package mutating func need(_ id: String?, isKnown: Bool, now: Timestamp) -> Action {
    guard let loadedAt else { return first(now) }
    let age = (now - loadedAt).components.seconds
    if age > rules.staleSecondsMost { return first(now) }
    if isKnown {
      let isDue = age * 100 >= lifetime * 80
      return isDue && mayFetch(now) ? start(now, .useAndFetch) : .use
    }
    guard let id else { return .refuse }
    if let seen = unknown[id], now < seen + .seconds(rules.unknownSeconds) { return .refuse }
    if isFetching { return .fetchAndWait }
    guard mayFetch(now) else { return .refuse }
    return start(now, .fetchAndWait)
  }

  private mutating func first(_ now: Timestamp) -> Action {
    if isFetching { return .fetchAndWait }
    return mayFetch(now) || loadedAt == nil && lastAttempt == nil
      ? start(now, .fetchAndWait) : .unavailable
  }

  private func mayFetch(_ now: Timestamp) -> Bool {
    guard !isFetching else { return false }
    guard let lastAttempt else { return true }
    return now >= lastAttempt + .seconds(rules.cooldownSeconds) || now < lastAttempt
  }

  private mutating func start(_ now: Timestamp, _ action: Action) -> Action {
    isFetching = true
    lastAttempt = now
    return action
  }

  /// The fetch brought keys that the issuer wants cached for `maxAge` seconds.
  package mutating func loaded(maxAge: Int?, now: Timestamp) {
    isFetching = false
    loadedAt = now
    lifetime = min(rules.secondsMost, max(rules.secondsLeast, maxAge ?? rules.secondsLeast))
    unknown = [:]
  }

  /// The fetch failed; what is at hand stays.
  package mutating func failed(now: Timestamp) { isFetching = false }

  /// An id that even the new keys do not have.
  package mutating func isUnknown(_ id: String, now: Timestamp) {
    if unknown.count >= rules.unknownMost {
      unknown = unknown.filter { now < $0.value + .seconds(rules.unknownSeconds) }
      if unknown.count >= rules.unknownMost, let any = unknown.keys.first { unknown[any] = nil }
    }
    unknown[id] = now
  }
}
