import Time

/// When an issuer's keys are fetched: a value that is told events and answers with an action.
///
/// One fetch at a time; refresh at 80 % of the lifetime; an unknown key id costs at most one fetch
/// in the cooldown; a failed fetch keeps the last good keys for a day (spec/gateway.md §5.1).
package struct KeySetRefresh: Sendable {
  /// Bounds, each with its reason.
  package struct Rules: Sendable, Hashable {
    /// Keys are believed at least this long, whatever the issuer's caching fields say.
    package var secondsLeast = 300
    /// And at most this long: a rotation must arrive.
    package var secondsMost = 7_200
    /// Between two fetches that an unknown key id or a failure asks for.
    package var cooldownSeconds = 30
    /// Last good keys serve this long while the issuer is away.
    package var staleSecondsMost = 86_400
    /// Unknown ids remembered, so that one id asked for again and again never costs a second fetch.
    package var unknownMost = 128
    /// And for how long.
    package var unknownSeconds = 300

    package init() {}
  }

  /// What the owner is to do.
  package enum Action: Sendable, Hashable {
    /// Use the keys at hand.
    case use
    /// Use the keys at hand and fetch in the background.
    case useAndFetch
    /// Start a fetch and wait for it.
    case fetchAndWait
    /// Wait for the fetch that runs.
    case wait
    /// The id is known to be unknown, or may not be asked for now: refuse.
    case refuse
    /// There are no keys and none may be fetched now.
    case unavailable
  }

  private let rules: Rules
  private var loadedAt: MonotonicInstant?
  private var lifetime = 0
  private var lastAttempt: MonotonicInstant?
  private var hasFailed = false
  private var unknown: [String: MonotonicInstant] = [:]
  /// Whether a fetch is under way.
  package private(set) var isFetching = false

  package init(rules: Rules = Rules()) { self.rules = rules }

  /// A token names a key; `isKnown` tells whether the set has it.
  package mutating func need(_ id: String?, isKnown: Bool, now: MonotonicInstant) -> Action {
    guard let age = usableAge(now) else {
      return isFetching ? .wait : mayFetch(now) ? start(now, .fetchAndWait) : .unavailable
    }
    guard isKnown else { return unknownKey(id, now) }
    if age * 100 < lifetime * 80 { return .use }
    // Nobody asked until the lifetime was over: what the issuer has withdrawn since must not pass.
    // After a failure the last good keys serve, or every request would wait for a dead issuer.
    if age >= lifetime, !hasFailed {
      return isFetching ? .wait : start(now, .fetchAndWait)
    }
    return !isFetching && mayFetch(now) ? start(now, .useAndFetch) : .use
  }

  private mutating func unknownKey(_ id: String?, _ now: MonotonicInstant) -> Action {
    guard let id, !isRemembered(id, now) else { return .refuse }
    if isFetching { return .wait }
    return mayFetch(now) ? start(now, .fetchAndWait) : .refuse
  }

  /// Whether the keys at hand may be used at all.
  package func isUsable(_ now: MonotonicInstant) -> Bool { usableAge(now) != nil }

  private func usableAge(_ now: MonotonicInstant) -> Int? {
    guard let loadedAt else { return nil }
    let age = Int((now - loadedAt).components.seconds)
    return age <= rules.staleSecondsMost ? age : nil
  }

  private func mayFetch(_ now: MonotonicInstant) -> Bool {
    guard let lastAttempt else { return true }
    return now >= lastAttempt + .seconds(rules.cooldownSeconds)
  }

  private mutating func start(_ now: MonotonicInstant, _ action: Action) -> Action {
    isFetching = true
    lastAttempt = now
    return action
  }

  /// The fetch brought keys that the issuer wants cached for `maxAge` seconds.
  package mutating func loaded(maxAge: Int?, now: MonotonicInstant) {
    isFetching = false
    hasFailed = false
    loadedAt = now
    lifetime = min(rules.secondsMost, max(rules.secondsLeast, maxAge ?? rules.secondsLeast))
    unknown = unknown.filter { isRecent($0.value, now) }
  }

  /// The fetch failed; what is at hand stays.
  package mutating func failed(now: MonotonicInstant) {
    isFetching = false
    hasFailed = true
  }

  /// The set has this id now: whatever was remembered of it is over.
  package mutating func isKnown(_ id: String) { unknown[id] = nil }

  /// An id that even the new keys do not have.
  package mutating func isUnknown(_ id: String, now: MonotonicInstant) {
    if unknown[id] == nil, unknown.count >= rules.unknownMost,
      let oldest = unknown.min(by: { $0.value < $1.value })?.key
    {
      unknown[oldest] = nil
    }
    unknown[id] = now
  }

  private func isRemembered(_ id: String, _ now: MonotonicInstant) -> Bool {
    unknown[id].map { isRecent($0, now) } ?? false
  }

  private func isRecent(_ moment: MonotonicInstant, _ now: MonotonicInstant) -> Bool {
    now < moment + .seconds(rules.unknownSeconds)
  }
}
