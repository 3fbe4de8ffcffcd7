import Diagnostics
import JSON
import Store
import Time

/// Accounts, positions, orders and the journal in the store: reads them, and makes the writes of a
/// commit, each with the condition that keeps it honest.
package struct TradingBook: Sendable {
  let store: any ItemStore
  let startingCash: Cents
  let clock: any TimeSource
  let ids: ULIDs

  package init(
    store: any ItemStore, startingCash: Cents, clock: any TimeSource, ids: ULIDs = ULIDs()
  ) {
    self.store = store
    self.startingCash = startingCash
    self.clock = clock
    self.ids = ids
  }

  /// An account and a position as they stood when they were read.
  struct Snapshot: Sendable {
    var account: CashAccount
    var accountVersion: Int
    var position: Position
    /// 0 when there was none.
    var positionVersion: Int

    /// What stands after a commit that wrote both.
    func after(_ account: CashAccount, _ position: Position) -> Snapshot {
      Snapshot(
        account: account, accountVersion: accountVersion + 1, position: position,
        positionVersion: positionVersion + 1)
    }
  }

  /// A new identifier, after all before it.
  func newID() -> String { ids.next(at: clock.now()) }

  static func accountKey(_ user: String) -> ItemKey { ItemKey("USER#\(user)", "ACCOUNT") }
  static func positionKey(_ user: String, _ symbol: String) -> ItemKey {
    ItemKey("USER#\(user)", "POS#\(symbol)")
  }
  static func orderKey(_ user: String, _ id: String) -> ItemKey {
    ItemKey("USER#\(user)", "ORDER#\(id)")
  }
  /// What keeps a client's own name for an order unique.
  static func uniqueKey(_ user: String, _ clientOrderID: String) -> ItemKey {
    ItemKey("UNIQ#CLOID#\(user)#\(clientOrderID)", "UNIQ")
  }

  // MARK: Reads

  /// The account, opened with its starting cash when this is the first look.
  func account(_ user: String) async throws -> (CashAccount, version: Int) {
    for _ in 0..<3 {
      if let item = try await store.get(Self.accountKey(user)) {
        guard let account = CashAccount(attributes: item.attributes) else {
          throw StoreError.corrupt("account of \(user)")
        }
        return (account, item.version)
      }
      try await open(user)
    }
    throw StoreError.conflict
  }

  private func open(_ user: String) async throws {
    let now = clock.now()
    let account = CashAccount(cash: startingCash, createdAt: now)
    let entry = LedgerEntry.funding(startingCash, at: now)
    do {
      try await store.transact([
        .put(Item(Self.accountKey(user), account.attributes), if: .notExists),
        .put(
          Item(ItemKey("LEDGER#\(user)", LedgerEntry.sortKey(1)), entry.attributes),
          if: .notExists),
      ])
    } catch let error as StoreError where error.isConditionFailure {
      // Another request opened it first.
    }
  }

  func snapshot(_ user: String, _ symbol: String) async throws -> Snapshot {
    let found = try await store.batchGet([Self.accountKey(user), Self.positionKey(user, symbol)])
    guard let accountItem = found[0] else {
      _ = try await account(user)
      return try await snapshot(user, symbol)
    }
    guard let account = CashAccount(attributes: accountItem.attributes) else {
      throw StoreError.corrupt("account of \(user)")
    }
    let position = try found[1].map { item in
      guard let position = Position(attributes: item.attributes) else {
        throw StoreError.corrupt("position \(symbol) of \(user)")
      }
      return position
    }
    return Snapshot(
      account: account, accountVersion: accountItem.version,
      position: position ?? Position(symbol: symbol), positionVersion: found[1]?.version ?? 0)
  }

  /// All positions with shares, by symbol.
  func positions(_ user: String) async throws -> [Position] {
    let page = try await store.query(
      Query(pk: "USER#\(user)", .beginsWith("POS#"), limit: StoreLimits.pageItemsMost))
    return page.items.compactMap { Position(attributes: $0.attributes) }
      .filter { $0.quantity > 0 }
  }

  /// Fills of one account at most that a chart replays; older ones are left out with their account.
  private static let fillsMost = 20_000

  /// All fills, oldest first.
  func fills(_ user: String) async throws -> [Fill] {
    var fills: [Fill] = []
    var cursor: String?
    repeat {
      let page = try await store.query(
        Query(
          pk: "USER#\(user)", .beginsWith("TXN#"), limit: StoreLimits.pageItemsMost, cursor: cursor)
      )
      fills += page.items.compactMap { Fill(attributes: $0.attributes) }
      cursor = page.cursor
    } while cursor != nil && fills.count < Self.fillsMost
    return fills
  }

  /// One order, or nil.
  func order(_ user: String, _ id: String) async throws -> (Order, version: Int)? {
    guard let item = try await store.get(Self.orderKey(user, id)),
      let order = Order(attributes: item.attributes)
    else { return nil }
    return (order, item.version)
  }

  // MARK: Writes

  /// The writes of a fill: account, position, order, history, journal, outbox; all or nothing.
  func fillWrites(
    _ fill: Fill, order: Order, orderVersion: Int?, account: CashAccount, position: Position,
    after snapshot: Snapshot
  ) -> [Write] {
    let user = order.user
    let entry = LedgerEntry.fill(fill, sequence: account.sequence)
    precondition(entry.isBalanced, "an entry that does not balance is never written")
    return [
      .put(
        Item(Self.accountKey(user), account.attributes), if: .version(snapshot.accountVersion)),
      positionWrite(user, position, snapshot),
      orderWrite(order, version: orderVersion),
      .put(
        Item(
          ItemKey("USER#\(user)", "TXN#\(fill.id)"), fill.attributes,
          g1: IndexKey("SYM#\(fill.symbol)", fill.time.iso8601)), if: .notExists),
      .put(
        Item(ItemKey("LEDGER#\(user)", LedgerEntry.sortKey(entry.sequence)), entry.attributes),
        if: .notExists),
      .put(
        Item(
          ItemKey("OUTBOX#trades", fill.id),
          JSONObject([
            ("type", "fill"), ("user", .string(user)), ("fill", .object(fill.attributes)),
            ("cash", .int(account.cash.amount)),
          ]))),
    ]
  }

  /// The writes that open or close an order without a fill.
  func orderWrites(
    _ order: Order, orderVersion: Int?, account: CashAccount, position: Position,
    after snapshot: Snapshot
  ) -> [Write] {
    var writes: [Write] = [
      .put(
        Item(Self.accountKey(order.user), account.attributes),
        if: .version(snapshot.accountVersion)),
      orderWrite(order, version: orderVersion),
    ]
    if order.side == .sell { writes.append(positionWrite(order.user, position, snapshot)) }
    return writes
  }

  private func positionWrite(_ user: String, _ position: Position, _ snapshot: Snapshot) -> Write {
    .put(
      Item(Self.positionKey(user, position.symbol), position.attributes),
      if: snapshot.positionVersion == 0 ? .notExists : .version(snapshot.positionVersion))
  }

  /// An open order stands in the index that the matcher reads; a closed one leaves it.
  func orderWrite(_ order: Order, version: Int?) -> Write {
    let isOpen = order.status == .accepted
    return .put(
      Item(
        Self.orderKey(order.user, order.id), order.attributes,
        g1: isOpen ? IndexKey("OPEN#\(order.symbol)", order.id) : nil),
      if: version.map { .version($0) } ?? .notExists)
  }
}
