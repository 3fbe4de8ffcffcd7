import HTTPExchange
import JSON
import NIOCore
import Store
import Synchronization
import TestSupport
import Time
import Workflows

@testable import Trading

/// A market whose prices the test sets.
final class FixedFeed: PriceFeed {
  let prices: Mutex<[String: Int]>
  /// Nobody answers.
  let isAway = Mutex(false)
  /// Symbols that were priced, in order; `fresh` for an order.
  let asked = Mutex<[String]>([])
  /// When the quotes were made; nil for now.
  let madeAt = Mutex<Timestamp?>(nil)
  /// What companies are called.
  let names = Mutex<[String: String]>([:])
  /// How long an answer takes on the test's clock.
  let delaySeconds = Mutex(0)
  /// The market is closed, and the prices are those of its last second.
  let closure = Mutex<MarketPrice.Closure?>(nil)
  private let clock: any TimeSource

  init(_ prices: [String: Int], clock: any TimeSource) {
    self.prices = Mutex(prices)
    self.clock = clock
  }

  func set(_ symbol: String, _ units: Int) { prices.withLock { $0[symbol] = units } }

  private struct Away: Error {}

  func knows(_ symbol: String) -> Bool { prices.withLock { $0[symbol] != nil } }

  func price(of symbol: String, fetchedWithin age: Duration?) async throws -> MarketPrice? {
    asked.withLock { $0.append(age == nil ? "\(symbol)" : "\(symbol) fresh") }
    if isAway.withLock({ $0 }) { throw Away() }
    let delay = delaySeconds.withLock { $0 }
    if delay > 0 { try await clock.sleep(for: .seconds(delay)) }
    guard let units = prices.withLock({ $0[symbol] }) else { return nil }
    let closure = closure.withLock { $0 }
    return MarketPrice(
      quoteID: "q-\(symbol)-\(units)", symbol: symbol, bid: Price(units: units - 100),
      ask: Price(units: units + 100), last: Price(units: units),
      previousClose: Price(units: units),
      asOf: madeAt.withLock { $0 } ?? closure.map { $0.since - .seconds(1) } ?? clock.now(),
      closure: closure)
  }

  func companyName(of symbol: String) -> String? { names.withLock { $0[symbol] } }

  func closes(of symbol: String, from: Timestamp, to: Timestamp, step: Duration) async throws
    -> [Timestamp: Price]
  {
    let units = prices.withLock { $0[symbol] } ?? 0
    var closes: [Timestamp: Price] = [:]
    var moment = from
    while moment <= to {
      closes[moment] = Price(units: units)
      moment = moment + step
    }
    return closes
  }
}

/// A trading service on a store in memory, with AAPL at 175.00 and a spread of two cents.
struct Desk {
  let clock: ManualClock
  let store: SQLiteStore
  let feed: FixedFeed
  let service: TradingService
  let handlers: [String: any Handler]

  init(_ change: (inout TradingRules) -> Void = { _ in }) throws {
    let clock = ManualClock()
    try self.init(SQLiteStore.inMemory(clock: clock), clock, change: change)
  }

  /// A service whose store refuses to write over an item of that sort key.
  init(
    failingAt sortKey: String, change: (inout TradingRules) -> Void = { _ in }
  ) throws {
    let clock = ManualClock()
    try self.init(
      SQLiteStore.inMemory(clock: clock), clock, failingAt: sortKey, change: change)
  }

  /// The next program on what another has left.
  init(after other: Desk) throws { try self.init(other.store, other.clock) }

  private init(
    _ store: SQLiteStore, _ clock: ManualClock, failingAt sortKey: String? = nil,
    change: (inout TradingRules) -> Void = { _ in }
  ) throws {
    self.clock = clock
    self.store = store
    feed = FixedFeed(["AAPL": 1_750_000, "MSFT": 3_800_000], clock: clock)
    var rules = TradingRules()
    change(&rules)
    let used: any ItemStore = sortKey.map { BrokenStore(store, at: $0) } ?? store
    service = TradingService(
      store: ListedStore(used), feed: feed, rules: rules, clock: clock, machine: try Self.machine())
    handlers = service.handlers()
  }

