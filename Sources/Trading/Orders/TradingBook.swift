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
          ItemKey("USER#\(user)", "TXN#\(fill.id)"), fill.attributes), if: .notExists),
      .put(
        Item(ItemKey("LEDGER#\(user)", LedgerEntry.sortKey(entry.sequence)), entry.attributes),
        if: .notExists),
      .put(
        Item(
          ItemKey(TradeProjection.outbox, fill.id),
          [
            "user": .string(user), "side": .string(fill.side.rawValue),
            "quantity": .int(fill.quantity), "time": .string(fill.time.iso8601),
          ])),
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

  /// How long a rejected order can be read. It moved nothing and no book needs it, but anybody can
  /// have as many refused as the throttle lets through: kept for ever, they would fill the disk.
  static let rejectedKeptDays = 30

  /// An open order stands in the index that the matcher reads; a closed one leaves it.
  func orderWrite(_ order: Order, version: Int?) -> Write {
    let isOpen = order.status == .accepted
    return .put(
      Item(
        Self.orderKey(order.user, order.id), order.attributes,
        expiresAt: order.status == .rejected
          ? order.updatedAt + .seconds(Self.rejectedKeptDays * 86_400) : nil,
        g1: isOpen ? IndexKey("OPEN#\(order.symbol)", order.id) : nil),
      if: version.map { .version($0) } ?? .notExists)
  }
}
