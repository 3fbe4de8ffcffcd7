import HTTPExchange
import JSON
import NIOCore
import Store
import Synchronization
import Testing
import Time

@testable import Trading

@Suite("Account streams")
struct AccountStreamTests {
  @Test func `a stream begins with the cash and where the reader stands`() async throws {
    let wire = try Wire()
    let events = try #require(try await wire.read().next())
    #expect(events.names == ["balance"])
    #expect(events[0].id == "1.1.\(wire.clock.now().milliseconds)")
    #expect(
      events[0].data.text
        == #"{"cash":100000.00,"holds":0.00,"available":100000.00,"realisedProfit":0.00}"#)
  }

  @Test func `a trade is an order, a fill, a position and the cash, closed by one id`() async throws
  {
    let wire = try Wire()
    let reading = try await wire.read()
    _ = try await reading.next()
    try await wire.trade(.buy, 2)
    let events = try #require(try await reading.next())
    #expect(events.names == ["order", "fill", "position", "balance"])
    #expect(events.map { $0.id == nil } == [true, true, true, false])
    #expect(reading.lastID == "2.2.\(wire.clock.now().milliseconds)")
    #expect(events.data("order")["status"] == "filled")
    #expect(events.data("fill")["quantity"] == 2)
    #expect(events.data("fill")["orderId"] == events.data("order")["id"])
    #expect(events.data("position")["quantity"] == 2)
    #expect(events.data("balance")["cash"]?.text == "99649.98")
    // Another's trade is nobody else's business.
    try await wire.trade(user: "bob")
    try await wire.trade(.sell)
    #expect(try await reading.next()?.data("fill")["type"] == "sell")
  }

  @Test func `an order that waits, is cancelled, or is filled by the matcher`() async throws {
    let wire = try Wire()
    let reading = try await wire.read()
    _ = try await reading.next()
    let outcome = try await wire.trade(.buy, 1, limit: 1_700_000)
    let opened = try #require(try await reading.next())
    #expect(opened.names == ["order", "balance"])
    #expect(opened.data("order")["status"] == "accepted")
    #expect(opened.data("balance")["holds"]?.text == "170.00")
    guard case .opened(let order, _) = outcome else {
      Issue.record("it was filled")
      return
    }
    _ = try await wire.service.engine.cancel("ann", orderID: order.id)
    let ended = try #require(try await reading.next())
    #expect(ended.data("order")["status"] == "canceled")
    #expect(ended.data("balance")["holds"]?.text == "0.00")

    try await wire.trade(.buy, 1, limit: 1_700_000)
    _ = try await reading.next()
    wire.feed.set("AAPL", 1_690_000)
    #expect(try await TradingService.matcher.run { try await wire.service.match("AAPL") } == 1)
    let filled = try #require(try await reading.next())
    #expect(filled.names == ["order", "fill", "position", "balance"])
    #expect(filled.data("order")["status"] == "filled")
    #expect(reading.lastID?.hasPrefix("5.2.") == true)
  }

