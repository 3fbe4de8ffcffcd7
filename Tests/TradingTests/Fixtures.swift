import HTTPExchange
import JSON
import NIOCore
import Store
import Synchronization
import Time

@testable import Trading

/// A market whose prices the test sets.
final class FixedFeed: PriceFeed {
  let prices: Mutex<[String: Int]>
  private let clock: any TimeSource

  init(_ prices: [String: Int], clock: any TimeSource) {
    self.prices = Mutex(prices)
    self.clock = clock
  }

  func set(_ symbol: String, _ units: Int) { prices.withLock { $0[symbol] = units } }

  func price(of symbol: String) async throws -> MarketPrice? {
    guard let units = prices.withLock({ $0[symbol] }) else { return nil }
    return MarketPrice(
      quoteID: "q-\(symbol)-\(units)", symbol: symbol, bid: Price(units: units - 100),
      ask: Price(units: units + 100), last: Price(units: units),
      previousClose: Price(units: units), asOf: clock.now())
  }

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
  let clock = ManualClock()
  let store: SQLiteStore
  let feed: FixedFeed
  let service: TradingService
  let handlers: [String: any Handler]

  init(_ change: (inout TradingRules) -> Void = { _ in }) throws {
    store = try SQLiteStore.inMemory(clock: clock)
    feed = FixedFeed(["AAPL": 1_750_000, "MSFT": 3_800_000], clock: clock)
    var rules = TradingRules()
    change(&rules)
    service = TradingService(store: store, feed: feed, rules: rules, clock: clock)
    handlers = service.handlers()
  }

  func call(
    _ function: String, _ method: String = "POST", body: String? = nil, user: String = "ann",
    query: String? = nil, headers: [(String, String)] = [], path: [(String, String)] = []
  ) async throws -> (status: Int, json: JSON, headers: HeaderFields) {
    var context = RequestContext(requestID: "r", sourceAddress: "127.0.0.1", clock: clock)
    context.identity = Identity(subject: user, username: user)
    context.pathParameters = path.map { (name: $0.0, value: $0.1) }
    let request = Request(
      method: method, target: RequestTarget(path: "/\(function)", query: query),
      headers: HeaderFields(headers), body: body.map { Body($0) } ?? .empty)
    guard let handler = handlers[function] else { return (0, .null, HeaderFields()) }
    let response = try await handler.respond(request, context)
    let bytes = response.body.buffer ?? ByteBuffer()
    return (response.status, try JSON(parsing: bytes.readableBytesView), response.headers)
  }
}
