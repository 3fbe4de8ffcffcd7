import JSON
import Store
import Workflows

/// What the proof of all accounts found.
package struct LedgerReport: Sendable, Hashable {
  /// Accounts whose books were read.
  package var accounts = 0
  /// Entries of all journals.
  package var entries = 0
  /// Fills of all histories.
  package var fills = 0
  /// Executions whose committed result was held against the history.
  package var executions = 0
  /// What is wrong, account by account; empty when everything holds.
  package var findings: [LedgerFinding] = []

  package init() {}
}

/// Reads the books of every account from a store and proves them, one account in memory at a time.
package struct LedgerVerification {
  private let store: SQLiteStore
  private var report = LedgerReport()
  /// Fills that wait for what follows from them, by user.
  private var outbox: [String: Set<String>] = [:]

  /// Findings after which reading ends: a ledger so damaged is restored, not mended.
  private static let findingsMost = 200

  private init(store: SQLiteStore) { self.store = store }

  /// Proves every account of a store that nobody writes meanwhile, such as a backup.
  package static func run(_ store: SQLiteStore) async throws -> LedgerReport {
    var verification = LedgerVerification(store: store)
    try await verification.readOutbox()
    for user in try await users(of: store) {
      let audit = try await AccountBooks(user: user, store: store).audit(
        waiting: verification.outbox[user] ?? [])
      verification.add(audit)
      if verification.report.findings.count >= findingsMost { return verification.report }
    }
    for user in verification.outbox.keys.sorted() {
      verification.report.findings.append(
        LedgerFinding(.trade, account: user, item: "OUTBOX#trades", "there is no such account"))
    }
    try await verification.checkNames()
    try await verification.checkExecutions()
    return verification.report
  }

  /// Every user with a ledger or an account, in the order of their names.
  package static func users(of store: SQLiteStore) async throws -> [String] {
    var users: Set<String> = []
    try await forEachPartition("LEDGER#", of: store) { users.insert($0) }
    var holders: [String] = []
    try await forEachPartition("USER#", of: store) { holders.append($0) }
    for start in stride(from: 0, to: holders.count, by: StoreLimits.batchKeys) {
      let some = holders[start..<min(start + StoreLimits.batchKeys, holders.count)]
      let accounts = try await store.batchGet(some.map { ItemKey("USER#\($0)", "ACCOUNT") })
      for (user, account) in zip(some, accounts) where account != nil { users.insert(user) }
    }
    return users.sorted()
  }

  /// The rest of the key of every partition with that beginning.
  private static func forEachPartition(
    _ prefix: String, of store: SQLiteStore, visit: (String) async throws -> Void
  ) async throws {
    var last: String?
    repeat {
      let page = try await store.partitions(beginningWith: prefix, after: last)
      for key in page { try await visit(String(key.dropFirst(prefix.count))) }
      last = page.last
    } while last != nil
  }

  private mutating func add(_ audit: LedgerAudit) {
    report.accounts += 1
    report.entries += audit.entries
    report.fills += audit.fills
    report.findings += audit.findings
    outbox[audit.user] = nil
  }

  // MARK: What lies beside the accounts

  private mutating func readOutbox() async throws {
    for try await item in store.items(pk: TradeProjection.outbox, "") {
      guard let user = item["user"]?.string else {
        report.findings.append(
          LedgerFinding(.trade, account: "", item: "\(item.key)", "it names no user"))
        continue
      }
      outbox[user, default: []].insert(item.key.sk)
    }
  }

  /// Every name a client gave an order leads to that order.
  private mutating func checkNames() async throws {
    let prefix = "UNIQ#CLOID#"
    let store = store
    var broken: [LedgerFinding] = []
    try await Self.forEachPartition(prefix, of: store) { name in
      let parts = name.split(separator: "#", maxSplits: 1).map(String.init)
      guard parts.count == 2, let item = try await store.get(ItemKey(prefix + name, "UNIQ")) else {
        return
      }
      let id = item["order"]?.string ?? ""
      let order = try await store.get(TradingBook.orderKey(parts[0], id))
      if order?["clientOrderId"]?.string != parts[1] {
        broken.append(
          LedgerFinding(
            .trade, account: parts[0], item: prefix + name, "there is no order of that name"))
      }
    }
    report.findings += broken
  }

  /// What a repeated request would be answered must have happened: each result of an execution
  /// names an order, and a fill where it was filled.
  private mutating func checkExecutions() async throws {
    let prefix = "EXEC#"
    let store = store
    var broken: [LedgerFinding] = []
    var count = 0
    try await Self.forEachPartition(prefix, of: store) { name in
      guard let id = ExecutionItems.id(of: prefix + name) else { return }
      let pair = try await store.batchGet([
        ExecutionItems.metaKey(id), ExecutionItems.resultKey(id),
      ])
      guard let meta = pair[0], let kept = pair[1], let record = try? ExecutionItems.record(meta),
        let user = record.input["user"]?.string
      else { return }
      count += 1
      let result = try? CommittedResult(kept, input: record.input).result
      if let fault = try await Self.fault(in: result, of: user, store) {
        broken.append(LedgerFinding(.trade, account: user, item: prefix + name, fault))
      }
    }
    report.executions = count
    report.findings += broken
  }

  private static func fault(in result: JSON?, of user: String, _ store: SQLiteStore) async throws
    -> String?
  {
    guard let order = result?["orderId"]?.string else { return "its result names no order" }
    var keys = [TradingBook.orderKey(user, order)]
    if let fill = result?["transactionId"]?.string {
      keys.append(ItemKey("USER#\(user)", "TXN#\(fill)"))
    }
    let isMissing = try await store.batchGet(keys).contains { $0 == nil }
    return isMissing ? "what it answered is not in the books" : nil
  }
}

extension ItemStore {
  /// Every item of a partition whose sort key begins so, page after page.
  func items(pk: String, _ beginning: String) -> AsyncThrowingStream<Item, any Error> {
    let pages = ItemPages(store: self, pk: pk, beginning: beginning)
    return AsyncThrowingStream { try await pages.next() }
  }
}

/// The pages of a partition, one read ahead of whoever takes the items.
private actor ItemPages {
  private let store: any ItemStore
  private var query: Query
  private var items: [Item] = []
  private var position = 0
  private var isLast = false

  init(store: any ItemStore, pk: String, beginning: String) {
    self.store = store
    query = Query(
      pk: pk, beginning.isEmpty ? .all : .beginsWith(beginning), limit: StoreLimits.pageItemsMost)
  }

  func next() async throws -> Item? {
    while position == items.count {
      if isLast { return nil }
      let page = try await store.query(query)
      items = page.items
      position = 0
      query.cursor = page.cursor
      isLast = page.cursor == nil
    }
    position += 1
    return items[position - 1]
  }
}
