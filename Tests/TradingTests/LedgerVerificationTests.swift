import Diagnostics
import JSON
import Store
import Testing
import Time

@testable import Trading

/// The proof of the books: true after any trading, and false after any change behind its back.
@Suite("Ledger verification")
struct LedgerVerificationTests {
  /// Two users who did everything that can be done: bought, sold, waited, were filled, canceled.
  static func tradedDesk() async throws -> Desk {
    let desk = try Desk()
    for user in ["ann", "bob"] {
      let orders = [
        ("BuyFunction", #"{"symbol":"AAPL","quantity":10}"#),
        ("BuyFunction", #"{"symbol":"MSFT","quantity":3}"#),
        ("SellFunction", #"{"symbol":"AAPL","quantity":3}"#),
        ("BuyFunction", #"{"symbol":"AAPL","quantity":2,"type":"limit","limit_price":170}"#),
        ("SellFunction", #"{"symbol":"MSFT","quantity":1,"type":"limit","limit_price":500}"#),
        ("BuyFunction", #"{"symbol":"AAPL","quantity":5,"client_order_id":"c1"}"#),
        ("SellFunction", #"{"symbol":"MSFT","quantity":50}"#),
      ]
      for (function, body) in orders { _ = try await desk.call(function, body: body, user: user) }
      let waiting = try await desk.call(
        "BuyFunction", body: #"{"symbol":"AAPL","quantity":1,"type":"limit","limit_price":100}"#,
        user: user)
      let id = try #require(waiting.json["orderId"]?.string)
      _ = try await desk.call("cancelOrder", "DELETE", user: user, path: [("id", id)])
      // One limit order of each side goes on waiting, one more is filled.
      _ = try await desk.call(
        "BuyFunction", body: #"{"symbol":"AAPL","quantity":4,"type":"limit","limit_price":120}"#,
        user: user)
    }
    desk.feed.set("AAPL", 1_690_000)
    let filled = try await desk.service.match("AAPL")
    #expect(filled == 2)
    return desk
  }

  @Test func `after trading everything holds`() async throws {
    let desk = try await Self.tradedDesk()
    let report = try await LedgerVerification.run(desk.store)
    #expect(report.findings.isEmpty, "\(report.findings)")
    #expect(report.accounts == 2)
    #expect(report.fills == 10)
    #expect(report.entries == 12)
  }

  @Test func `a store without accounts holds`() async throws {
    let report = try await LedgerVerification.run(try SQLiteStore.inMemory(clock: ManualClock()))
    #expect(report == LedgerReport())
  }

  /// What somebody changed behind the program's back, and what must be found.
  struct Damage: Sendable, CustomTestStringConvertible {
    var name: String
    var code: String
    var says: String
    var testDescription: String { name }
    var change: @Sendable (Desk) async throws -> Void
  }

  /// Changes one attribute of an item and keeps its place in the index.
  private static func set(
    _ pk: String, _ prefix: String, _ name: String, _ value: @escaping @Sendable (JSON?) -> JSON,
    where holds: @escaping @Sendable (Item) -> Bool = { _ in true }
  ) -> @Sendable (Desk) async throws -> Void {
    { desk in
      var item = try await first(desk, pk, prefix, where: holds)
      item[name] = value(item[name])
      try await desk.store.write(.put(item))
    }
  }

  private static func remove(
    _ pk: String, _ prefix: String, where holds: @escaping @Sendable (Item) -> Bool = { _ in true }
  ) -> @Sendable (Desk) async throws -> Void {
    { desk in
      let item = try await first(desk, pk, prefix, where: holds)
      try await desk.store.write(.delete(item.key))
    }
  }

  private static func first(
    _ desk: Desk, _ pk: String, _ prefix: String, where holds: (Item) -> Bool = { _ in true }
  ) async throws -> Item {
    let range: Query.Range = prefix.isEmpty ? .all : .beginsWith(prefix)
    let page = try await desk.store.query(Query(pk: pk, range, limit: 1000))
    let found = page.items.first(where: holds)
    return try #require(found)
  }

  private static func isOrder(_ status: String) -> @Sendable (Item) -> Bool {
    { $0["status"]?.string == status }
  }

  static let damages: [Damage] = [
    Damage(
      name: "a cent of cash", code: "R011", says: "account 'ann', ACCOUNT: 'cash' is",
      change: set("USER#ann", "ACCOUNT", "cash") { .int(($0?.int ?? 0) + 1) }),
    Damage(
      name: "holds that nobody ordered", code: "R011", says: "'holds' is",
      change: set("USER#ann", "ACCOUNT", "holds") { .int(($0?.int ?? 0) + 1) }),
    Damage(
      name: "realised profit", code: "R011", says: "'realised' is",
      change: set("USER#ann", "ACCOUNT", "realised") { .int(($0?.int ?? 0) - 1) }),
    Damage(
      name: "an attribute too many", code: "R011", says: "other attributes",
      change: set("USER#ann", "ACCOUNT", "bonus") { _ in 1 }),
    Damage(
      name: "no account", code: "R011", says: "the ledger's account is not there",
      change: remove("USER#ann", "ACCOUNT")),
    Damage(
      name: "one share more", code: "R011", says: "account 'ann', POS#AAPL: 'quantity' is",
      change: set("USER#ann", "POS#AAPL", "quantity") { .int(($0?.int ?? 0) + 1) }),
    Damage(
      name: "a held share less", code: "R011", says: "POS#MSFT: 'held' is 0, the ledger makes 1",
      change: set("USER#ann", "POS#MSFT", "held") { _ in 0 }),
    Damage(
      name: "another cost", code: "R011", says: "'cost' is",
      change: set("USER#ann", "POS#AAPL", "cost") { .int(($0?.int ?? 0) + 1) }),
    Damage(
      name: "no position", code: "R011", says: "POS#MSFT: the ledger's position is not there",
      change: remove("USER#ann", "POS#MSFT")),
    Damage(
      name: "a position without ledger", code: "R011", says: "the ledger has no such position",
      change: { desk in
        try await desk.store.write(
          .put(Item(ItemKey("USER#ann", "POS#TSLA"), Position(symbol: "TSLA").attributes)))
      }),
    Damage(
      name: "an unbalanced entry", code: "R010",
      says: "account 'ann', entry 000000000003: its postings in USD add up to",
      change: set("LEDGER#ann", LedgerEntry.sortKey(3), "postings") { postings in
        var legs = postings?.array ?? []
        legs[2] = ["ASSET:CASH", "USD", -1]
        return .array(legs)
      }),
    Damage(
      name: "a balanced entry of another amount", code: "R010", says: "it is not what the fill",
      change: set("LEDGER#ann", LedgerEntry.sortKey(2), "postings") { postings in
        var legs = postings?.array ?? []
        legs[2] = ["ASSET:CASH", "USD", -1]
        legs[3] = ["MARKET:CASH", "USD", 1]
        return .array(legs)
      }),
    Damage(
      name: "a lost entry", code: "R010", says: "entry 2 was expected: the sequence has a gap",
      change: remove("LEDGER#ann", LedgerEntry.sortKey(2))),
    Damage(
      name: "the last entry lost", code: "R012", says: "no entry of the ledger books it",
      change: remove("LEDGER#ann", LedgerEntry.sortKey(6))),
    Damage(
      name: "an entry twice", code: "R010", says: "was booked before",
      change: { desk in
        var item = try await first(desk, "LEDGER#ann", LedgerEntry.sortKey(6))
        item.key.sk = LedgerEntry.sortKey(7)
        item["sequence"] = 7
        try await desk.store.write(.put(item))
      }),
    Damage(
      name: "another funding", code: "R011", says: "'cash' is",
      change: { desk in
        let rich = LedgerEntry.funding(Cents(20_000_000), at: desk.clock.now())
        let key = ItemKey("LEDGER#ann", LedgerEntry.sortKey(1))
        try await desk.store.write(.put(Item(key, rich.attributes)))
      }),
    Damage(
      name: "no ledger", code: "R011", says: "there is no ledger behind it",
      change: { desk in
        let page = try await desk.store.query(Query(pk: "LEDGER#ann"))
        for item in page.items { try await desk.store.write(.delete(item.key)) }
      }),
    Damage(
      name: "a lost fill", code: "R010", says: "there is no fill",
      change: remove("USER#ann", "TXN#")),
    Damage(
      name: "a fill of another quantity", code: "R012", says: "its total is not its price",
      change: set("USER#ann", "TXN#", "quantity") { .int(($0?.int ?? 0) + 1) }),
    Damage(
      name: "another relieved cost", code: "R012", says: "its relieved cost",
      change: set("USER#ann", "TXN#", "relieved", { .int(($0?.int ?? 0) + 1) }) {
        $0["side"]?.string == "sell"
      }),
    Damage(
      name: "a filled order without its fill", code: "R012", says: "there is no fill of it",
      change: set("USER#ann", "ORDER#", "status", { _ in "filled" }, where: isOrder("canceled"))),
    Damage(
      name: "a fill of a canceled order", code: "R012", says: "it is canceled, and there is a fill",
      change: set("USER#ann", "ORDER#", "status", { _ in "canceled" }, where: isOrder("filled"))),
    Damage(
      name: "a lost order", code: "R012", says: "there is no order",
      change: remove("USER#ann", "ORDER#", where: isOrder("filled"))),
    Damage(
      name: "an order filled at a price worse than its limit", code: "R012",
      says: "worse than its limit",
      change: set("USER#ann", "ORDER#", "limit", { _ in 1_600_000 }) {
        $0["status"]?.string == "filled" && $0["kind"]?.string == "limit"
      }),
    Damage(
      name: "an open order that the matcher does not see", code: "R012",
      says: "the list of open orders does not agree",
      change: { desk in
        var item = try await first(desk, "USER#ann", "ORDER#", where: isOrder("accepted"))
        item.g1 = nil
        try await desk.store.write(.put(item))
      }),
    Damage(
      name: "a client's name that leads elsewhere", code: "R012", says: "the client's name 'c1'",
      change: set("UNIQ#CLOID#ann#c1", "UNIQ", "order") { _ in "none" }),
    Damage(
      name: "a client's name without order", code: "R012", says: "there is no order of that name",
      change: { desk in
        try await desk.store.write(
          .put(Item(TradingBook.uniqueKey("ann", "c9"), ["order": "none"])))
      }),
    Damage(
      name: "a fill of nobody in the outbox", code: "R012", says: "the history has no such fill",
      change: { desk in
        try await desk.store.write(
          .put(Item(ItemKey("OUTBOX#trades", "X"), ["user": "ann"])))
      }),
    Damage(
      name: "a number that leaves all bounds", code: "R012", says: "its total is not its price",
      change: set("USER#ann", "TXN#", "price") { _ in .int(.max) }),
    Damage(
      name: "an entry that is none", code: "R010", says: "it is no ledger entry",
      change: set("LEDGER#ann", LedgerEntry.sortKey(4), "postings") { _ in "gone" }),
  ]

  @Test(arguments: damages)
  func `a change behind its back is found`(damage: Damage) async throws {
    let desk = try await Self.tradedDesk()
    try await damage.change(desk)
    let report = try await LedgerVerification.run(desk.store)
    let found = report.findings.map(\.diagnostic)
    #expect(
      found.contains { $0.code.text == damage.code && $0.message.contains(damage.says) },
      "\(found.map(\.message))")
    // Nobody else is suspected.
    #expect(report.findings.allSatisfy { $0.account == "ann" }, "\(report.findings)")
  }

  @Test func `the replay is the stored state, byte for byte`() async throws {
    let desk = try await Self.tradedDesk()
    var audit = LedgerAudit(user: "ann")
    for try await item in desk.store.items(pk: "USER#ann", "TXN#") { audit.take(fill: item) }
    for try await item in desk.store.items(pk: "LEDGER#ann", "") { audit.take(entry: item) }
    for try await item in desk.store.items(pk: "USER#ann", "ORDER#") { audit.take(order: item) }
    let account = try #require(try await desk.store.get(ItemKey("USER#ann", "ACCOUNT")))
    let replayed = try #require(audit.replay.account)
    #expect(JSON.object(replayed.attributes).bytes == JSON.object(account.attributes).bytes)
    let page = try await desk.store.query(Query(pk: "USER#ann", .beginsWith("POS#")))
    #expect(page.items.count == audit.replay.positions.count)
    for item in page.items {
      let position = try #require(audit.replay.positions[String(item.key.sk.dropFirst(4))])
      #expect(JSON.object(position.attributes).bytes == JSON.object(item.attributes).bytes)
    }
  }
}
