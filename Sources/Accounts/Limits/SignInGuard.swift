import JSON
import Store
import Synchronization
import Time

/// Failures by name, kept in memory and written behind, so that a restart forgets no lock.
///
/// The name is stored as a MAC, and names without an account are counted alike.
final class SignInGuard: Sendable {
  /// Names that are remembered in memory; the store has the others.
  static let capacity = 16_384

  private let curve: LockoutCurve
  private let store: any ItemStore
  private let counters = Mutex<[String: AttemptCounter]>([:])

  init(curve: LockoutCurve = LockoutCurve(), store: any ItemStore) {
    self.curve = curve
    self.store = store
  }

  /// Counts an attempt before anything is hashed; otherwise says how long the name is locked.
  func begin(_ name: String, at now: Timestamp) async throws -> Duration? {
    try await load(name)
    return counters.withLock { counters in
      var counter = counters[name] ?? AttemptCounter()
      let wait = counter.begin(at: now, curve: curve)
      counters[name] = counter
      return wait
    }
  }

  /// Forgets the failures of a name.
  func succeed(_ name: String) async throws {
    let had = counters.withLock { counters in
      let failures = counters[name]?.failures ?? 0
      counters[name] = AttemptCounter()
      return failures
    }
    // One attempt is this success itself: only written failures need to be taken back.
    if had > 1 { try await store.write(.delete(Self.key(name))) }
  }

  /// Writes the failure down.
  func fail(_ name: String) async throws {
    guard let counter = counters.withLock({ $0[name] }) else { return }
    let end = max(counter.lockedUntil, counter.lastAttempt) + curve.forgottenAfter
    try await store.write(.put(Self.item(name, counter, expiresAt: end)))
  }

  private func load(_ name: String) async throws {
    if counters.withLock({ $0[name] != nil }) { return }
    let stored = try await store.get(Self.key(name)).map(Self.counter) ?? AttemptCounter()
    counters.withLock { counters in
      if counters.count >= Self.capacity {
        for key in counters.keys.prefix(Self.capacity / 4) { counters[key] = nil }
      }
      if counters[name] == nil { counters[name] = stored }
    }
  }

  private static func key(_ name: String) -> ItemKey { ItemKey("LOCK#\(name)", "LOCK") }

  private static func item(_ name: String, _ counter: AttemptCounter, expiresAt: Timestamp)
    -> Item
  {
    Item(
      key(name),
      JSONObject([
        ("type", "lock"), ("failures", .int(counter.failures)),
        ("lastAttempt", .int(counter.lastAttempt.milliseconds)),
        ("lockedUntil", .int(counter.lockedUntil.milliseconds)),
      ]), expiresAt: expiresAt)
  }

  private static func counter(_ item: Item) -> AttemptCounter {
    AttemptCounter(
      failures: item["failures"]?.int ?? 0,
      lastAttempt: item.instant("lastAttempt") ?? Timestamp(milliseconds: 0),
      lockedUntil: item.instant("lockedUntil") ?? Timestamp(milliseconds: 0))
  }
}
