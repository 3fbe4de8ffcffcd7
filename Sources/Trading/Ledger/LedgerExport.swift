import Diagnostics
import Store

/// Writes the ledgers of a store that nobody changes meanwhile, a page in memory at a time.
package struct LedgerExport {
  private let store: SQLiteStore
  private let booking: BeancountJournal.Booking

  package init(_ store: SQLiteStore, booking: BeancountJournal.Booking) {
    self.store = store
    self.booking = booking
  }

  /// Writes the accounts of these users, or of all, as one Beancount journal; answers how many.
  package func beancount(of users: [String]?, to write: (String) throws -> Void) async throws -> Int
  {
    let all = try await LedgerVerification.users(of: store)
    for user in users ?? [] where !all.contains(user) {
      throw Diagnostic(
        .accountUnknown, "there is no trading account '\(user)'",
        remedy: all.isEmpty
          ? "nobody has traded yet"
          : "one of \(all.prefix(5).joined(separator: ", "))\(all.count > 5 ? " …" : "")")
    }
    let chosen = users ?? all
    try write(BeancountJournal.header)
    for user in chosen { try await self.write(user, to: write) }
    return chosen.count
  }

  private func write(_ user: String, to write: (String) throws -> Void) async throws {
    guard let item = try await store.get(TradingBook.accountKey(user)),
      let account = CashAccount(attributes: item.attributes)
    else { throw broken(user, "ACCOUNT") }
    var journal = BeancountJournal(user: user, openedAt: account.createdAt, booking: booking)
    try write("\n" + journal.opening(user: user))
    var query = Query(pk: "LEDGER#\(user)", limit: StoreLimits.batchKeys)
    repeat {
      let page = try await store.query(query)
      query.cursor = page.cursor
      let entries = try page.items.map { item in
        guard let entry = LedgerEntry(attributes: item.attributes) else {
          throw broken(user, "entry \(item.key.sk)")
        }
        return entry
      }
      let keys = entries.map { ItemKey("USER#\(user)", "TXN#\($0.reference)") }
      let fills = try await store.batchGet(keys)
      for (entry, item) in zip(entries, fills) {
        if entry.reference == "funding" {
          let cash = entry.postings.first { $0.account == "ASSET:CASH" }?.amount ?? 0
          try write(journal.funding(Cents(cash)))
        } else {
          guard let fill = item.flatMap({ Fill(attributes: $0.attributes) }) else {
            throw broken(user, "entry \(entry.sequence)")
          }
          try write(journal.transaction(fill, entry: entry.sequence))
        }
      }
    } while query.cursor != nil
    var positions: [Position] = []
    for try await item in store.items(pk: "USER#\(user)", "POS#") {
      guard let position = Position(attributes: item.attributes) else {
        throw broken(user, item.key.sk)
      }
      positions.append(position)
    }
    try write(journal.assertions(account: account, positions: positions))
  }

  private func broken(_ user: String, _ item: String) -> Diagnostic {
    LedgerFinding(.entry, account: user, item: item, "it cannot be read or has no fill").diagnostic
  }
}
