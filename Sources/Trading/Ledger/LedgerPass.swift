import Store
import Time

/// One walk over every account of a store that is served meanwhile: page by page, resting as long as
/// it has worked.
struct LedgerPass {
  /// What an account's books came to.
  enum Outcome {
    case read([LedgerFinding])
    /// Too large, or never still.
    case unread
  }

  /// Rounds over accounts that were traded on while they were read.
  private static let rounds = 5
  private static let betweenRounds: Duration = .seconds(5)
  /// Accounts that wait for another round; more are not examined.
  private static let changedMost = 10_000
  /// Work after which it rests.
  private static let stretch: Duration = .milliseconds(5)

  private let store: SQLiteStore
  private let clock: any TimeSource
  private let tell: (String, Outcome) -> Void
  private var changed: [String] = []
  private var begun: MonotonicInstant

  init(
    _ store: SQLiteStore, clock: any TimeSource, tell: @escaping (String, Outcome) -> Void
  ) {
    self.store = store
    self.clock = clock
    self.tell = tell
    begun = clock.monotonic()
  }

  /// Examines every account, and those that moved again.
  mutating func run() async throws {
    try await forEachUser("LEDGER#") { pass, user in try await pass.examine(user) }
    // An account without a journal has books as well: broken ones.
    try await forEachUser("USER#") { pass, user in
      let keys = [
        TradingBook.accountKey(user), ItemKey("LEDGER#\(user)", LedgerEntry.sortKey(1)),
      ]
      let found = try await pass.store.batchGet(keys)
      if found[0] != nil, found[1] == nil { try await pass.examine(user) }
    }
    for _ in 1..<Self.rounds where !changed.isEmpty {
      try await clock.sleep(for: Self.betweenRounds)
      let again = changed
      changed = []
      for user in again { try await examine(user) }
    }
    for user in changed { tell(user, .unread) }
  }

  private mutating func forEachUser(
    _ prefix: String, _ visit: (inout LedgerPass, String) async throws -> Void
  ) async throws {
    var last: String?
    repeat {
      let page: [String]
      do {
        page = try await store.partitions(beginningWith: prefix, after: last)
      } catch StoreError.busy {
        try await clock.sleep(for: Self.betweenRounds)
        continue
      }
      for key in page {
        try await visit(&self, String(key.dropFirst(prefix.count)))
        try await rest()
      }
      last = page.last
      if page.isEmpty { return }
    } while true
  }

  private mutating func examine(_ user: String) async throws {
    do {
      let audit = try await AccountBooks(user: user, store: store).auditWhileServed()
      tell(user, .read(audit.findings))
    } catch AccountBooks.Unread.tooLarge {
      tell(user, .unread)
    } catch AccountBooks.Unread.changed, StoreError.busy {
      if changed.count < Self.changedMost { changed.append(user) } else { tell(user, .unread) }
    } catch StoreError.corrupt(let what) {
      let finding = LedgerFinding(
        .state, account: user, item: "", "it cannot be read: \(what)")
      tell(user, .read([finding]))
    }
    try await rest()
  }

  /// Half of the time is others'.
  private mutating func rest() async throws {
    let worked = clock.monotonic() - begun
    guard worked >= Self.stretch else { return }
    try await clock.sleep(for: worked)
    begun = clock.monotonic()
  }
}
