import Cryptography
import Diagnostics
import JSON
import Store
import Synchronization
import Time

/// The keys that refresh tokens are made with, sealed in the store: one that makes them, and its
/// predecessor for as long as a token of it can live (auth.md §2.6).
final class RefreshKeys: ScheduledKeys {
  /// One version of the key.
  struct Entry: Sendable, Hashable {
    var version: Int
    var secret: [UInt8]
    var since: Timestamp
  }

  enum Failure: Error, Sendable {
    case sealing
    case noKey
  }

  static let itemKey = ItemKey("KEYRING", "REFRESH")

  private let store: any ItemStore
  private let secrets: AccountSecrets
  let clock: any TimeSource
  private let audit: AuditLog
  private let schedule: RefreshKeySchedule
  private let state = Mutex<[Entry]>([])

  init(
    store: any ItemStore, secrets: AccountSecrets, clock: any TimeSource, audit: AuditLog,
    longestToken: Duration
  ) {
    self.store = store
    self.secrets = secrets
    self.clock = clock
    self.audit = audit
    schedule = RefreshKeySchedule(retiredFor: longestToken)
  }

  // MARK: Use

  /// The version that new tokens are made with.
  var current: Int? { state.withLock { $0.map(\.version).max() } }

  /// The versions that are accepted.
  var versions: [Int] { state.withLock { $0.map(\.version).sorted() } }

  /// The MAC of a token's parts, or nil when that version is not live.
  func mac(version: Int, family: String, generation: Int, salt: String) -> String? {
    let secret = state.withLock { $0.first { $0.version == version }?.secret }
    return secret.map { secret in
      AccountSecrets.mac(
        key: secret, [String(version), family, String(generation), salt])
    }
  }

  // MARK: Life

  func maintain() async throws {
    let entries = state.withLock { $0 }
    let due = schedule.due(entries.map { ($0.version, $0.since) }, now: clock.now())
    guard due.makesNext || !due.expired.isEmpty else { return }
    var kept = entries.filter { !due.expired.contains($0.version) }
    if due.makesNext {
      let version = (entries.map(\.version).max() ?? 0) + 1
      kept.append(
        Entry(version: version, secret: SecureRandom.bytes(32), since: clock.now()))
    }
    try await replace(with: kept, event: entries.isEmpty ? .keyCreated : .keyRotated)
  }

  /// Replaces every version at once: no token made before is accepted.
  func rotateInEmergency() async throws {
    let version = (current ?? 0) + 1
    let entry = Entry(version: version, secret: SecureRandom.bytes(32), since: clock.now())
    try await replace(with: [entry], event: .keyRotated)
  }

  private func replace(with entries: [Entry], event: AuditEvent) async throws {
    var list: [JSON] = []
    for entry in entries {
      guard let sealed = secrets.seal(entry.secret, context: Self.context(entry.version)) else {
        throw Failure.sealing
      }
      list.append([
        "version": .int(entry.version), "sealed": .string(sealed),
        "since": .int(entry.since.milliseconds),
      ])
    }
    try await store.write(
      .put(
        Item(
          Self.itemKey, JSONObject([("type", "refresh-keys"), ("keys", .array(list))]))))
    state.withLock { $0 = entries }
    let versions = entries.map { JSON.int($0.version) }
    try await audit.append(event, details: JSONObject([("refreshKeys", .array(versions))]))
  }

  func load() async throws {
    guard let item = try await store.get(Self.itemKey) else { return }
    var entries: [Entry] = []
    for entry in item["keys"]?.array ?? [] {
      guard let version = entry["version"]?.int, let sealed = entry["sealed"]?.string,
        let since = entry["since"]?.int,
        let secret = secrets.open(sealed, context: Self.context(version)), secret.count == 32
      else {
        throw Diagnostic(
          .keysSealedOtherwise, "a key of refresh tokens cannot be opened with this master key",
          remedy: "give the master key it was sealed with, or remove the item KEYRING / REFRESH")
      }
      entries.append(
        Entry(version: version, secret: secret, since: Timestamp(milliseconds: since)))
    }
    let loaded = entries
    state.withLock { $0 = loaded }
  }

  private static func context(_ version: Int) -> String { "refresh-key \(version)" }
}

/// When keys of refresh tokens come and go: the newest makes tokens, its predecessor is accepted
/// until the last token that it made has been used or has died of idleness.
struct RefreshKeySchedule: Sendable, Hashable {
  /// What is due.
  struct Due: Sendable, Hashable {
    var makesNext = false
    var expired: Set<Int> = []
  }

  /// How long a key makes tokens.
  var activeFor: Duration
  /// How long it is accepted afterwards.
  var retiredFor: Duration

  /// A key never outlives the one after its successor: two are live at most.
  init(activeFor: Duration = .seconds(90 * 86_400), retiredFor: Duration) {
    self.activeFor = max(activeFor, retiredFor)
    self.retiredFor = retiredFor
  }

  /// What is due now, for keys given by version and the moment since when each is the newest.
  func due(_ keys: [(version: Int, since: Timestamp)], now: Timestamp) -> Due {
    let sorted = keys.sorted { $0.version < $1.version }
    guard let newest = sorted.last else { return Due(makesNext: true) }
    var due = Due()
    due.makesNext = now - newest.since >= activeFor
    for (old, successor) in zip(sorted, sorted.dropFirst()) {
      // Its last token was made just before its successor came.
      if now - successor.since >= retiredFor { due.expired.insert(old.version) }
    }
    return due
  }
}
