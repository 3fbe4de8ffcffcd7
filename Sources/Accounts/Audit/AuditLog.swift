import Cryptography
import JSON
import Store
import Time

/// What the security log tells apart.
package enum AuditEvent: String, Sendable, Hashable {
  case signedUp = "account.created"
  case signedIn = "session.created"
  case signInFailed = "session.refused"
  case signInLocked = "session.locked"
  case signedOut = "session.ended"
  case allSignedOut = "session.all_ended"
  case passwordChanged = "password.changed"
  case passwordUpgraded = "password.rehashed"
  case resetRequested = "password.reset_requested"
  case passwordReset = "password.reset"
  case emailConfirmed = "email.confirmed"
  case codeIssued = "code.issued"
  case codeReplayed = "code.replayed"
  case tokensIssued = "tokens.issued"
  case refreshReused = "refresh.reused"
  case tokenRevoked = "token.revoked"
  case keyCreated = "key.created"
  case keyRotated = "key.rotated"
}

/// The append-only security log: every entry carries the digest of the one before it, so that a
/// missing or altered entry shows.
///
/// Entries lie at `AUDIT#{day}` / `{sequence}`, the end of the chain at `AUDIT` / `HEAD`; both are
/// written in one transaction. Entries that arrive while one is being written share the next
/// transaction. No secret, token, password or code is ever an argument.
package actor AuditLog {
  /// The end of the chain as this process knows it.
  private struct Head {
    var sequence = 0
    var digest = AuditLog.genesis
    var version = 0
    var firstDay: String?
  }

  private enum Turn: Sendable {
    case written
    case failed(any Error)
    /// The one before has finished: this caller writes for those who wait.
    case lead
  }

  private struct Waiting {
    let entry: JSONObject
    let continuation: CheckedContinuation<Turn, Never>
  }

  /// Entries of one transaction: the end of the chain takes one write of the store's 25.
  static let batchLimit = StoreLimits.transactionWrites - 1
  /// Entries that wait; more are refused with the store's `busy`.
  static let waitingLimit = 4096
  static let headKey = ItemKey("AUDIT", "HEAD")
  static let genesis = String(repeating: "0", count: 64)

  private let store: any ItemStore
  private let clock: any TimeSource
  private var head: Head?
  private var isWriting = false
  private var waiting: [Waiting] = []

  init(store: any ItemStore, clock: any TimeSource) {
    self.store = store
    self.clock = clock
  }

  /// Appends an entry; returns once it is durable.
  func append(
    _ event: AuditEvent, actor: String? = nil, address: String = "", details: JSONObject = .init()
  ) async throws {
    let entry = JSONObject([
      ("event", .string(event.rawValue)), ("actor", actor.map(JSON.string) ?? .null),
      ("address", .string(address)), ("details", .object(details)),
    ])
    if isWriting {
      if waiting.count >= Self.waitingLimit { throw StoreError.busy }
      let turn = await withCheckedContinuation { continuation in
        waiting.append(Waiting(entry: entry, continuation: continuation))
      }
      switch turn {
      case .written: return
      case .failed(let error): throw error
      case .lead: break
      }
    }
    try await lead(with: entry)
  }

  private func lead(with entry: JSONObject) async throws {
    isWriting = true
    defer { handOver() }
    let others = Array(waiting.prefix(Self.batchLimit - 1))
    waiting.removeFirst(others.count)
    do {
      try await write([entry] + others.map(\.entry))
      for other in others { other.continuation.resume(returning: .written) }
    } catch {
      // Whoever else wrote, the next entry begins with what the store says.
      head = nil
      for other in others { other.continuation.resume(returning: .failed(error)) }
      throw error
    }
  }

  private func handOver() {
    if waiting.isEmpty {
      isWriting = false
    } else {
      waiting.removeFirst().continuation.resume(returning: .lead)
    }
  }

  private func write(_ entries: [JSONObject]) async throws {
    var head = try await currentHead()
    let now = clock.now()
    var writes: [Write] = []
    for entry in entries {
      head.sequence += 1
      var attributes = JSONObject([
        ("type", "audit"), ("seq", .int(head.sequence)), ("at", .string(now.iso8601)),
      ])
      for (name, value) in entry { attributes[name] = value }
      attributes["previous"] = .string(head.digest)
      head.digest = Self.digest(attributes)
      attributes["digest"] = .string(head.digest)
      let item = Item(Self.key(now, head.sequence), attributes, g1: Self.index(entry, now))
      writes.append(.put(item, if: .notExists))
    }
    head.firstDay = head.firstDay ?? now.isoDate
    let end = Item(
      Self.headKey,
      JSONObject([
        ("type", "audit-head"), ("seq", .int(head.sequence)), ("digest", .string(head.digest)),
        ("first", .string(head.firstDay ?? now.isoDate)), ("day", .string(now.isoDate)),
      ]))
    let isNew = head.version == 0
    writes.append(.put(end, if: isNew ? .notExists : .version(head.version)))
    try await store.transact(writes)
    head.version += 1
    self.head = head
  }

  private func currentHead() async throws -> Head {
    if let head { return head }
    guard let item = try await store.get(Self.headKey) else { return Head() }
    return Head(
      sequence: item["seq"]?.int ?? 0, digest: item["digest"]?.string ?? Self.genesis,
      version: item.version, firstDay: item["first"]?.string)
  }

  private static func key(_ now: Timestamp, _ sequence: Int) -> ItemKey {
    let digits = String(sequence)
    let padded = String(repeating: "0", count: max(0, 12 - digits.utf8.count)) + digits
    return ItemKey("AUDIT#\(now.isoDate)", padded)
  }

  private static func index(_ entry: JSONObject, _ now: Timestamp) -> IndexKey? {
    entry["actor"]?.string.map { IndexKey("ACTOR#\($0)", now.iso8601) }
  }

  /// The digest over everything but itself, members in the order written.
  static func digest(_ attributes: JSONObject) -> String {
    var signed = attributes
    signed["digest"] = nil
    return SHA256.hash(JSON.object(signed).prettyText).hex
  }
}

