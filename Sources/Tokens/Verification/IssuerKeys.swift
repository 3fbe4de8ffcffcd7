import Diagnostics
import Synchronization
import Time

/// The keys of one remote issuer: holds the lock, asks the machine, carries out its fetches.
package final class IssuerKeys: Sendable {
  /// Brings the document; bounded in size by whoever gives it.
  package typealias Fetch = @Sendable () async throws -> FetchedKeys

  /// What is to be done with a token of some key id.
  package enum Lookup: Sendable {
    /// Decide with these.
    case keys(KeySet)
    /// Await `refreshed(_:)`, which looks again.
    case wait
    /// The issuer is known not to have it, or may not be asked now.
    case unknownKey
    /// No key was ever loaded, or the last good ones are too old: nothing can be let through.
    case unavailable
  }

  private struct State {
    var machine: KeySetRefresh
    var keys = KeySet()
    var running: Task<Void, Never>?
  }

  private struct TimedOut: Error, CustomStringConvertible {
    let description = "no answer in time"
  }

  private let state: Mutex<State>
  private let issuer: String
  private let fetch: Fetch
  private let timeout: Duration
  private let clock: any TimeSource
  private let report: @Sendable (Diagnostic) -> Void

  /// Keys that are fetched when first needed.
  ///
  /// - Parameters:
  ///   - issuer: what diagnostics call it.
  ///   - timeout: after which a fetch has failed.
  ///   - report: told of keys left out and of fetches that failed, once per fetch at most.
  package init(
    issuer: String = "the issuer", rules: KeySetRefresh.Rules = KeySetRefresh.Rules(),
    timeout: Duration = .seconds(5), clock: any TimeSource,
    report: @escaping @Sendable (Diagnostic) -> Void = { _ in }, fetch: @escaping Fetch
  ) {
    state = Mutex(State(machine: KeySetRefresh(rules: rules)))
    self.issuer = issuer
    self.timeout = timeout
    self.fetch = fetch
    self.clock = clock
    self.report = report
  }

  /// The present keys, whatever they are worth.
  package var current: KeySet { state.withLock { $0.keys } }

  /// Looks a key id up without waiting; starts a fetch when the machine asks for one.
  package func lookup(_ id: String?) -> Lookup {
    let now = clock.monotonic()
    return state.withLock { state in
      let known = id.map { state.keys.key($0) != nil } ?? !state.keys.isEmpty
      switch state.machine.need(id, isKnown: known, now: now) {
      case .use: return .keys(state.keys)
      case .useAndFetch:
        start(&state)
        return .keys(state.keys)
      case .fetchAndWait:
        start(&state)
        return .wait
      case .wait: return .wait
      case .refuse: return .unknownKey
      case .unavailable: return .unavailable
      }
    }
  }

  /// Waits for the fetch that runs, then looks the id up again.
  package func refreshed(_ id: String?) async -> Lookup {
    let running = state.withLock { $0.running }
    await running?.value
    let now = clock.monotonic()
    return state.withLock { state in
      guard state.machine.isUsable(now), !state.keys.isEmpty else { return .unavailable }
      if let id, state.keys.key(id) == nil {
        state.machine.isUnknown(id, now: now)
        return .unknownKey
      }
      return .keys(state.keys)
    }
  }

  /// Fetches before the first token comes; a failure is reported and tried again when one comes.
  package func warm() async {
    if case .wait = lookup(nil) { _ = await refreshed(nil) }
  }

  /// A task of its own: the fetch outlives the request that asked for it, since others wait too.
  private func start(_ state: inout State) {
    state.running = Task { await self.load() }
  }

  private func load() async {
    do {
      let fetched = try await bounded()
      var defects: [(String, JSONWebKey.Defect)] = []
      let keys = try KeySet(jwks: fetched.document) { defects.append(($0, $1)) }
      let isNews = settle(keys, maxAge: fetched.maxAgeSeconds)
      if isNews { for (id, defect) in defects { tell(id, defect) } }
      if keys.isEmpty {
        report(
          Diagnostic(
            .keySetUseless, "the key set of \(issuer) has no key that can verify",
            remedy: "the last good keys stay in use; look at the document behind 'jwks_uri'",
            severity: .warning))
      }
    } catch {
      fail()
      let reason = (error as? JSONWebKey.Defect)?.rawValue ?? "\(error)"
      report(
        Diagnostic(
          .keySetUnavailable, "the key set of \(issuer) cannot be fetched: \(reason)",
          remedy: "check 'jwks_uri'; the last good keys stay in use for a day",
          severity: .warning))
    }
  }

  /// Takes the keys over; whether they differ from those at hand.
  ///
  /// A set without one usable key must not replace keys that work. Keys that did not change keep
  /// their generation, so that what was verified with them need not be verified again.
  private func settle(_ keys: KeySet, maxAge: Int?) -> Bool {
    let now = clock.monotonic()
    return state.withLock { state in
      state.running = nil
      if keys.isEmpty {
        state.machine.failed(now: now)
        return true
      }
      state.machine.loaded(maxAge: maxAge, now: now)
      for key in keys.keys { if let id = key.jwk.keyID { state.machine.isKnown(id) } }
      if keys.hasSameKeys(as: state.keys) { return false }
      state.keys = keys.numbered(state.keys.generation + 1)
      return true
    }
  }

  private func fail() {
    let now = clock.monotonic()
    state.withLock { state in
      state.running = nil
      state.machine.failed(now: now)
    }
  }

  private func bounded() async throws -> FetchedKeys {
    try await withThrowingTaskGroup(of: FetchedKeys.self) { group in
      group.addTask { try await self.fetch() }
      group.addTask {
        try await self.clock.sleep(for: self.timeout)
        throw TimedOut()
      }
      defer { group.cancelAll() }
      guard let fetched = try await group.next() else { throw TimedOut() }
      return fetched
    }
  }

  private func tell(_ id: String, _ defect: JSONWebKey.Defect) {
    report(
      Diagnostic(
        .keyLeftOut, "the key '\(id.prefix(64))' of \(issuer) is left out: \(defect.rawValue)",
        severity: .warning))
  }
}