  /// Runs the background while the work lasts.
  func whileRunning(_ work: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      let service = service
      group.addTask { await service.run() }
      try await work()
      group.cancelAll()
    }
  }

  /// The shipped state machine.
  static func machine() throws -> TradeMachine {
    let file = "site/workflows/stock-trader.asl.json"
    let definition = try StateMachine(
      parsing: Array(Repository.text(file).utf8), name: "stock-trader", file: file)
    return try TradeMachine(definition, file: file)
  }

  func call(
    _ function: String, _ method: String = "POST", body: String? = nil, user: String = "ann",
    query: String? = nil, headers: [(String, String)] = [], path: [(String, String)] = [],
    target: String? = nil
  ) async throws -> (status: Int, json: JSON, headers: HeaderFields) {
    var context = RequestContext(requestID: "r", sourceAddress: "127.0.0.1", clock: clock)
    context.identity = Identity(subject: user, username: user)
    context.pathParameters = path.map { (name: $0.0, value: $0.1) }
    let request = Request(
      method: method, target: RequestTarget(path: target ?? "/\(function)", query: query),
      headers: HeaderFields(headers), body: body.map { Body($0) } ?? .empty)
    guard let handler = handlers[function] else { return (0, .null, HeaderFields()) }
    let asked = context
    let response = try await TradingService.grant(function, caller: user).run {
      try await handler.respond(request, asked)
    }
    let bytes = response.body.buffer ?? ByteBuffer()
    return (response.status, try JSON(parsing: bytes.readableBytesView), response.headers)
  }
}

extension Desk {
  /// Fills that wait in the outbox for what follows from them.
  func waiting() async throws -> Set<String> {
    var ids: Set<String> = []
    for try await item in store.items(pk: TradeProjection.outbox, "") { ids.insert(item.key.sk) }
    return ids
  }
}

extension TradingBook {
  /// All fills, oldest first.
  func fills(_ user: String) async throws -> [Fill] {
    var fills: [Fill] = []
    for try await item in store.items(pk: "USER#\(user)", "TXN#") {
      fills += Fill(attributes: item.attributes).map { [$0] } ?? []
    }
    return fills
  }
}

/// A store that stops in the middle: a transaction which writes over an item of one sort key fails.
final class BrokenStore: ItemStore {
  private let store: any ItemStore
  private let sortKey: String

  init(_ store: any ItemStore, at sortKey: String) {
    self.store = store
    self.sortKey = sortKey
  }

  func get(_ key: ItemKey) async throws -> Item? { try await store.get(key) }
  func batchGet(_ keys: [ItemKey]) async throws -> [Item?] { try await store.batchGet(keys) }
  func query(_ query: Query) async throws -> Page { try await store.query(query) }
  func write(_ write: Write) async throws -> Item? { try await store.write(write) }

  func transact(_ writes: [Write]) async throws {
    if writes.contains(where: { $0.key.sk == sortKey && $0.condition != .notExists }) {
      throw StoreError.unavailable("it is broken")
    }
    try await store.transact(writes)
  }
}

/// The store under the capability list of whichever function asks; what a test itself asks for is
/// not limited.
struct ListedStore: ItemStore {
  private let whole: any ItemStore
  private let limited: CapabilityStore

  init(
    _ store: any ItemStore,
    refused: @escaping @Sendable (CapabilityStore.Refusal) -> Void = { _ in }
  ) {
    whole = store
    limited = .ofPresentTask(store, refused: refused)
  }

  private var store: any ItemStore { StoreGrant.current == nil ? whole : limited }

  func get(_ key: ItemKey) async throws -> Item? { try await store.get(key) }
  func batchGet(_ keys: [ItemKey]) async throws -> [Item?] { try await store.batchGet(keys) }
  func query(_ query: Query) async throws -> Page { try await store.query(query) }
  func write(_ write: Write) async throws -> Item? { try await store.write(write) }
  func transact(_ writes: [Write]) async throws { try await store.transact(writes) }
}

extension TradingService {
  /// One look at the open orders of a symbol; throws what kept one of them from being filled.
  func match(_ symbol: String) async throws -> Int {
    let failure = Mutex<(any Error)?>(nil)
    let filled = try await engine.match(symbol) { _, error in failure.withLock { $0 = error } }
    if let error = failure.withLock({ $0 }) { throw error }
    return filled
  }
}