/// What the check of the chain found.
package struct AuditReport: Sendable, Hashable {
  /// Entries that were read.
  package var entries: Int
  /// What is wrong, in the order of the chain; empty when all holds.
  package var faults: [String]
}

extension AuditLog {
  /// Reads the whole chain and proves it: sequence, digests, and that it ends at the head.
  package static func verify(_ store: any ItemStore) async throws -> AuditReport {
    guard let head = try await store.get(headKey) else {
      return AuditReport(entries: 0, faults: [])
    }
    let days = days(from: head["first"]?.string, through: head["day"]?.string)
    var report = AuditReport(entries: 0, faults: [])
    var digest = genesis
    var sequence = 0
    for day in days {
      var cursor: String?
      repeat {
        let page = try await store.query(Query(pk: "AUDIT#\(day)", cursor: cursor))
        for item in page.items {
          report.entries += 1
          sequence += 1
          let name = "\(item.key)"
          if item["seq"]?.int != sequence { report.faults.append("\(name): out of sequence") }
          sequence = item["seq"]?.int ?? sequence
          if item["previous"]?.string != digest { report.faults.append("\(name): chain broken") }
          let own = AuditLog.digest(item.attributes)
          if item["digest"]?.string != own { report.faults.append("\(name): altered") }
          digest = item["digest"]?.string ?? own
        }
        cursor = page.cursor
      } while cursor != nil
    }
    if head["digest"]?.string != digest || head["seq"]?.int != sequence {
      report.faults.append("\(headKey): the chain ends elsewhere")
    }
    return report
  }

  /// Every day from the first of the log until its last.
  private static func days(from first: String?, through last: String?) -> [String] {
    guard let first, let last, var day = Timestamp(iso8601: first) else { return [] }
    var days: [String] = []
    while day.isoDate <= last, days.count < 36_600 {
      days.append(day.isoDate)
      day = day + .seconds(86_400)
    }
    return days
  }
}
