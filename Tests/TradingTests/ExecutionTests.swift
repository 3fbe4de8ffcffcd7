import HTTPExchange
import JSON
import Store
import Synchronization
import Testing
import Time
import Workflows

@testable import Trading

/// Every trade is a run of the state machine; these look at the runs.
@Suite("Executions of trades")
struct ExecutionTests {
  static let buy = #"{"symbol":"AAPL","quantity":2,"stock_price":175.0}"#

  private func execution(_ desk: Desk, _ id: String, user: String = "ann") async throws -> JSON {
    try await desk.call("getExecution", "GET", user: user, path: [("id", id)]).json
  }

  @Test func `a trade calls the three functions in order and its history says so`() async throws {
    let desk = try Desk()
    let answer = try await desk.call("BuyFunction", body: Self.buy)
    let id = try #require(answer.json["executionId"]?.string)
    let run = try await execution(desk, id)
    #expect(run["status"]?.string == "SUCCEEDED")
    #expect(run["executionId"]?.string == id)
    let output = try JSON(parsing: run["output"]?.string ?? "")
    #expect(output["trade"] == answer.json)
    #expect(output["record"]?["recorded"] == true)
    let history = try await desk.call("getExecutionHistory", "GET", path: [("id", id)]).json
    let events = try #require(history["events"]?.array)
    #expect(events.compactMap { $0["id"]?.int } == Array(1...events.count))
    let called = events.compactMap {
      $0["lambdaFunctionScheduledEventDetails"]?["resource"]?.string?.split(separator: ":").last
    }
    #expect(
      called.map(String.init) == [
        "ValidateTradeFunction", "ExecuteTradeFunction", "RecordTransactionFunction",
      ])
    #expect(events.first?["type"]?.string == "ExecutionStarted")
    #expect(events.last?["type"]?.string == "ExecutionSucceeded")
    let byARN = try await execution(desk, run["executionArn"]?.string ?? "")
    #expect(byARN == run)
  }

  @Test func `a trade costs three commits`() async throws {
    let desk = try Desk()
    _ = try await desk.call("BuyFunction", body: Self.buy)
    let before = desk.store.statistics.writers
    let answer = try await desk.call("BuyFunction", body: Self.buy)
    #expect(answer.status == 200)
    #expect(desk.store.statistics.writers - before == 3)
  }

  @Test func `the history of a user names run and cash`() async throws {
    let desk = try Desk()
    let answer = try await desk.call("BuyFunction", body: Self.buy)
    let rows = try await desk.call("listTransactions", "GET").json
    #expect(rows["transactions"]?[0]?["executionId"] == answer.json["executionId"])
    #expect(rows["transactions"]?[0]?["cashAfter"] == answer.json["cash"])
    let activity = try await desk.store.get(TradeProjection.activityKey("ann"))
    #expect(activity?["trades"]?.int == 1)
    #expect(activity?["sharesBought"]?.int == 2)
    let outbox = try await desk.store.query(Query(pk: TradeProjection.outbox))
    #expect(outbox.items.isEmpty)
  }

  @Test func `a refusal is a failed run with the answer in its cause`() async throws {
    let desk = try Desk()
    let answer = try await desk.call("SellFunction", body: Self.buy)
    #expect(answer.status == 403)
    #expect(answer.json["error"]?.string == "insufficient_shares")
    #expect(answer.json["required"]?.int == 2)
    let id = try #require(answer.json["executionId"]?.string)
    let run = try await execution(desk, id)
    #expect(run["status"]?.string == "FAILED")
    #expect(run["error"]?.string == "InsufficientShares")
    let cause = try JSON(parsing: run["cause"]?.string ?? "")
    #expect(cause["error"]?.string == "insufficient_shares")
    let orders = try await desk.call("listOrders", "GET").json
    #expect(orders["orders"]?[0]?["status"]?.string == "rejected")
    #expect(orders["orders"]?[0]?["execution_id"]?.string == id)
  }

  @Test func `runs are listed newest first, each user's own only`() async throws {
    let desk = try Desk()
    var ids: [String] = []
    for _ in 0..<5 {
      ids.append(
        try await desk.call("BuyFunction", body: Self.buy).json["executionId"]?.string ?? "")
      desk.clock.advance(by: .seconds(1))
    }
    var seen: [String] = []
    var query: String? = "limit=2"
    while let current = query {
      let page = try await desk.call("listExecutions", "GET", query: current).json
      seen += page["executions"]?.array?.compactMap { $0["executionId"]?.string } ?? []
      query = page["cursor"]?.string.map { "limit=2&cursor=\($0)" }
    }
    #expect(seen == ids.reversed())
    let others = try await desk.call("listExecutions", "GET", user: "bob").json
    #expect(others["executions"]?.array?.isEmpty == true)
    for function in ["getExecution", "getExecutionHistory"] {
      for (user, id) in [("bob", ids[0]), ("ann", "nothing"), ("ann", "a b"), ("ann", "")] {
        let answer = try await desk.call(function, "GET", user: user, path: [("id", id)])
        #expect(answer.status == 404, "\(user) \(id)")
      }
    }
    for query in ["limit=0", "limit=x", "limit=201", "cursor=x"] {
      let answer = try await desk.call("listExecutions", "GET", query: query)
      #expect(answer.status == 400, "\(query)")
    }
  }

  @Test func `who prefers not to wait is told where to look`() async throws {
    let desk = try Desk()
    let answer = try await desk.call(
      "TradeFunction", body: #"{"symbol":"AAPL","quantity":2,"side":"buy"}"#,
      headers: [("Prefer", "wait=1, Respond-Async")])
    #expect(answer.status == 202)
    #expect(answer.headers["preference-applied"] == "respond-async")
    let id = try #require(answer.json["executionId"]?.string)
    #expect(answer.headers["location"] == "/trade/executions/\(id)")
    #expect(answer.json["executionArn"]?.string?.hasSuffix(":\(id)") == true)
    #expect(try await execution(desk, id)["status"]?.string == "RUNNING")
    try await desk.whileRunning {
      while try await execution(desk, id)["status"]?.string == "RUNNING" { await Task.yield() }
    }
    #expect(try await execution(desk, id)["status"]?.string == "SUCCEEDED")
    let portfolio = try await desk.call("getPortfolio", "GET").json
    #expect(portfolio["holdings"]?["AAPL"]?.int == 2)
  }

  @Test func `a refusal under a key is told again, a breakdown is tried again`() async throws {
    let desk = try Desk()
    let key = [("Idempotency-Key", "k1")]
    for isFirst in [true, false] {
      let answer = try await desk.call("SellFunction", body: Self.buy, headers: key)
      #expect(answer.status == 403)
      #expect((answer.headers["idempotent-replayed"] == nil) == isFirst)
    }
    let other = [("Idempotency-Key", "k2")]
    desk.feed.isAway.withLock { $0 = true }
    for _ in 0..<2 {
      let answer = try await desk.call("BuyFunction", body: Self.buy, headers: other)
      #expect(answer.status == 503)
      #expect(answer.headers["retry-after"] == "5")
      #expect(answer.headers["idempotent-replayed"] == nil)
    }
    desk.feed.isAway.withLock { $0 = false }
    let answer = try await desk.call("BuyFunction", body: Self.buy, headers: other)
    #expect(answer.status == 200)
    #expect(answer.json["executionId"]?.string?.hasSuffix("-3") == true)
    let again = try await desk.call("BuyFunction", body: Self.buy, headers: other)
    #expect(again.json == answer.json)
    #expect(again.headers["idempotent-replayed"] == "true")
  }

  @Test func `the same key of two users is two keys`() async throws {
    let desk = try Desk()
    let key = [("Idempotency-Key", "k1")]
    let ann = try await desk.call("BuyFunction", body: Self.buy, headers: key)
    let bob = try await desk.call("BuyFunction", body: Self.buy, user: "bob", headers: key)
    #expect(ann.status == 200 && bob.status == 200)
    #expect(ann.json["executionId"] != bob.json["executionId"])
  }

  @Test func `functions run on their own`() async throws {
    let desk = try Desk()
    let functions = desk.service.taskFunctions
    let input: JSON = ["user": "ann", "side": "buy", "symbol": "AAPL", "quantity": 3]
    let validate = try #require(functions["ValidateTradeFunction"])
    let valid = try await validate(input, nil)
    #expect(valid["price"]?.number?.text == "175.01")
    let execute = try #require(functions["ExecuteTradeFunction"])
    let trade = try await execute(input, nil)
    #expect(trade["quantity"]?.int == 3)
    let record = try #require(functions["RecordTransactionFunction"])
    for _ in 0..<2 {
      let recorded = try await record(["user": "ann", "trade": trade], nil)
      #expect(recorded["recorded"] == true)
    }
    let activity = try await desk.store.get(TradeProjection.activityKey("ann"))
    #expect(activity?["trades"]?.int == 1)
    await #expect(throws: TaskFailure.self) { _ = try await execute(["user": "ann"], nil) }
  }
}
