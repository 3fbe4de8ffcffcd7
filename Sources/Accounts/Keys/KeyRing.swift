import Cryptography
import Diagnostics
import JSON
import Store
import Synchronization
import Time
import Tokens

/// The provider's signing keys: sealed in the store, rotated by the schedule, published as a key
/// set.
final class KeyRing: ScheduledKeys {
  fileprivate struct Entry: Sendable {
    var schedule: KeySchedule.Entry
    var key: SigningKey
  }

  private struct State: Sendable {
    var entries: [Entry] = []
    var set = KeySet()
    var document: [UInt8] = []
  }

  enum Failure: Error, Sendable {
    case noActiveKey
    case signing
  }

  /// Which keys there are: one item, so that reading them needs no index.
  static let ringKey = ItemKey("KEYRING", "KEYS")
  static func itemKey(_ id: String) -> ItemKey { ItemKey("KEY#\(id)", "KEY") }

  private let store: any ItemStore
  private let secrets: AccountSecrets
  let clock: any TimeSource
  private let schedule: KeySchedule
  private let audit: AuditLog
  private let state = Mutex(State())

  init(
    store: any ItemStore, secrets: AccountSecrets, clock: any TimeSource, longestToken: Duration,
    audit: AuditLog
  ) {
    self.store = store
    self.secrets = secrets
    self.clock = clock
    schedule = KeySchedule(retiredFor: longestToken + .seconds(120))
    self.audit = audit
  }

  // MARK: Use

  /// The keys to verify with.
  var keySet: KeySet { state.withLock { $0.set } }

  /// The published document.
  var jwks: [UInt8] { state.withLock { $0.document } }

  /// Signs claims with the active key.
  func sign(_ claims: JSONObject, type: String) throws -> String {
    let key = state.withLock { state in
      state.entries.filter { $0.schedule.state == .active }
        .max { $0.schedule.since < $1.schedule.since }?.key
    }
    guard let key else { throw Failure.noActiveKey }
    guard let token = key.sign(claims, type: type) else { throw Failure.signing }
    return token
  }

  /// The claims of a token of ours that holds now.
  func verified(_ token: String, issuer: String) -> JSONObject? {
    let profile = IssuerProfile(
      issuers: [issuer], algorithms: [.rs256], tokenUse: nil, leewaySeconds: 0)
    let verified = try? TokenVerifier(profile).verify(token, keys: keySet, now: clock.now())
    return verified?.claims.object
  }

  /// The claims of a token of ours that may have expired: the hint of a sign-out
  /// (OpenID Connect RP-Initiated Logout §2).
  func hinted(_ token: String, issuer: String) -> JSONObject? {
    guard let jws = try? CompactJWS(token), jws.algorithm == .rs256, let id = jws.keyID,
      let key = keySet.key(id), jws.isSigned(by: key),
      let claims = (try? JSON(parsing: jws.payload))?.object, claims["iss"]?.string == issuer
    else { return nil }
    return claims
  }

  // MARK: Life

  func maintain() async throws {
    let steps = schedule.steps(scheduleEntries, now: clock.now())
    for step in steps { try await perform(step) }
  }

  /// Replaces the active key at once, as after a leak: the old one is no longer published.
  func rotateInEmergency() async throws {
    let compromised = scheduleEntries
    try await perform(.create(.active))
    for entry in compromised { try await perform(.remove(entry.id)) }
  }

  var scheduleEntries: [KeySchedule.Entry] {
    state.withLock { $0.entries.map(\.schedule) }
  }

  func load() async throws {
    let ids = try await store.get(Self.ringKey)?["kids"]?.array?.compactMap(\.string) ?? []
    var entries: [Entry] = []
    for id in ids {
      guard let item = try await store.get(Self.itemKey(id)) else { continue }
      guard let sealed = item["private"]?.string, let der = secrets.open(sealed, context: id),
        let key = SigningKey(der: der, algorithm: .rs256), key.keyID == id,
        let named = item["state"]?.string.flatMap(KeySchedule.State.init),
        let since = item.time("since")
      else {
        throw Diagnostic(
          .keysSealedOtherwise, "the signing key '\(id)' cannot be opened with this master key",
          remedy: "give the master key it was sealed with, or remove the item KEY#\(id)")
      }
      entries.append(Entry(schedule: .init(id: id, state: named, since: since), key: key))
    }
    publish(entries)
  }

  private func perform(_ step: KeySchedule.Step) async throws {
    var entries = state.withLock { $0.entries }
    let now = clock.now()
    var writes: [Write] = []
    var event = AuditEvent.keyRotated
    let id: String
    switch step {
    case .create(let state):
      guard let key = SigningKey.generate(.rs256), let der = key.der,
        let sealed = secrets.seal(der, context: key.keyID)
      else { throw Failure.signing }
      id = key.keyID
      event = .keyCreated
      entries.append(Entry(schedule: .init(id: id, state: state, since: now), key: key))
      writes.append(.put(Self.item(id, sealed, state, now), if: .notExists))
    case .promote(let named):
      id = named
      writes.append(Self.change(id, to: .active, now))
      entries = entries.map { $0.changed(id, to: .active, now) }
    case .retire(let named):
      id = named
      writes.append(Self.change(id, to: .retired, now))
      entries = entries.map { $0.changed(id, to: .retired, now) }
    case .remove(let named):
      id = named
      writes.append(.delete(Self.itemKey(id)))
      entries.removeAll { $0.schedule.id == id }
    }
    let kids = JSON.array(entries.map { .string($0.schedule.id) })
    writes.append(.put(Item(Self.ringKey, JSONObject([("type", "keyring"), ("kids", kids)]))))
    try await store.transact(writes)
    publish(entries)
    try await audit.append(event, details: JSONObject([("kid", .string(id))]))
  }

  private static func item(
    _ id: String, _ sealed: String, _ state: KeySchedule.State, _ now: Timestamp
  ) -> Item {
    Item(
      itemKey(id),
      JSONObject([
        ("type", "signing-key"), ("alg", "RS256"), ("kid", .string(id)),
        ("private", .string(sealed)), ("state", .string(state.rawValue)),
        ("since", .string(now.iso8601)),
      ]))
  }

  private static func change(_ id: String, to state: KeySchedule.State, _ now: Timestamp) -> Write {
    .update(
      itemKey(id),
      [.set("state", .string(state.rawValue)), .set("since", .string(now.iso8601))], if: .exists)
  }

  private func publish(_ entries: [Entry]) {
    state.withLock { state in
      let keys = entries.compactMap(\.key.verificationKey)
      state.entries = entries
      state.set = KeySet(keys, generation: state.set.generation + 1)
      state.document = state.set.document.bytes
    }
  }
}

extension KeyRing.Entry {
  /// The same key in another state when it is the one named.
  fileprivate func changed(_ id: String, to state: KeySchedule.State, _ now: Timestamp) -> Self {
    guard schedule.id == id else { return self }
    var copy = self
    copy.schedule.state = state
    copy.schedule.since = now
    return copy
  }
}
