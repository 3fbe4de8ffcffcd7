import HTTPExchange
import NIOCore
import Store
import Time

/// What an account has been through since a reader last saw it, as the store has it.
///
/// Fills are in the ledger, one entry each. Opening and cancelling an order write the account and the
/// order, so of those only the order's last state is left: it is looked for among the newest orders,
/// and where that could overlook one the reader is told to read its lists again.
struct AccountHistory: Sendable {
  let book: TradingBook

  /// Fills that are sent again at most.
  static let fillsMost = 100
  /// The newest orders that are looked through.
  static let ordersMost = 200
  /// A change is decided a moment before it is committed; whatever may have been decided before a
  /// place and committed after it is sent again.
  private static let commitTime = Duration.seconds(10)

  /// The events since a place, and where the reader is after them; without a place, or with one
  /// that is not of this account, it begins now.
  func events(of user: String, since seen: AccountPlace?, isReturning: Bool) async throws
    -> (bytes: ByteBuffer, place: AccountPlace)
  {
    let asked = book.clock.now()
    let (account, version) = try await book.account(user)
    let place = AccountPlace(account, version: version, at: asked)
    var bytes = ByteBuffer()
    if isReturning {
      if let seen, let missed = try await missed(by: user, since: seen, until: place) {
        bytes = missed
      } else {
        bytes = AccountEvents.reset
      }
    }
    bytes.writeImmutableBuffer(AccountEvents.balance(account, at: place))
    return (bytes, place)
  }

  /// What lies between two places; nil when it cannot be told whole.
  private func missed(by user: String, since seen: AccountPlace, until now: AccountPlace)
    async throws -> ByteBuffer?
  {
    let fills = now.sequence - seen.sequence
    let others = now.version - seen.version - fills
    guard (0...Self.fillsMost).contains(fills), others >= 0,
      let booked = try await self.fills(of: user, after: seen.sequence, to: now.sequence),
      let filled = try await orders(of: booked, user),
      let unfilled = try await unfilledOrders(
        of: user, since: seen.time - Self.commitTime, mayOverlookOld: others == 0),
      let positions = try await positions(of: booked, user)
    else { return nil }
    var bytes = ByteBuffer()
    let orders = (filled + unfilled).sorted { ($0.updatedAt, $0.id) < ($1.updatedAt, $1.id) }
    for order in orders { bytes.writeImmutableBuffer(AccountEvents.order(order)) }
    for fill in booked { bytes.writeImmutableBuffer(AccountEvents.fill(fill)) }
    for position in positions { bytes.writeImmutableBuffer(AccountEvents.position(position)) }
    return bytes
  }

  /// Orders that changed since then without a fill; nil when there may be more of them.
  private func unfilledOrders(of user: String, since: Timestamp, mayOverlookOld: Bool) async throws
    -> [Order]?
  {
    let page = try await book.store.query(
      Query(
        pk: "USER#\(user)", .beginsWith("ORDER#"), limit: Self.ordersMost, direction: .descending))
    let newest = page.items.compactMap { Order(attributes: $0.attributes) }
    if page.cursor != nil {
      // An old order may have been cancelled, or the new ones are more than a page.
      guard mayOverlookOld, let last = newest.last, last.createdAt < since else { return nil }
    }
    return newest.filter { $0.updatedAt >= since && $0.status != .filled }
  }

  private func fills(of user: String, after first: Int, to last: Int) async throws -> [Fill]? {
    if first == last { return [] }
    let page = try await book.store.query(
      Query(
        pk: "LEDGER#\(user)",
        .between(LedgerEntry.sortKey(first + 1), LedgerEntry.sortKey(last)),
        limit: Self.fillsMost))
    let entries = page.items.compactMap { LedgerEntry(attributes: $0.attributes) }
    guard entries.count == last - first else { return nil }
    let found = try await book.store.batchGet(
      entries.map { ItemKey("USER#\(user)", "TXN#\($0.reference)") })
    let fills = found.compactMap { $0.flatMap { Fill(attributes: $0.attributes) } }
    return fills.count == entries.count ? fills : nil
  }

  private func orders(of fills: [Fill], _ user: String) async throws -> [Order]? {
    if fills.isEmpty { return [] }
    let found = try await book.store.batchGet(
      fills.map { TradingBook.orderKey(user, $0.orderID) })
    let orders = found.compactMap { $0.flatMap { Order(attributes: $0.attributes) } }
    return orders.count == fills.count ? orders : nil
  }

  private func positions(of fills: [Fill], _ user: String) async throws -> [Position]? {
    if fills.isEmpty { return [] }
    let symbols = Set(fills.map(\.symbol)).sorted()
    let found = try await book.store.batchGet(
      symbols.map { TradingBook.positionKey(user, $0) })
    let positions = found.compactMap { $0.flatMap { Position(attributes: $0.attributes) } }
    return positions.count == symbols.count ? positions : nil
  }
}
