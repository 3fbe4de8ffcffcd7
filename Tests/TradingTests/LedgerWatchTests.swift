import Diagnostics
import HTTPExchange
import JSON
import Store
import Synchronization
import Testing
import Time

@testable import Trading

/// The proof of the books after a start, beside trading.
@Suite("Ledger watch")
struct LedgerWatchTests {
  /// What was logged.
  private final class Log: Sendable {
    private let lines = Mutex<[Diagnostic]>([])

    func append(_ line: Diagnostic) { lines.withLock { $0.append(line) } }
    var codes: [String] { lines.withLock { $0.map(\.code.text) } }
  }

  /// How the reader beside the traders fares.
  private final class Tally: Sendable {
    let isDone = Mutex(false)
    let settled = Mutex(0)
  }

  private func spoil(_ desk: Desk, _ user: String) async throws {
    let key = ItemKey("USER#\(user)", "ACCOUNT")
    var item = try #require(try await desk.store.get(key))
    item["cash"] = .int((item["cash"]?.int ?? 0) + 100_000_00)
    try await desk.store.write(.put(item))
  }

  @Test func `books that hold are proved and nothing is logged`() async throws {
    let desk = try await LedgerVerificationTests.tradedDesk()
    let log = Log()
    let watch = LedgerWatch(clock: desk.clock) { log.append($0) }
    #expect(watch.status.json["state"] == "examining")
    await watch.run(desk.store)
    #expect(watch.status.proved == 2)
    #expect(
      watch.status.json == [
        "state": "examined", "proved": 2, "broken": 0, "findings": 0, "unread": 0,
      ])
    #expect(log.codes.isEmpty)
  }

  @Test func `an account whose books do not hold takes no orders, and no other suffers`()
    async throws
  {
    let desk = try await LedgerVerificationTests.tradedDesk()
    try await spoil(desk, "ann")
    let log = Log()
    let watch = LedgerWatch(clock: desk.clock) { log.append($0) }
    let handlers = watch.guarding(desk.service.handlers())
    #expect(Set(handlers.keys) == Set(desk.service.handlers().keys))
    func status(_ function: String, _ user: String) async throws -> Int {
      var context = RequestContext(requestID: "r", sourceAddress: "127.0.0.1", clock: desk.clock)
      context.identity = Identity(subject: user, username: user)
      let request = Request(
        method: function == "getPortfolio" ? "GET" : "POST", target: RequestTarget(path: "/"),
        body: Body(#"{"symbol":"AAPL","side":"buy","quantity":1}"#))
      let handler = try #require(handlers[function])
      let asked = context
      return try await TradingService.grant(function, caller: user).run {
        try await handler.respond(request, asked).status
      }
    }
    #expect(try await status("BuyFunction", "ann") == 200)
    await watch.run(desk.store)
    #expect(watch.status.broken == ["ann"])
    #expect(watch.status.proved == 1)
    // The cash, and the fill that was judged by it.
    #expect(Set(log.codes) == ["R011", "R012"])
    for function in ["BuyFunction", "SellFunction", "TradeFunction", "cancelOrder"] {
      #expect(try await status(function, "ann") == 503, "\(function)")
    }
    #expect(try await status("getPortfolio", "ann") == 200)
    #expect(try await status("BuyFunction", "bob") == 200)
  }

  @Test func `many broken accounts fill no log`() async throws {
    let desk = try Desk()
    for number in 0..<30 {
      let user = "user\(number)"
      _ = try await desk.call("getPortfolio", "GET", user: user)
      try await spoil(desk, user)
    }
    let log = Log()
    let watch = LedgerWatch(clock: desk.clock) { log.append($0) }
    await watch.run(desk.store)
    #expect(watch.status.broken.count == 30)
    #expect(log.codes.count == 20)
  }

  @Test func `an account without a journal is broken, and the work rests`() async throws {
    let clock = ManualClock()
    let desk = try await LedgerVerificationTests.tradedDesk()
    try await desk.store.write(
      .put(
        Item(
          ItemKey("USER#eve", "ACCOUNT"),
          CashAccount(cash: Cents(1), createdAt: clock.now())
            .attributes)))
    let log = Log()
    let ticking = TickingClock(step: .milliseconds(4))
    let watch = LedgerWatch(clock: ticking) { log.append($0) }
    await watch.run(desk.store)
    #expect(watch.status.broken == ["eve"])
    #expect(watch.status.proved == 2)
    #expect(log.codes == ["R011"])
    // It slept about as long as it worked.
    #expect(ticking.slept >= .milliseconds(8))
  }

  @Test func `what is read while it is traded on is never suspected`() async throws {
    let desk = try await LedgerVerificationTests.tradedDesk()
    let tally = Tally()
    try await desk.whileRunning {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for user in ["ann", "bob"] {
          group.addTask {
            for round in 0..<60 {
              let side = round % 3 == 2 ? "SellFunction" : "BuyFunction"
              _ = try await desk.call(side, body: #"{"symbol":"AAPL","quantity":1}"#, user: user)
              // A pause in which the books may be seen whole.
              for _ in 0..<200 { await Task.yield() }
            }
          }
        }
        group.addTask {
          while !tally.isDone.withLock({ $0 }) {
            for user in ["ann", "bob"] {
              do {
                let books = AccountBooks(user: user, store: desk.store)
                let audit = try await books.auditWhileServed()
                #expect(audit.findings.isEmpty, "\(audit.findings)")
                tally.settled.withLock { $0 += 1 }
              } catch AccountBooks.Unread.changed {
                await Task.yield()
              }
            }
          }
        }
        try await group.next()
        try await group.next()
        tally.isDone.withLock { $0 = true }
        try await group.waitForAll()
      }
    }
    #expect(tally.settled.withLock { $0 } > 0)
  }

  @Test func `an account that moves while it is read is read again, and told when it never rests`()
    async throws
  {
    let desk = try await LedgerVerificationTests.tradedDesk()
    let books = AccountBooks(user: "ann", store: MovingStore(desk))
    await #expect(throws: AccountBooks.Unread.changed) { try await books.auditWhileServed() }
    await #expect(throws: AccountBooks.Unread.tooLarge) {
      try await AccountBooks(user: "ann", store: desk.store).audit(waiting: [], fillsMost: 2)
    }
  }
}

/// A clock that goes on by a step at every look, and counts what is slept.
private final class TickingClock: TimeSource {
  private let step: Duration
  private let manual = ManualClock()
  private let total = Mutex(Duration.zero)

  init(step: Duration) { self.step = step }

  var slept: Duration { total.withLock { $0 } }

  func now() -> Timestamp { manual.now() }

  func monotonic() -> MonotonicInstant {
    manual.advance(by: step)
    return manual.monotonic()
  }

  func sleep(for duration: Duration) async throws { total.withLock { $0 += duration } }
}

/// A store in which ann buys a share whenever her orders are read.
private struct MovingStore: ItemStore {
  let desk: Desk
  private var store: any ItemStore { desk.store }

  init(_ desk: Desk) { self.desk = desk }

  func get(_ key: ItemKey) async throws -> Item? { try await store.get(key) }
  func batchGet(_ keys: [ItemKey]) async throws -> [Item?] { try await store.batchGet(keys) }
  func query(_ query: Query) async throws -> Page {
    if case .beginsWith("ORDER#") = query.range {
      _ = try await desk.call("BuyFunction", body: #"{"symbol":"AAPL","quantity":1}"#)
    }
    return try await store.query(query)
  }
  func write(_ write: Write) async throws -> Item? { try await store.write(write) }
  func transact(_ writes: [Write]) async throws { try await store.transact(writes) }
}
