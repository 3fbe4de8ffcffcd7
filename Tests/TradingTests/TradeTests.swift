import HTTPExchange
import JSON
import Store
import Testing
import Time

@testable import Trading

@Suite("Trades")
struct TradeTests {
  @Test func `the documents' buy gets the documents' answer`() async throws {
    let desk = try Desk()
    let answer = try await desk.call(
      "BuyFunction", body: #"{"symbol":"AAPL","quantity":10,"stock_price":175.0}"#)
    #expect(answer.status == 200)
    #expect(answer.json["id"]?.string?.utf8.count == 32)
    #expect(answer.json["price"]?.string == "175.01")
    #expect(answer.json["type"]?.string == "buy")
    #expect(answer.json["quantity"]?.int == 10)
    #expect(answer.json["total_cost"]?.string == "1750.10")
    #expect(answer.json["success"] == true)
    #expect(
      answer.json["message"]?.string == "Successfully bought 10 shares of AAPL at $175.01 each")
    #expect(answer.json["timestamp"]?.string?.hasSuffix("Z") == true)
  }

  @Test func `the portfolio shows what was bought and what is left`() async throws {
    let desk = try Desk()
    _ = try await desk.call("BuyFunction", body: #"{"symbol":"AAPL","quantity":10}"#)
    _ = try await desk.call("SellFunction", body: #"{"symbol":"AAPL","quantity":4}"#)
    let portfolio = try await desk.call("getPortfolio", "GET").json
    #expect(portfolio["holdings"]?["AAPL"]?.int == 6)
    #expect(portfolio["cash"]?.number?.text == "98949.86")
    #expect(portfolio["positions"]?[0]?["averageCost"]?.number?.text == "175.01")
    #expect(portfolio["realisedProfit"]?.number?.text == "-0.08")
  }

  static let refused: [(body: String, status: Int, error: String)] = [
    ("", 400, "invalid_request"), ("{", 400, "invalid_request"), ("[]", 400, "invalid_request"),
    (#"{"quantity":1}"#, 400, "Invalid symbol"),
    (#"{"symbol":"ABCDEFGHIJK","quantity":1}"#, 400, "Invalid symbol"),
    (#"{"symbol":7,"quantity":1}"#, 400, "Invalid symbol"),
    (#"{"symbol":"AAPL"}"#, 400, "invalid_quantity"),
    (#"{"symbol":"AAPL","quantity":0}"#, 400, "invalid_quantity"),
    (#"{"symbol":"AAPL","quantity":1.5}"#, 400, "invalid_quantity"),
    (#"{"symbol":"AAPL","quantity":1000001}"#, 400, "invalid_quantity"),
    (#"{"symbol":"AAPL","quantity":"1"}"#, 400, "invalid_quantity"),
    (#"{"symbol":"AAPL","quantity":1,"action":"sell"}"#, 400, "invalid_request"),
    (#"{"symbol":"AAPL","quantity":1,"stock_price":-1}"#, 400, "invalid_request"),
    (#"{"symbol":"AAPL","quantity":1,"type":"stop"}"#, 400, "invalid_request"),
    (#"{"symbol":"AAPL","quantity":1,"type":"limit"}"#, 400, "invalid_request"),
    (#"{"symbol":"ZZZZ","quantity":1}"#, 404, "unknown_symbol"),
    (#"{"symbol":"AAPL","quantity":1000000}"#, 403, "insufficient_funds"),
    (#"{"symbol":"AAPL","quantity":1,"stock_price":100}"#, 409, "price_moved"),
  ]

  @Test(arguments: refused)
  func `a wrong order is refused and changes nothing`(
    row: (body: String, status: Int, error: String)
  ) async throws {
    let desk = try Desk()
    let answer = try await desk.call("BuyFunction", body: row.body)
    #expect(answer.status == row.status, "\(row.body)")
    #expect(answer.json["error"]?.string == row.error)
    #expect(answer.json["success"] == false)
    let portfolio = try await desk.call("getPortfolio", "GET").json
    #expect(portfolio["cash"]?.number?.text == "100000.00")
  }

  @Test func `more than is owned cannot be sold`() async throws {
    let desk = try Desk()
    _ = try await desk.call("BuyFunction", body: #"{"symbol":"AAPL","quantity":3}"#)
    let answer = try await desk.call("SellFunction", body: #"{"symbol":"AAPL","quantity":4}"#)
    #expect(answer.status == 403)
    #expect(answer.json["required"]?.int == 4)
    #expect(answer.json["available"]?.int == 3)
  }

  @Test func `concurrent sells never oversell`() async throws {
    let desk = try Desk()
    _ = try await desk.call("BuyFunction", body: #"{"symbol":"AAPL","quantity":10}"#)
    let sold = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<40 {
        group.addTask {
          try await desk.call("SellFunction", body: #"{"symbol":"AAPL","quantity":1}"#).status
        }
      }
      var sold = 0
      for try await status in group where status == 200 { sold += 1 }
      return sold
    }
    #expect(sold == 10)
    let portfolio = try await desk.call("getPortfolio", "GET").json
    #expect(portfolio["holdings"]?["AAPL"] == nil)
  }

  @Test func `a hundred equal keys make one fill`() async throws {
    let desk = try Desk()
    let answers = try await withThrowingTaskGroup(of: (Int, String?, Bool).self) { group in
      for _ in 0..<100 {
        group.addTask {
          let answer = try await desk.call(
            "BuyFunction", body: #"{"symbol":"AAPL","quantity":1}"#,
            headers: [("Idempotency-Key", "k1")])
          return (
            answer.status, answer.json["transactionId"]?.string,
            answer.headers["idempotent-replayed"] == "true"
          )
        }
      }
      var all: [(Int, String?, Bool)] = []
      for try await answer in group { all.append(answer) }
      return all
    }
    #expect(answers.allSatisfy { $0.0 == 200 })
    #expect(Set(answers.map(\.1)).count == 1)
    #expect(answers.filter { !$0.2 }.count == 1)
    let portfolio = try await desk.call("getPortfolio", "GET").json
    #expect(portfolio["holdings"]?["AAPL"]?.int == 1)
  }

  @Test func `a key stands for one request`() async throws {
    let desk = try Desk()
    let key = [("Idempotency-Key", "k1")]
    _ = try await desk.call("BuyFunction", body: #"{"symbol":"AAPL","quantity":1}"#, headers: key)
    let other = try await desk.call(
      "BuyFunction", body: #"{"symbol":"AAPL","quantity":2}"#, headers: key)
    #expect(other.status == 422)
    // The same route by its other name is the same request.
    for path in ["/api/v1/buy", "/Prod/buy"] {
      let again = try await desk.call(
        "BuyFunction", body: #"{"symbol":"AAPL","quantity":1}"#, headers: key, target: path)
      #expect(again.status == 200)
      #expect(again.headers["idempotent-replayed"] == "true")
    }
    let sale = try await desk.call(
      "SellFunction", body: #"{"symbol":"AAPL","quantity":1}"#, headers: key)
    #expect(sale.status == 422)
    desk.clock.advance(by: .seconds(86_401))
    let later = try await desk.call(
      "BuyFunction", body: #"{"symbol":"AAPL","quantity":2}"#, headers: key)
    #expect(later.status == 200)
  }

  @Test func `a limit waits, reserves, and fills when the market meets it`() async throws {
    let desk = try Desk()
    let opened = try await desk.call(
      "BuyFunction", body: #"{"symbol":"AAPL","quantity":10,"type":"limit","limit_price":170}"#)
    #expect(opened.status == 202)
    var portfolio = try await desk.call("getPortfolio", "GET").json
    #expect(portfolio["holds"]?.number?.text == "1700.00")
    let early = try await desk.service.match("AAPL")
    #expect(early == 0)
    desk.feed.set("AAPL", 1_690_000)
    let met = try await desk.service.match("AAPL")
    #expect(met == 1)
    portfolio = try await desk.call("getPortfolio", "GET").json
    #expect(portfolio["holds"]?.number?.text == "0.00")
    #expect(portfolio["holdings"]?["AAPL"]?.int == 10)
    #expect(portfolio["cash"]?.number?.text == "98309.90")
  }

  @Test func `a canceled order gives back what it held`() async throws {
    let desk = try Desk()
    let opened = try await desk.call(
      "BuyFunction", body: #"{"symbol":"AAPL","quantity":10,"type":"limit","limit_price":170}"#)
    let id = try #require(opened.json["orderId"]?.string)
    let canceled = try await desk.call("cancelOrder", "DELETE", path: [("id", id)])
    #expect(canceled.json["status"]?.string == "canceled")
    let again = try await desk.call("cancelOrder", "DELETE", path: [("id", id)])
    #expect(again.status == 409)
    let portfolio = try await desk.call("getPortfolio", "GET").json
    #expect(portfolio["available"]?.number?.text == "100000.00")
  }

  @Test func `every entry balances and the journal is the account`() async throws {
    let desk = try Desk()
    for quantity in 1...5 {
      _ = try await desk.call("BuyFunction", body: #"{"symbol":"AAPL","quantity":\#(quantity)}"#)
      _ = try await desk.call("BuyFunction", body: #"{"symbol":"MSFT","quantity":1}"#)
      _ = try await desk.call("SellFunction", body: #"{"symbol":"AAPL","quantity":1}"#)
    }
    let page = try await desk.store.query(Query(pk: "LEDGER#ann", limit: 1000))
    let entries = page.items.compactMap { LedgerEntry(attributes: $0.attributes) }
    #expect(entries.map(\.sequence) == Array(1...16))
    #expect(entries.allSatisfy { $0.isBalanced })
    var sums: [String: Int] = [:]
    for posting in entries.flatMap(\.postings) {
      sums[posting.account, default: 0] += posting.amount
    }
    let (account, _) = try await desk.service.book.account("ann")
    #expect(sums["ASSET:CASH"] == account.cash.amount)
    let positions = try await desk.service.book.positions("ann")
    for position in positions { #expect(sums["ASSET:POS:\(position.symbol)"] == position.quantity) }
  }

  @Test func `transactions come in pages, newest first`() async throws {
    let desk = try Desk()
    for _ in 0..<5 {
      _ = try await desk.call("BuyFunction", body: #"{"symbol":"AAPL","quantity":1}"#)
      desk.clock.advance(by: .seconds(1))
    }
    var seen: [String] = []
    var query: String? = "limit=2"
    while let current = query {
      let page = try await desk.call("listTransactions", "GET", query: current).json
      seen += page["transactions"]?.array?.compactMap { $0["id"]?.string } ?? []
      query = page["cursor"]?.string.map { "limit=2&cursor=\($0)" }
    }
    #expect(seen.count == 5)
    #expect(seen == seen.sorted().reversed())
  }

  @Test func `favourites are added once, listed and removed`() async throws {
    let desk = try Desk()
    for _ in 0..<2 {
      let added = try await desk.call(
        "userFavorites", body: #"{"symbol":"AAPL","companyName":"Apple"}"#)
      #expect(added.status == 201)
    }
    let list = try await desk.call("userFavorites", "GET").json
    #expect(list["favorites"]?.array?.count == 1)
    #expect(list["favorites"]?[0]?["companyName"]?.string == "Apple")
    _ = try await desk.call("userFavorites", "DELETE", path: [("symbol", "AAPL")])
    let empty = try await desk.call("userFavorites", "GET").json
    #expect(empty["favorites"]?.array?.isEmpty == true)
  }

  @Test func `the value of the past is the fills at the closes of then`() async throws {
    let desk = try Desk()
    _ = try await desk.call("BuyFunction", body: #"{"symbol":"AAPL","quantity":10}"#)
    desk.clock.advance(by: .seconds(7_200))
    desk.feed.set("AAPL", 1_800_000)
    let history = try await desk.call("getPortfolioHistory", "GET").json
    let equity = try #require(history["equity"]?.array)
    #expect(equity.count == history["timestamp"]?.array?.count)
    #expect(equity.count >= 8)
    #expect(equity.last?.number?.text == "100049.80")
    let wrong = try await desk.call("getPortfolioHistory", "GET", query: "period=9Y")
    #expect(wrong.status == 400)
  }

  @Test func `one user never sees another's`() async throws {
    let desk = try Desk()
    _ = try await desk.call("BuyFunction", body: #"{"symbol":"AAPL","quantity":1}"#)
    let other = try await desk.call("getPortfolio", "GET", user: "bob").json
    #expect(other["positions"]?.array?.isEmpty == true)
  }
}
