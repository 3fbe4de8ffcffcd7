import HTTPExchange
import JSON
import Store
import Synchronization
import Testing
import Time
import Workflows

@testable import Trading

/// A program that ends in the middle of a trade, and the next one that goes on.
@Suite("Interrupted trades")
struct InterruptionTests {
  private static let request = TradeRequest(
    user: "ann", symbol: "AAPL", side: .buy, quantity: 2, executionID: "interrupted")
  private static let id = ExecutionID(machine: "stock-trader", name: "interrupted")

  /// What the store holds when the program ends right after the start.
  private func begin(_ desk: Desk) async throws {
    let record = ExecutionRecord(
      id: Self.id, input: TradeInput.json(Self.request), startedAt: desk.clock.now())
    _ = try await desk.service.executions.log.start(record)
  }

  private func held(_ desk: Desk) async throws -> Int? {
    try await desk.call("getPortfolio", "GET").json["holdings"]?["AAPL"]?.int
  }

  @Test func `recorded but not filled: carried out once at the next start`() async throws {
    let desk = try Desk()
    try await begin(desk)
    try await desk.whileRunning {
      while try await desk.service.executions.log.record(Self.id)?.status == .running {
        await Task.yield()
      }
    }
    #expect(try await desk.service.executions.log.record(Self.id)?.status == .succeeded)
    #expect(try await held(desk) == 2)
    await desk.service.executions.resume(Self.id)
    #expect(try await held(desk) == 2)
    #expect(try await desk.service.executions.log.unfinished().isEmpty)
  }

  @Test func `recorded long ago and not filled: ended without a trade`() async throws {
    let desk = try Desk()
    try await begin(desk)
    desk.clock.advance(by: .seconds(3_600))
    await desk.service.executions.resume(Self.id)
    #expect(try await desk.service.executions.log.record(Self.id)?.status == .timedOut)
    #expect(try await held(desk) == nil)
  }

  @Test func `filled but not ended: ended once, with the whole history`() async throws {
    let broken = try Desk(failingAt: "META")
    let answer = try await broken.call("BuyFunction", body: ExecutionTests.buy)
    // The fill is kept, so the client is told of it.
    #expect(answer.status == 200)
    let id = try #require(answer.json["executionId"]?.string)
    let execution = ExecutionID(machine: "stock-trader", name: id)
    #expect(try await broken.service.executions.log.record(execution)?.status == .running)

    let desk = try Desk(after: broken)
    await desk.service.executions.resume(execution)
    let kept = try #require(try await desk.service.executions.log.load(execution))
    #expect(kept.record.status == .succeeded)
    #expect(kept.record.output?["trade"] == answer.json)
    #expect(kept.events.map(\.id) == Array(1...kept.events.count))
    #expect(try await held(desk) == 2)
    #expect(try await desk.service.book.fills("ann").count == 1)
    let activity = try await desk.store.get(TradeProjection.activityKey("ann"))
    #expect(activity?["trades"]?.int == 1)
  }

  @Test(arguments: ["InsufficientFunds", "InsufficientShares"])
  func `filled with all there was: not refused when it goes on`(refusal: String) async throws {
    let isSale = refusal == "InsufficientShares"
    let broken = try Desk(failingAt: "META") { $0.startingCash = Cents(40_000) }
    if isSale {
      _ = try await broken.call("BuyFunction", body: ExecutionTests.buy)
    }
    let answer = try await broken.call(
      isSale ? "SellFunction" : "BuyFunction", body: ExecutionTests.buy)
    #expect(answer.status == 200)
    let name = try #require(answer.json["executionId"]?.string)
    let execution = ExecutionID(machine: "stock-trader", name: name)

    let desk = try Desk(after: broken)
    await desk.service.executions.resume(execution)
    let record = try #require(try await desk.service.executions.log.record(execution))
    #expect(record.status == .succeeded)
    #expect(record.output?["trade"] == answer.json)
    let orders = try await desk.call("listOrders", "GET").json["orders"]?.array ?? []
    #expect(orders.count == (isSale ? 2 : 1))
    #expect(orders.allSatisfy { $0["status"] == "filled" })
  }

