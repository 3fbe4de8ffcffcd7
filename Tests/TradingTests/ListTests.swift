import JSON
import Store
import Synchronization
import Testing
import Time

@testable import Trading

/// Orders, transactions and favourites as lists.
@Suite("Lists")
struct ListTests {
  private static func traded() async throws -> Desk {
    let desk = try Desk()
    for body in [
      #"{"symbol":"AAPL","quantity":1}"#, #"{"symbol":"MSFT","quantity":2}"#,
      #"{"symbol":"AAPL","quantity":3,"type":"limit","limit_price":100}"#,
      #"{"symbol":"AAPL","quantity":4}"#,
      #"{"symbol":"MSFT","quantity":5,"type":"limit","limit_price":100}"#,
      #"{"symbol":"AAPL","quantity":99999}"#,
    ] { _ = try await desk.call("BuyFunction", body: body) }
    return desk
  }

  private static func all(_ desk: Desk, _ list: String, _ query: String) async throws -> [Int] {
    let name = list == "listOrders" ? "orders" : "transactions"
    var seen: [Int] = []
    var cursor: String?
    repeat {
      let page = try await desk.call(
        list, "GET", query: query + (cursor.map { "&cursor=\($0)" } ?? "")
      ).json
      seen += page[name]?.array?.compactMap { $0["quantity"]?.int } ?? []
      cursor = page["cursor"]?.string
    } while cursor != nil
    return seen
  }

  @Test(arguments: [
    ("listOrders", "status=open", [5, 3]), ("listOrders", "status=accepted", [5, 3]),
    ("listOrders", "status=closed", [99_999, 4, 2, 1]), ("listOrders", "status=filled", [4, 2, 1]),
    ("listOrders", "status=rejected", [99_999]), ("listOrders", "status=expired", []),
    ("listOrders", "status=all", [99_999, 5, 4, 3, 2, 1]), ("listOrders", "symbol=MSFT", [5, 2]),
    ("listOrders", "symbol=aapl&status=open", [3]), ("listTransactions", "symbol=AAPL", [4, 1]),
    ("listTransactions", "symbol=TSLA", []),
  ])
  func `a list shows what was asked for, in pages of any size`(
    list: String, query: String, quantities: [Int]
  ) async throws {
    let desk = try await Self.traded()
    for limit in [1, 2, 200] {
      #expect(try await Self.all(desk, list, "limit=\(limit)&\(query)") == quantities)
    }
  }

  @Test(arguments: [
    ("listOrders", "status=done", "status"), ("listOrders", "status=", "status"),
    ("listOrders", "symbol=A%23B", nil), ("listTransactions", "symbol=", nil),
  ])
  func `a filter that is none is refused`(list: String, query: String, field: String?)
    async throws
  {
    let answer = try await Desk().call(list, "GET", query: query)
    #expect(answer.status == 400)
    #expect(answer.json["field"]?.string == field)
  }

  @Test func `a page of old rows ends with a cursor instead of reading on`() async throws {
    let desk = try Desk()
    _ = try await desk.call("BuyFunction", body: #"{"symbol":"MSFT","quantity":7}"#)
    for _ in 0..<2_100 {
      _ = try? await desk.service.engine.examine(
        TradeRequest(user: "ann", symbol: "AAPL", side: .sell, quantity: 1))
    }
    let first = try await desk.call("listOrders", "GET", query: "symbol=MSFT").json
    #expect(first["orders"]?.array?.isEmpty == true)
    #expect(first["cursor"]?.string != nil)
    #expect(try await Self.all(desk, "listOrders", "symbol=MSFT") == [7])
  }

  @Test func `a cursor belongs to its list`() async throws {
    let desk = try await Self.traded()
    let page = try await desk.call("listTransactions", "GET", query: "limit=1").json
    let cursor = try #require(page["cursor"]?.string)
    let answer = try await desk.call("listOrders", "GET", query: "cursor=\(cursor)")
    #expect(answer.status == 400)
    #expect(answer.json["field"]?.string == "cursor")
  }

  @Test func `a rejected order is kept for a month, any other for ever`() async throws {
    let desk = try await Self.traded()
    desk.clock.advance(by: .seconds(29 * 86_400))
    #expect(try await Self.all(desk, "listOrders", "limit=50") == [99_999, 5, 4, 3, 2, 1])
    desk.clock.advance(by: .seconds(86_401))
    #expect(try await Self.all(desk, "listOrders", "limit=50") == [5, 4, 3, 2, 1])
    let report = try await LedgerVerification.run(desk.store)
    #expect(report.findings.isEmpty, "\(report.findings)")
  }

  @Test func `a favourite keeps its time, and its name is the catalogue's`() async throws {
    let desk = try Desk()
    desk.feed.names.withLock { $0["AAPL"] = "Apple Inc." }
    for body in [
      #"{"symbol":"aapl","companyName":"Pear"}"#, #"{"symbol":"AAPL"}"#,
      #"{"symbol":"MSFT","companyName":"Microsoft"}"#, #"{"symbol":"MSFT"}"#,
    ] {
      #expect(try await desk.call("userFavorites", body: body).status == 201)
      desk.clock.advance(by: .seconds(60))
    }
    let rows = try await desk.call("userFavorites", "GET").json["favorites"]?.array ?? []
    #expect(rows.map { $0["companyName"]?.string } == ["Apple Inc.", "Microsoft"])
    let begun = desk.clock.now() - .seconds(240)
    #expect(rows.first?["createdAt"]?.string == begun.iso8601)
    // Marking needs no price of a stock that the catalogue has.
    desk.feed.isAway.withLock { $0 = true }
    #expect(try await desk.call("userFavorites", body: #"{"symbol":"AAPL"}"#).status == 201)
  }
}
