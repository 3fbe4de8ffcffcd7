import JSON
import Store

/// The books of one account in a store, read into an audit.
struct AccountBooks {
  /// Fills of one account that are examined while it is served; `store verify` knows no bound.
  static let fillsMost = 100_000

  /// Why an audit says nothing.
  enum Unread: Error, Sendable {
    /// The account was traded on while its books were read.
    case changed
    /// There are more fills than are held in memory beside everything else.
    case tooLarge
  }

  let user: String
  let store: any ItemStore

  /// What the books say when nobody writes meanwhile; fills in `waiting` are in the outbox.
  func audit(waiting: Set<String>, fillsMost: Int = .max) async throws -> LedgerAudit {
    var audit = LedgerAudit(user: user)
    let home = "USER#\(user)"
    for try await item in store.items(pk: home, "TXN#") {
      audit.take(fill: item)
      if audit.fills > fillsMost { throw Unread.tooLarge }
    }
    for try await item in store.items(pk: "LEDGER#\(user)", "") { audit.take(entry: item) }
    for try await item in store.items(pk: home, "ORDER#") { audit.take(order: item) }
    for try await item in store.items(pk: home, "POS#") { audit.take(position: item) }
    if let account = try await store.get(TradingBook.accountKey(user)) {
      audit.take(account: account)
    }
    audit.finish()
    for (name, order) in audit.clientOrders.sorted(by: { $0.key < $1.key }) {
      let unique = try await store.get(TradingBook.uniqueKey(user, name))
      if unique?["order"]?.string != order {
        audit.report(.trade, "ORDER#\(order)", "the client's name '\(name)' is not kept for it")
      }
    }
    try await checkActivity(&audit, waiting: waiting)
    return audit
  }

  /// The same while it is traded on. Every commit of a trade writes the account, and what follows
  /// from a fill leaves the outbox in one commit with the activity: when neither has moved, all
  /// that was read is of one moment.
  func auditWhileServed() async throws -> LedgerAudit {
    let before = try await versions()
    var waiting: Set<String> = []
    for try await item in store.items(pk: TradeProjection.outbox, "")
    where item["user"]?.string == user { waiting.insert(item.key.sk) }
    let audit = try await audit(waiting: waiting, fillsMost: Self.fillsMost)
    guard try await versions() == before else { throw Unread.changed }
    return audit
  }

  private func versions() async throws -> [Int?] {
    let keys = [TradingBook.accountKey(user), TradeProjection.activityKey(user)]
    return try await store.batchGet(keys).map { $0?.version }
  }

  /// Each fill either waits in the outbox or was counted into the user's activity, once.
  private func checkActivity(_ audit: inout LedgerAudit, waiting: Set<String>) async throws {
    for fill in waiting.sorted() where !audit.hasFill(fill) {
      audit.report(.trade, "OUTBOX#trades \(fill)", "the history has no such fill")
    }
    let counted = try await store.get(TradeProjection.activityKey(user))?["trades"]?.int ?? 0
    if counted + waiting.count != audit.fills {
      audit.report(
        .trade, "ACTIVITY",
        "\(counted) fills are counted and \(waiting.count) wait, the history has \(audit.fills)")
    }
  }
}