  @Test func `ends that wait for one another are seen at once and kept together`() async throws {
    let desk = try Desk()
    let log = desk.service.executions.log
    _ = try await desk.call("getPortfolio", "GET")
    try await desk.whileRunning {
      // Whoever sleeps is the background: one of them gathers ends.
      while desk.clock.sleeping < 1 { await Task.yield() }
      var names: [String] = []
      for _ in 0..<3 {
        let answer = try await desk.call("BuyFunction", body: ExecutionTests.buy)
        names.append(try #require(answer.json["executionId"]?.string))
      }
      for name in names {
        let kept = try await log.load(ExecutionID(machine: "stock-trader", name: name))
        #expect(kept?.record.status == .succeeded)
        #expect(kept?.record.output?["trade"] != nil)
      }
      #expect(try await log.unfinished().isEmpty)
      let listed = try await log.page(of: "ann", limit: 10, cursor: nil).records
      #expect(listed.map(\.id.name) == Array(names.reversed()))
      #expect(listed.allSatisfy { $0.status == .succeeded })
    }
    // The end of the background keeps what waited.
    let next = try Desk(after: desk)
    #expect(try await next.service.executions.log.unfinished().isEmpty)
    let activity = try await next.store.get(TradeProjection.activityKey("ann"))
    #expect(activity?["trades"]?.int == 3)
  }

  @Test func `filled but timed out meanwhile: the trade stands and is recorded`() async throws {
    let broken = try Desk(failingAt: "META")
    let key = [("Idempotency-Key", "k1")]
    let answer = try await broken.call("BuyFunction", body: ExecutionTests.buy, headers: key)
    let id = try #require(answer.json["executionId"]?.string)
    let desk = try Desk(after: broken)
    desk.clock.advance(by: .seconds(3_600))
    let execution = ExecutionID(machine: "stock-trader", name: id)
    await desk.service.executions.resume(execution)
    #expect(try await desk.service.executions.log.record(execution)?.status == .timedOut)
    let again = try await desk.call("BuyFunction", body: ExecutionTests.buy, headers: key)
    #expect(again.status == 200)
    #expect(again.json == answer.json)
    #expect(try await desk.service.executions.recordOutbox() == 1)
    #expect(try await desk.service.executions.recordOutbox() == 0)
    let activity = try await desk.store.get(TradeProjection.activityKey("ann"))
    #expect(activity?["trades"]?.int == 1)
  }

  @Test func `a client that leaves: the trade goes on without it`() async throws {
    let desk = try Desk()
    _ = try await desk.call("getPortfolio", "GET")
    desk.feed.delaySeconds.withLock { $0 = 3 }
    let trade = Task { try await desk.call("BuyFunction", body: ExecutionTests.buy) }
    while desk.clock.sleeping < 2 { await Task.yield() }
    trade.cancel()
    _ = try? await trade.value
    let running = try await desk.service.executions.log.unfinished()
    #expect(running.count == 1)
    desk.feed.delaySeconds.withLock { $0 = 0 }
    try await desk.whileRunning {
      while try await !desk.service.executions.log.unfinished().isEmpty { await Task.yield() }
    }
    #expect(try await held(desk) == 2)
  }

  @Test func `a fill that no execution recorded is recorded from the outbox`() async throws {
    let desk = try Desk()
    _ = try await desk.call(
      "BuyFunction", body: #"{"symbol":"AAPL","quantity":10,"type":"limit","limit_price":170}"#)
    desk.feed.set("AAPL", 1_690_000)
    #expect(try await desk.service.match("AAPL") == 1)
    #expect(try await desk.service.executions.recordOutbox() == 0)
    desk.clock.advance(by: .seconds(6))
    #expect(try await desk.service.executions.recordOutbox() == 1)
    let activity = try await desk.store.get(TradeProjection.activityKey("ann"))
    #expect(activity?["sharesBought"]?.int == 10)
  }
}
