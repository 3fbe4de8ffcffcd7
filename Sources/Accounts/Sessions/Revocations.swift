import JSON
import Store
import Synchronization
import Time
import Tokens

/// What has been revoked before its time: asked at every verified token, without waiting, and kept
/// in the store until the last token that it concerns has expired.
package final class Revocations: RevocationCheck {
  private struct Snapshot {
    var sessions: [String: Timestamp] = [:]
    var tokens: [String: Timestamp] = [:]
    /// Tokens of a subject issued before are refused.
    var validAfter: [String: (moment: Timestamp, until: Timestamp)] = [:]
  }

  private enum Kind: String {
    case session = "SID"
    case token = "JTI"
    case subject = "SUB"
  }

  /// Entries beyond which the expired ones are swept at each addition.
  private static let sweepFrom = 1024

  private let store: any ItemStore
  private let clock: any TimeSource
  /// How long a token can live: an entry may go afterwards.
  private let longestToken: Duration
  private let snapshot = Mutex(Snapshot())

  init(store: any ItemStore, clock: any TimeSource, longestToken: Duration) {
    self.store = store
    self.clock = clock
    self.longestToken = longestToken + .seconds(120)
  }

  /// Whether a token with these claims has been revoked.
  package func isRevoked(
    subject: String, sessionID: String?, tokenID: String?, issuedAt: Timestamp?
  ) -> Bool {
    snapshot.withLock { snapshot in
      if let sessionID, snapshot.sessions[sessionID] != nil { return true }
      if let tokenID, snapshot.tokens[tokenID] != nil { return true }
      guard let limit = snapshot.validAfter[subject]?.moment else { return false }
      // `iat` has whole seconds, so a token of the same second counts as issued before.
      return issuedAt.map { $0.seconds <= limit.seconds } ?? true
    }
  }

  /// Reads what the store has, before the first request.
  func load() async throws {
    for kind in [Kind.session, .token, .subject] {
      var cursor: String?
      repeat {
        let page = try await store.query(Query(pk: Self.partition(kind), cursor: cursor))
        for item in page.items { remember(kind, item) }
        cursor = page.cursor
      } while cursor != nil
    }
  }

  /// Refuses every token of a session from now on.
  func revoke(session id: String) async throws { try await add(.session, id) }

  /// Refuses one token.
  func revoke(token id: String) async throws { try await add(.token, id) }

  /// Refuses every token of a subject issued until now.
  func revoke(subject: String) async throws { try await add(.subject, subject) }

  private func add(_ kind: Kind, _ id: String) async throws {
    let now = clock.now()
    let item = Item(
      ItemKey(Self.partition(kind), id),
      JSONObject([("type", "revocation"), ("at", .int(now.milliseconds))]),
      expiresAt: now + longestToken)
    // Memory first: from here on no request passes, even while the store still writes.
    remember(kind, item)
    try await store.write(.put(item))
  }

  private func remember(_ kind: Kind, _ item: Item) {
    guard let until = item.expiresAt else { return }
    let id = item.key.sk
    let now = clock.now()
    snapshot.withLock { snapshot in
      switch kind {
      case .session:
        Self.sweep(&snapshot.sessions, now)
        snapshot.sessions[id] = until
      case .token:
        Self.sweep(&snapshot.tokens, now)
        snapshot.tokens[id] = until
      case .subject:
        if snapshot.validAfter.count >= Self.sweepFrom {
          snapshot.validAfter = snapshot.validAfter.filter { $0.value.until > now }
        }
        snapshot.validAfter[id] = (item.instant("at") ?? now, until)
      }
    }
  }

  private static func sweep(_ entries: inout [String: Timestamp], _ now: Timestamp) {
    guard entries.count >= sweepFrom, entries.count.isMultiple(of: sweepFrom) else { return }
    entries = entries.filter { $0.value > now }
  }

  private static func partition(_ kind: Kind) -> String { "REVOKED#\(kind.rawValue)" }
}
