import JSON
import Synchronization
import Time

/// A key set document as it was fetched.
package struct FetchedKeys: Sendable {
  package var document: JSON
  /// Seconds that the issuer's `Cache-Control` allows.
  package var maxAgeSeconds: Int?

  package init(document: JSON, maxAgeSeconds: Int? = nil) {
    self.document = document
    self.maxAgeSeconds = maxAgeSeconds
  }
}

/// The keys of one issuer: holds the lock, asks the machine, carries out its fetches.
package final class IssuerKeys: Sendable {
  /// Brings the document; bounded in time and size by whoever gives it.
  package typealias Fetch = @Sendable () async throws -> FetchedKeys

  private struct State {
    var machine: KeySetRefresh
    var keys = KeySet()
    var running: Task<Void, Never>?
  }

  /// What is to be done with a token of some key id.
  package enum Lookup: Sendable {
    case keys(KeySet)
    /// Await `refreshed()`, then look again.
    case wait
    case unknownKey
    case unavailable
  }

  private let state: Mutex<State>
  private let fetch: Fetch
  private let clock: any TimeSource
  private let report: @Sendable (String) -> Void

  /// Keys that are fetched when first needed.
  package init(
    rules: KeySetRefresh.Rules = KeySetRefresh.Rules(), clock: any TimeSource,
    report: @escaping @Sendable (String) -> Void = { _ in }, fetch: @escaping Fetch
  ) {
    state = Mutex(State(machine: KeySetRefresh(rules: rules)))
    self.fetch = fetch
    self.clock = clock
    self.report = report
  }

  /// The present keys, whatever they are worth.
  package var current: KeySet { state.withLock { $0.keys } }

  /// Looks a key id up without waiting; starts a fetch when the machine asks for one.
  package func lookup(_ id: String?) -> Lookup {
    let now = clock.now()
    return state.withLock { state in
      let known = id.map { state.keys.key($0) != nil } ?? !state.keys.isEmpty
      switch state.machine.need(id, isKnown: known, now: now) {
      case .use: return .keys(state.keys)
      case .useAndFetch:
        start(&state)
        return .keys(state.keys)
      case .fetchAndWait:
        if state.running == nil { start(&state) }
        return .wait
      case .refuse: return .unknownKey
      case .unavailable: return .unavailable
      }
    }
  }

  /// Waits for the fetch that runs, then looks the id up again.
  package func refreshed(_ id: String?) async -> Lookup {
    let running = state.withLock { $0.running }
    await running?.value
    let now = clock.now()
    return state.withLock { state in
      if state.keys.isEmpty { return .unavailable }
      if let id, state.keys.key(id) == nil {
        state.machine.isUnknown(id, now: now)
        return .unknownKey
      }
      return .keys(state.keys)
    }
  }

  /// The fetch outlives the request that asked for it, since others wait for it too.
  private func start(_ state: inout State) {
    state.running = Task { await self.load() }
  }

  private func load() async {
    do {
      let fetched = try await fetch()
      let next = state.withLock { $0.keys.generation + 1 }
      let keys = try KeySet(jwks: fetched.document, generation: next, report: report)
      let now = clock.now()
      state.withLock { state in
        state.running = nil
        // A set without one usable key must not replace keys that work.
        if keys.isEmpty {
          state.machine.failed(now: now)
        } else {
          state.keys = keys
          state.machine.loaded(maxAge: fetched.maxAgeSeconds, now: now)
        }
      }
      if keys.isEmpty { report("the key set has no usable key; the last good keys stay") }
    } catch {
      let now = clock.now()
      state.withLock { state in
        state.running = nil
        state.machine.failed(now: now)
      }
      report("the key set cannot be fetched: \(error)")
    }
  }
}