  @Test func `a refused order is told, what is not committed never`() async throws {
    let clock = ManualClock()
    let store = try SQLiteStore.inMemory(clock: clock)
    let service = TradingService(
      store: BrokenStore(store, at: "ACCOUNT"),
      feed: FixedFeed(["AAPL": 1_750_000], clock: clock),
      rules: TradingRules(), clock: clock, machine: try Desk.machine())
    let identity = Identity(
      subject: "ann", username: "ann", claims: ["exp": .int(clock.now().seconds + 60)])
    let reading = AccountReading(
      try #require(try await service.streams.open(identity, after: nil)))
    _ = try await reading.next()
    let buy = TradeRequest(user: "ann", symbol: "AAPL", side: .buy, quantity: 1)
    await #expect(throws: StoreError.self) { _ = try await service.engine.trade(buy) }
    let sell = TradeRequest(user: "ann", symbol: "AAPL", side: .sell, quantity: 1)
    await #expect(throws: Rejection.self) { _ = try await service.engine.trade(sell) }
    let events = try #require(try await reading.next())
    #expect(events.names == ["order"])
    #expect(events[0].data["status"] == "rejected")
    #expect(events[0].id == nil)
  }

  // MARK: Coming back

  @Test func `who comes back gets what happened meanwhile, each fill once`() async throws {
    let wire = try Wire()
    let first = try await wire.read()
    _ = try await first.next()
    try await wire.trade(.buy, 1)
    _ = try await first.next()
    wire.clock.advance(by: .seconds(60))
    try await wire.trade(.buy, 2)
    let waiting = try await wire.trade(.sell, 1, limit: 9_000_000)
    guard case .opened(let order, _) = waiting else {
      Issue.record("it was filled")
      return
    }
    _ = try await wire.service.engine.cancel("ann", orderID: order.id)
    await #expect(throws: Rejection.self) { try await wire.trade(.sell, 100) }

    let back = try await wire.read(after: first.lastID)
    let events = try #require(try await back.next())
    #expect(events.names == ["order", "order", "order", "fill", "position", "balance"])
    let states = events.filter { $0.name == "order" }.compactMap { $0.data["status"]?.string }
    #expect(states == ["filled", "canceled", "rejected"])
    #expect(events.data("fill")["quantity"] == 2)
    #expect(events.data("position")["quantity"] == 3)
    #expect(back.lastID?.hasPrefix("5.3.") == true)
    // And then what happens.
    try await wire.trade()
    #expect(try await back.next()?.names == ["order", "fill", "position", "balance"])
    #expect(back.lastID?.hasPrefix("6.4.") == true)
  }

  @Test func `who missed nothing gets the cash alone`() async throws {
    let wire = try Wire()
    let first = try await wire.read()
    _ = try await first.next()
    wire.clock.advance(by: .seconds(60))
    let back = try await wire.read(after: first.lastID)
    #expect(try await back.next()?.names == ["balance"])
  }

  @Test(arguments: [
    "", "x", "1", "1.1", "1.1.x", "-1.1.1", "1.2.3", "9.9.1780000000000", "3.1.5.7",
  ])
  func `an id that is not of this account is answered by a reset`(_ id: String) async throws {
    let wire = try Wire()
    let events = try #require(try await wire.read(after: id).next())
    #expect(events.names == ["reset", "balance"])
    #expect(events[0].id == nil)
  }

  @Test func `who is too many fills behind is told to read the lists again`() async throws {
    let wire = try Wire()
    let first = try await wire.read()
    _ = try await first.next()
    for _ in 0...AccountHistory.fillsMost { try await wire.trade() }
    let back = try await wire.read(after: first.lastID)
    #expect(try await back.next()?.names == ["reset", "balance"])
  }

  @Test func `among many orders only fills can be told without doubt`() async throws {
    let wire = try Wire()
    let old = try await wire.trade(.buy, 1, limit: 1_000_000)
    guard case .opened(let order, _) = old else {
      Issue.record("it was filled")
      return
    }
    for _ in 0..<AccountHistory.ordersMost {
      wire.clock.advance(by: .seconds(1))
      await #expect(throws: Rejection.self) { try await wire.trade(.sell, 9) }
    }
    wire.clock.advance(by: .seconds(60))
    let first = try await wire.read()
    _ = try await first.next()
    try await wire.trade()
    let second = try await wire.read(after: first.lastID)
    #expect(
      try await second.next()?.names == ["order", "fill", "position", "balance"])
    // The old order is no longer among the newest, where its end would be seen.
    _ = try await wire.service.engine.cancel("ann", orderID: order.id)
    let third = try await wire.read(after: second.lastID)
    #expect(try await third.next()?.names == ["reset", "balance"])
  }

  @Test func `a commit that nobody was told of comes with the next`() async throws {
    let wire = try Wire()
    let reading = try await wire.read()
    _ = try await reading.next()
    wire.clock.advance(by: .seconds(60))
    try await wire.trade(.buy, 5, by: wire.other())
    try await wire.trade(.buy, 7)
    let events = try #require(try await reading.next())
    #expect(events.filter { $0.name == "fill" }.map { $0.data["quantity"] } == [5, 7])
    #expect(reading.lastID?.hasPrefix("3.3.") == true)
  }

  // MARK: The end

