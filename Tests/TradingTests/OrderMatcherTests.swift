import Diagnostics
import JSON
import Store
import Synchronization
import Testing
import Time

@testable import Trading

/// What holds up one waiting order must not hold up the others.
@Suite("The order matcher")
struct OrderMatcherTests {
  private let desk: Desk
  private let reports = Reports()

  private final class Reports: Sendable {
    private let all = Mutex<[String]>([])
    func add(_ diagnostic: Diagnostic) {
      all.withLock { $0.append("\(diagnostic.code): \(diagnostic.message)") }
    }
    var texts: [String] { all.withLock { $0 } }
  }

  init() throws { desk = try Desk() }

  private func matcher(holding held: String? = nil) -> OrderMatcher {
    OrderMatcher(
      desk.service, symbols: ["AAPL", "MSFT"], isHeld: { $0 == held }, report: reports.add)
  }

  private func wait(_ user: String) async throws {
    let body = #"{"symbol":"AAPL","quantity":1,"type":"limit","limit_price":170}"#
    #expect(try await desk.call("BuyFunction", body: body, user: user).status == 202)
  }

  private func fills(_ user: String) async throws -> Int {
    try await desk.store.query(Query(pk: "USER#\(user)", .beginsWith("TXN#"))).items.count
  }

  @Test func `an account that cannot be read holds up no other, and is told once`() async throws {
    for user in ["ann", "bob", "cyd"] { try await wait(user) }
    try await desk.store.write(.put(Item(TradingBook.accountKey("ann"), ["cash": "much"])))
    desk.feed.set("AAPL", 1_690_000)
    let matcher = matcher()
    #expect(await matcher.round() == 2)
    #expect(await matcher.round() == 0)
    #expect(reports.texts.count == 1)
    #expect(reports.texts.first?.contains("R015") == true)
    #expect(reports.texts.first?.contains("of 'ann' cannot be matched") == true)
    #expect(try await fills("cyd") == 1)
  }

  @Test func `orders of an account whose books do not hold stay as they are`() async throws {
    for user in ["ann", "bob"] { try await wait(user) }
    desk.feed.set("AAPL", 1_690_000)
    #expect(await matcher(holding: "ann").round() == 1)
    #expect(try await fills("ann") == 0)
    #expect(await matcher().round() == 1)
    #expect(try await fills("ann") == 1)
    #expect(reports.texts.isEmpty)
  }

  @Test func `a price that is away is no fault of an order`() async throws {
    try await wait("ann")
    desk.feed.isAway.withLock { $0 = true }
    let matcher = matcher()
    #expect(await matcher.round() == 0)
    #expect(reports.texts.isEmpty)
  }
}
