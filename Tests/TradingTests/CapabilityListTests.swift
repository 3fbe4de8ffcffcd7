import Diagnostics
import HTTPExchange
import JSON
import Store
import Synchronization
import Testing
import Time

@testable import Trading

/// The functions' permissions (spec/apps.md X-08). That each list suffices, every other test of this
/// target shows: the desk runs all functions under theirs.
@Suite("Trading functions' permissions")
struct CapabilityListTests {
  @Test func `each function has a list and each list a function`() throws {
    let desk = try Desk()
    let named = Set(desk.handlers.keys).union(desk.service.taskFunctions.keys)
    #expect(named.sorted() == TradingService.capabilities.keys.sorted())
  }

  @Test(arguments: TradingService.capabilities.keys.sorted())
  func `no function reaches another user`(function: String) async throws {
    let store = CapabilityStore.ofPresentTask(
      try SQLiteStore.inMemory(clock: ManualClock()), refused: { _ in })
    let keys = [
      ItemKey("USER#bob", "ACCOUNT"), ItemKey("USER#bob", "POS#AAPL"),
      ItemKey("USER#annx", "ACCOUNT"), ItemKey("LEDGER#bob", LedgerEntry.sortKey(1)),
      TradingBook.uniqueKey("bob", "c"), ItemKey("USER#ann", "PROFILE"), ItemKey("KEYRING", "KEYS"),
    ]
    await TradingService.grant(function, caller: "ann").run {
      for key in keys {
        await #expect(throws: StoreError.self, "\(key)") { _ = try await store.get(key) }
        await #expect(throws: StoreError.self, "\(key)") { try await store.write(.put(Item(key))) }
      }
    }
    // Without a caller nobody's items are one's own.
    await TradingService.grant(function).run {
      _ = await #expect(throws: StoreError.self) {
        try await store.write(.put(Item(ItemKey("USER#", "ACCOUNT"))))
      }
    }
  }

  @Test func `only what executes moves cash, and nothing changes the journal`() {
    let moving = TradingService.capabilities.filter { _, list in
      StoreGrant("x", list, caller: "ann").mayPut(ItemKey("USER#ann", "POS#AAPL"))
    }
    #expect(moving.keys.sorted() == ["ExecuteTradeFunction", "cancelOrder"])
    for (function, list) in TradingService.capabilities {
      for line in list where line.pk == .own("LEDGER#") {
        #expect(line.verbs == [.put] || line.verbs == [.query], "\(function)")
      }
    }
  }

  @Test func `a function that acts outside its list is refused, told, and is no answer of its own`()
    async throws
  {
    let clock = ManualClock()
    let refusals = Mutex<[String]>([])
    let whole = try SQLiteStore.inMemory(clock: clock)
    let store = CapabilityStore.ofPresentTask(whole) { refusal in
      refusals.withLock { $0.append(refusal.diagnostic.message) }
    }
    let service = TradingService(
      store: store, feed: FixedFeed([:], clock: clock), rules: TradingRules(), clock: clock,
      machine: try Desk.machine())
    let handler = try #require(service.handlers()["getPortfolio"])
    var context = RequestContext(requestID: "r", sourceAddress: "127.0.0.1", clock: clock)
    context.identity = Identity(subject: "ann", username: "ann")
    let asked = context
    let request = Request(method: "GET", target: RequestTarget(path: "/portfolio"))
    // The gateway makes a 500 with the request's id of what a handler throws.
    await #expect(throws: StoreError.notPermitted("userFavorites may not get there")) {
      try await TradingService.grant("userFavorites", caller: "ann").run {
        _ = try await handler.respond(request, asked)
      }
    }
    await #expect(throws: StoreError.notPermitted("a task without a name may not get there")) {
      _ = try await handler.respond(request, asked)
    }
    #expect(
      refusals.withLock { $0 } == [
        "'userFavorites' asked to get 'USER#ann' / 'ACCOUNT' of the table",
        "'a task without a name' asked to get 'USER#ann' / 'ACCOUNT' of the table",
      ])
    let answer = try await TradingService.grant("getPortfolio", caller: "ann").run {
      try await handler.respond(request, asked)
    }
    #expect(answer.status == 200)
  }
}

extension StoreGrant {
  fileprivate func mayPut(_ key: ItemKey) -> Bool {
    capabilities.contains { line in
      guard line.index == .table, line.verbs.contains(.put) else { return false }
      let isPartition = line.pk == .own("USER#") || line.pk == .prefix("USER#")
      return isPartition && [.any, .prefix("POS#")].contains(line.sk)
    }
  }
}