  @Test func `a stream ends with its token`() async throws {
    let wire = try Wire()
    let reading = try await wire.read(seconds: 100)
    _ = try await reading.next()
    for _ in 0..<6 { #expect(try await wire.next(reading)?.names == [""]) }
    #expect(try await wire.next(reading) == nil)
    // The time may have gone on before the end was read.
    #expect(wire.clock.now().seconds >= 1_780_000_100)
  }

  @Test func `a token that is revoked or over hears nothing more, not even what waits`()
    async throws
  {
    let wire = try Wire()
    let reading = try await wire.read()
    _ = try await reading.next()
    try await wire.trade()
    wire.revoked.isSet.withLock { $0 = true }
    #expect(try await reading.next() == nil)
    #expect(try await wire.read().next() == nil)
    let none = Identity(subject: "ann", username: "ann")
    let endless = AccountReading(
      try #require(try await wire.service.streams.open(none, after: nil)))
    #expect(try await endless.next() == nil)
  }

  @Test func `a stream ends at its age and when the program does`() async throws {
    let wire = try Wire()
    let reading = try await wire.read()
    _ = try await reading.next()
    wire.clock.advance(by: .seconds(7200))
    #expect(try await wire.next(reading) == nil)
    let other = try await wire.read()
    _ = try await other.next()
    wire.service.finishStreams()
    #expect(try await other.next() == nil)
    #expect(try await wire.service.streams.open(wire.identity(), after: nil) == nil)
  }

  @Test func `silence is broken by a comment`() async throws {
    let wire = try Wire()
    let reading = try await wire.read()
    _ = try await reading.next()
    let before = wire.clock.now()
    #expect(try await wire.next(reading)?.names == [""])
    #expect((15_000...17_000).contains((wire.clock.now() - before).wholeMilliseconds))
  }

  // MARK: Bounds

  @Test func `a slow reader is given up and loses nothing`() async throws {
    let wire = try Wire()
    let slow = try await wire.read()
    _ = try await slow.next()
    for _ in 0...AccountReader.partsMost { try await wire.trade() }
    #expect(try await slow.next() == nil)
    let back = try await wire.read(after: slow.lastID)
    let events = try #require(try await back.next())
    #expect(events.filter { $0.name == "fill" }.count == AccountReader.partsMost + 1)
  }

  @Test func `streams are bounded for each user and in all, and given back`() async throws {
    let wire = try Wire {
      $0.streams = 3
      $0.streamsPerUser = 2
    }
    let streams = wire.service.streams
    var first: BodyStream? = try await streams.open(wire.identity(), after: nil)
    let second = try await streams.open(wire.identity(), after: nil)
    #expect(first != nil && second != nil)
    #expect(try await streams.open(wire.identity(), after: nil) == nil)
    let other = try await streams.open(wire.identity("bob"), after: nil)
    #expect(other != nil)
    #expect(try await streams.open(wire.identity("eve"), after: nil) == nil)
    first = nil
    #expect(streams.openStreams == 2)
    #expect(try await streams.open(wire.identity(), after: nil) != nil)
  }

  @Test func `the handler answers an event stream within its permissions`() async throws {
    let wire = try Wire { $0.streamsPerUser = 1 }
    try await wire.trade()
    let handler = try #require(wire.service.handlers()["streamAccount"])
    var context = RequestContext(requestID: "r", sourceAddress: "127.0.0.1", clock: wire.clock)
    context.identity = wire.identity()
    let asked = context
    let request = Request(
      method: "GET", target: RequestTarget(path: "/stream/account"),
      headers: HeaderFields([("Last-Event-ID", "1.1.\(wire.clock.now().milliseconds)")]))
    let response = try await TradingService.grant("streamAccount", caller: "ann").run {
      try await handler.respond(request, asked)
    }
    #expect(response.status == 200)
    #expect(response.headers["content-type"] == "text/event-stream")
    #expect(response.headers["cache-control"] == "no-store")
    guard case .stream(let stream) = response.body else {

      Issue.record("the body is no stream")
      return

    }
    #expect(
      try await AccountReading(stream).next()?.names == ["order", "fill", "position", "balance"])
    let full = try await TradingService.grant("streamAccount", caller: "ann").run {
      try await handler.respond(request, asked)
    }
    #expect(full.status == 503)
    #expect(full.headers["retry-after"] == "30")
  }
}
