import JSON
import Store
import Time

/// Proves the books of one account (spec/apps.md §3.4): a pure value that is fed the account's items
/// and says where they do not hold.
///
/// Fills come first, then entries in their order, then orders, positions and the account. Every
/// entry is balanced, numbered without a gap and made of exactly one fill; every fill has exactly one
/// entry and one filled order; cash and shares never fall below what is held; and what is stored is
/// what the replay makes, byte for byte.
package struct LedgerAudit: Sendable {
  package let user: String
  /// What is wrong so far.
  package private(set) var findings: [LedgerFinding] = []
  /// The account made again from its ledger.
  package private(set) var replay = LedgerReplay()
  /// Entries read.
  package private(set) var entries = 0
  /// Fills that the history holds.
  package var fills: Int { fillsByID.count }
  /// Orders that a client named, by the client's name.
  package private(set) var clientOrders: [String: String] = [:]

  private var fillsByID: [String: Fill] = [:]
  private var bookedFills: Set<String> = []
  private var fillOfOrder: [String: String] = [:]
  private var fillOfExecution: [String: String] = [:]
  private var storedPositions: Set<String> = []
  private var hasAccount = false

  /// Findings of one account beyond which the rest is not told.
  private static let findingsMost = 50

  package init(user: String) { self.user = user }

  package mutating func report(_ kind: LedgerFinding.Kind, _ item: String, _ message: String) {
    if findings.count < Self.findingsMost {
      findings.append(LedgerFinding(kind, account: user, item: item, message))
    }
  }

  // MARK: Fills

  /// A row of the history.
  package mutating func take(fill item: Item) {
    let sk = item.key.sk
    guard let fill = Fill(attributes: item.attributes), sk == "TXN#\(fill.id)" else {
      return report(.trade, sk, "it is no fill, or lies under another's key")
    }
    guard fill.quantity > 0, fill.price.units > 0, let total = fill.price.total(of: fill.quantity),
      fill.total == total
    else { return report(.trade, sk, "its total is not its price times its quantity") }
    fillsByID[fill.id] = fill
    if let other = fillOfOrder.updateValue(fill.id, forKey: fill.orderID) {
      report(.trade, sk, "the order \(fill.orderID) was filled before, by TXN#\(other)")
    }
    if fill.executionID.isEmpty { return }
    if let other = fillOfExecution.updateValue(fill.id, forKey: fill.executionID) {
      report(.trade, sk, "the execution \(fill.executionID) filled before, TXN#\(other)")
    }
  }

  /// Whether the history has this fill.
  package func hasFill(_ id: String) -> Bool { fillsByID[id] != nil }

  // MARK: Entries

  /// An entry of the journal.
  package mutating func take(entry item: Item) {
    let sk = "entry \(item.key.sk)"
    entries += 1
    guard let entry = LedgerEntry(attributes: item.attributes) else {
      return report(.entry, sk, "it is no ledger entry")
    }
    if entry.sequence != entries || item.key.sk != LedgerEntry.sortKey(entries) {
      report(.entry, sk, "entry \(entries) was expected: the sequence has a gap")
      entries = entry.sequence
    }
    for (commodity, sum) in entry.sums.sorted(by: { $0.key < $1.key }) where sum != 0 {
      report(.entry, sk, "its postings in \(commodity) add up to \(sum), not to zero")
    }
    if entry.sequence == 1 { return open(entry, item, sk) }
    guard let fill = fillsByID[entry.reference] else {
      return report(.entry, sk, "there is no fill \(entry.reference)")
    }
    guard bookedFills.insert(fill.id).inserted else {
      return report(.entry, sk, "the fill \(fill.id) was booked before")
    }
    if !isSame(LedgerEntry.fill(fill, sequence: entry.sequence).attributes, item.attributes) {
      report(.entry, sk, "it is not what the fill \(fill.id) makes")
    }
    book(fill, sk)
  }

  private mutating func open(_ entry: LedgerEntry, _ item: Item, _ sk: String) {
    let cash = entry.postings.first { $0.account == "ASSET:CASH" }?.amount ?? 0
    guard cash.magnitude < LedgerReplay.bound else {
      return report(.entry, sk, "no account begins with \(cash) cents")
    }
    if !isSame(LedgerEntry.funding(Cents(cash), at: entry.time).attributes, item.attributes) {
      report(.entry, sk, "the first entry is not the funding of the account")
    }
    replay.open(with: Cents(cash), at: entry.time)
  }

  private mutating func book(_ fill: Fill, _ sk: String) {
    guard let booked = replay.book(fill) else {
      return report(.entry, sk, "the account was never funded, or its sums leave all bounds")
    }
    if !isSame(booked.attributes, fill.attributes) {
      report(.trade, "TXN#\(fill.id)", "its relieved cost or its cash is not the ledger's")
    }
    if let cash = replay.account?.cash, cash < .zero {
      report(.entry, sk, "the cash falls below zero: \(cash.text)")
    }
    if let quantity = replay.positions[fill.symbol]?.quantity, quantity < 0 {
      report(.entry, sk, "the shares of \(fill.symbol) fall below zero: \(quantity)")
    }
  }

  // MARK: Orders

  /// An order, open or not.
  package mutating func take(order item: Item) {
    let sk = item.key.sk
    guard let order = Order(attributes: item.attributes), sk == "ORDER#\(order.id)",
      order.user == user
    else { return report(.trade, sk, "it is no order, or lies under another's key") }
    let fill = fillOfOrder.removeValue(forKey: order.id).flatMap { fillsByID[$0] }
    switch (order.status, fill) {
    case (.filled, let fill?): compare(order, fill, sk)
    case (.filled, nil): report(.trade, sk, "it is filled, and there is no fill of it")
    case (_, _?): report(.trade, sk, "it is \(order.status.rawValue), and there is a fill of it")
    case (_, nil): break
    }
    let place = order.status == .accepted ? IndexKey("OPEN#\(order.symbol)", order.id) : nil
    if item.g1 != place { report(.trade, sk, "the list of open orders does not agree with it") }
    if order.status == .accepted, order.limit == nil {
      report(.trade, sk, "it waits without limit")
    }
    replay.hold(order)
    if let name = order.clientOrderID, order.status != .rejected {
      if let other = clientOrders.updateValue(order.id, forKey: name) {
        report(.trade, sk, "the client's name '\(name)' is that of ORDER#\(other) too")
      }
    }
  }

  private mutating func compare(_ order: Order, _ fill: Fill, _ sk: String) {
    if order.symbol != fill.symbol || order.side != fill.side || order.quantity != fill.quantity
      || order.filledPrice != fill.price
    {
      report(.trade, sk, "its fill TXN#\(fill.id) is not what it says")
    }
    guard let limit = order.limit, order.kind == .limit else { return }
    if order.side == .buy ? fill.price > limit : fill.price < limit {
      report(.trade, sk, "it was filled at \(fill.price.text), worse than its limit")
    }
  }

  // MARK: State

  /// A position as it is stored.
  package mutating func take(position item: Item) {
    let sk = item.key.sk
    let symbol = String(sk.dropFirst("POS#".count))
    storedPositions.insert(symbol)
    guard let replayed = replay.positions[symbol] else {
      return report(.state, sk, "the ledger has no such position")
    }
    if replayed.quantity < replayed.held || replayed.held < 0 {
      report(.state, sk, "\(replayed.held) of \(replayed.quantity) shares are held")
    }
    compare(item, replayed.attributes)
  }

  /// The account as it is stored.
  package mutating func take(account item: Item) {
    hasAccount = true
    guard let replayed = replay.account else {
      return report(.state, item.key.sk, "there is no ledger behind it")
    }
    if replayed.cash < replayed.holds || replayed.holds < .zero {
      report(
        .state, item.key.sk, "\(replayed.holds.text) of \(replayed.cash.text) dollars are held")
    }
    compare(item, replayed.attributes)
  }

  private mutating func compare(_ item: Item, _ replayed: JSONObject) {
    if isSame(replayed, item.attributes) { return }
    for (name, value) in replayed where item.attributes[name] != value {
      let stored = item.attributes[name]?.text ?? "nothing"
      report(.state, item.key.sk, "'\(name)' is \(stored), the ledger makes \(value.text)")
    }
    if Set(item.attributes.names) != Set(replayed.names) {
      report(.state, item.key.sk, "it has other attributes than the ledger makes")
    }
  }

  /// What is left over once everything was read.
  package mutating func finish() {
    if replay.account != nil, !hasAccount {
      report(.state, "ACCOUNT", "the ledger's account is not there")
    }
    for symbol in replay.positions.keys.sorted() where !storedPositions.contains(symbol) {
      report(.state, "POS#\(symbol)", "the ledger's position is not there")
    }
    for id in fillsByID.keys.sorted() where !bookedFills.contains(id) {
      report(.trade, "TXN#\(id)", "no entry of the ledger books it")
    }
    for (order, fill) in fillOfOrder.sorted(by: { $0.key < $1.key }) {
      report(.trade, "TXN#\(fill)", "there is no order \(order)")
    }
  }

  private func isSame(_ left: JSONObject, _ right: JSONObject) -> Bool {
    JSON.object(left).bytes == JSON.object(right).bytes
  }
}
