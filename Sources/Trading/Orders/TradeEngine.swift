import Cryptography
import JSON
import Store
import Time

/// What a request for a trade said, checked.
package struct TradeRequest: Sendable, Hashable {
  package var user: String
  package var symbol: String
  package var side: Side
  package var kind: Order.Kind
  package var quantity: Int
  package var hint: Price?
  package var limit: Price?
  package var clientOrderID: String?
  /// `Idempotency-Key`, with the fingerprint of what was asked.
  package var idempotency: Idempotency?
  package var executionID: String

  /// A key and what it stands for.
  package struct Idempotency: Sendable, Hashable {
    package var key: String
    package var fingerprint: String

    package init(key: String, fingerprint: String) {
      self.key = key
      self.fingerprint = fingerprint
    }
  }

  package init(
    user: String, symbol: String, side: Side, kind: Order.Kind = .market, quantity: Int,
    hint: Price? = nil, limit: Price? = nil, clientOrderID: String? = nil,
    idempotency: Idempotency? = nil, executionID: String = ""
  ) {
    self.user = user
    self.symbol = symbol
    self.side = side
    self.kind = kind
    self.quantity = quantity
    self.hint = hint
    self.limit = limit
    self.clientOrderID = clientOrderID
    self.idempotency = idempotency
    self.executionID = executionID
  }
}

/// What a trade came to.
package enum TradeOutcome: Sendable, Hashable {
  case filled(Order, Fill, CashAccount, Position)
  case opened(Order, CashAccount)
}

/// Errors of a trade beside a rejection.
package enum TradeError: Error, Sendable, Hashable {
  case unknownSymbol(String)
  case quoteUnavailable
  case idempotencyMismatch
  /// The first request with this key is still being carried out.
  case inProgress
  case duplicateClientOrderID
  case conflict
  /// What was attached is there already: this trade happened before.
  case alreadyDone
  case unknownOrder
  case orderIsFinal(Order.Status)
}

/// Reads, decides, commits; on a conflict reads again. The only writer of accounts and positions.
package final class TradeEngine: Sendable {
  /// The book it writes.
  package let book: TradingBook
  private let feed: any PriceFeed
  private let lanes = AccountLanes()
  private let seen = SnapshotCache()
  private let rules: TradingRules
  private let streams: AccountStreams
  private static let tries = 8

  init(
    book: TradingBook, feed: any PriceFeed, rules: TradingRules, streams: AccountStreams
  ) {
    self.book = book
    self.streams = streams
    self.feed = feed
    self.rules = rules
  }

  /// Makes the writes that share a trade's commit.
  package typealias Attachment = @Sendable (TradeOutcome) -> [Write]

  /// Carries a request out; throws `Rejection`, `TradeError` or `StoreError`.
  ///
  /// - Parameter attach: writes for the trade's own commit; should one be refused by its condition,
  ///   nothing happens and `alreadyDone` is thrown.
  package func trade(_ request: TradeRequest, attach: Attachment = { _ in [] }) async throws
    -> TradeOutcome
  {
    try await lanes.run(request.user) {
      for _ in 0..<Self.tries {
        if let outcome = try await self.attempt(request, attach: attach) { return outcome }
      }
      throw TradeError.conflict
    }
  }

  /// Refuses what can be seen to fail now, with the price and the account it was seen against; a
  /// refused order is kept.
  package func examine(_ request: TradeRequest) async throws -> (MarketPrice, CashAccount) {
    let known = seen.snapshot(request.user, request.symbol)
    var snapshot = try await snapshot(known, of: request)
    let market = try await price(request.symbol)
    let now = book.clock.now()
    var order = Order(request, id: book.ids.next(at: now), at: now)
    func decide() -> TradeDecision {
      TradeDecision.decide(
        order, account: snapshot.account, position: snapshot.position, market: market,
        collar: rules.collarPermille, fillID: order.id, now: now,
        day: dayStart(at: now))
    }
    var decision = decide()
    if case .reject = decision, known != nil {
      snapshot = try await book.snapshot(request.user, request.symbol)
      decision = decide()
    }
    if case .reject(let rejection) = decision {
      order.move(to: .rejected, at: now, reason: rejection.word)
      _ = try await book.store.write(book.orderWrite(order, version: nil))
      streams.publish(AccountChange(order: order))
      throw rejection
    }
    return (market, snapshot.account)
  }

  /// What is remembered of the account and the position, else what the store has.
  private func snapshot(_ known: TradingBook.Snapshot?, of request: TradeRequest) async throws
    -> TradingBook.Snapshot
  {
    if let known { return known }
    return try await book.snapshot(request.user, request.symbol)
  }

  /// One read-decide-commit; nil when another writer was faster.
  private func attempt(_ request: TradeRequest, attach: Attachment) async throws -> TradeOutcome? {
    let known = seen.snapshot(request.user, request.symbol)
    seen.forget(request.user)
    var snapshot = try await snapshot(known, of: request)
    let market = try await price(request.symbol)
    let now = book.clock.now()
    var order = Order(request, id: book.ids.next(at: now), at: now)
    let decision = TradeDecision.decide(
      order, account: snapshot.account, position: snapshot.position, market: market,
      collar: rules.collarPermille, fillID: book.ids.next(at: now), now: now,
      day: dayStart(at: now))
    let outcome: TradeOutcome
    let writes: [Write]
    switch decision {
    case .reject(let rejection):
      // What is remembered must not refuse: the next attempt reads.
      if known != nil { return nil }
      order.move(to: .rejected, at: now, reason: rejection.word)
      _ = try await book.store.write(book.orderWrite(order, version: nil))
      streams.publish(AccountChange(order: order))
      throw rejection
    case .fill(let fill, let account, let position):
      order.move(to: .filled, at: now)
      order.filledPrice = fill.price
      outcome = .filled(order, fill, account, position)
      writes = book.fillWrites(
        fill, order: order, orderVersion: nil, account: account, position: position,
        after: snapshot)
      snapshot = snapshot.after(account, position)
    case .open(let account, let position):
      order.move(to: .accepted, at: now)
      outcome = .opened(order, account)
      writes = book.orderWrites(
        order, orderVersion: nil, account: account, position: position, after: snapshot)
      snapshot = snapshot.after(account, position)
    }
    guard try await commit(writes, unique(request, order), attach(outcome)) else { return nil }
    if case .filled = outcome { seen.keep(request.user, snapshot) }
    streams.publish(AccountChange(outcome, after: snapshot))
    return outcome
  }

  /// What keeps the client's own order id unique.
  private func unique(_ request: TradeRequest, _ order: Order) -> [Write] {
    guard let clientOrderID = request.clientOrderID else { return [] }
    return [
      .put(
        Item(
          TradingBook.uniqueKey(request.user, clientOrderID),
          JSONObject([("order", .string(order.id))])), if: .notExists)
    ]
  }

  private func commit(_ writes: [Write], _ unique: [Write], _ attached: [Write]) async throws
    -> Bool
  {
    do {
      try await book.store.transact(writes + unique + attached)
      return true
    } catch StoreError.conflict {
      return false
    } catch StoreError.conditionFailed(let reasons) {
      if reasons.suffix(attached.count).contains(.conditionFailed) { throw TradeError.alreadyDone }
      if reasons.dropFirst(writes.count).contains(.conditionFailed) {
        throw TradeError.duplicateClientOrderID
      }
      return false
    }
  }

  /// Past closes; empty when the source has none, so that a chart falls back on what was paid.
  func closes(_ symbol: String, from: Timestamp, to: Timestamp, step: Duration) async
    -> [Timestamp: Price]
  {
    (try? await feed.closes(of: symbol, from: from, to: to, step: step)) ?? [:]
  }

  /// When the day began that a quote of a moment belongs to.
  func dayStart(at moment: Timestamp) -> Timestamp { feed.dayStart(at: moment) }

  /// What the company is called; nil when the source has no names.
  func companyName(of symbol: String) -> String? { feed.companyName(of: symbol) }

  /// Refuses a symbol that is not in the catalogue.
  func require(_ symbol: String) throws {
    guard feed.knows(symbol) else { throw TradeError.unknownSymbol(symbol) }
  }

  /// The price that an order meets; a quote that is too old is no price, and a newer one is asked
  /// for. It does not age while the market is closed.
  package func price(_ symbol: String) async throws -> MarketPrice {
    let found = try await found(symbol, fetchedWithin: .seconds(rules.quoteAgeSeconds))
    if isTooOld(found) { throw Rejection.staleQuote }
    return found
  }

  /// What a share is worth by the newest quote there is, however old: it says so itself. No call of
  /// the source is spent on it before the quote is due, and none is a fault.
  func mark(_ symbol: String) async -> MarketPrice? {
    try? await found(symbol, fetchedWithin: nil)
  }

  private func found(_ symbol: String, fetchedWithin age: Duration?) async throws -> MarketPrice {
    try require(symbol)
    let answer: MarketPrice?
    do {
      answer = try await feed.price(of: symbol, fetchedWithin: age)
    } catch let error as CancellationError {
      // Nobody waits any more: that is no fault of the market.
      throw error
    } catch {
      throw TradeError.quoteUnavailable
    }
    guard var found = answer else { throw TradeError.quoteUnavailable }
    if isTooOld(found) { found.isStale = true }
    return found
  }

  private func isTooOld(_ market: MarketPrice) -> Bool {
    let traded = market.closure?.since ?? book.clock.now()
    return traded - market.asOf > .seconds(rules.quoteAgeSeconds)
  }

  // MARK: Open orders

  /// Ends an open order and gives back what it had reserved.
  package func cancel(_ user: String, orderID: String) async throws -> Order {
    try await lanes.run(user) {
      for _ in 0..<Self.tries {
        guard let (order, version) = try await self.book.order(user, orderID) else {
          throw TradeError.unknownOrder
        }
        guard order.status == .accepted else { throw TradeError.orderIsFinal(order.status) }
        let snapshot = try await self.book.snapshot(user, order.symbol)
        var account = snapshot.account
        var position = snapshot.position
        TradeDecision.release(order, account: &account, position: &position)
        var ended = order
        ended.move(to: .canceled, at: self.book.clock.now(), reason: "canceled by the user")
        let writes = self.book.orderWrites(
          ended, orderVersion: version, account: account, position: position, after: snapshot)
        self.seen.forget(user)
        do {
          try await self.book.store.transact(writes)
          self.streams.publish(
            AccountChange(order: ended, after: snapshot.after(account, position)))
          return ended
        } catch let error as StoreError where error.isConditionFailure || error == .conflict {
          continue
        }
      }
      throw TradeError.conflict
    }
  }

  /// Fills the open orders of a symbol that the present price meets; answers how many.
  ///
  /// The symbol is priced only when an order waits, and by the quote that is due anyway: who only
  /// waits spends no call of the source.
  ///
  /// - Parameter except: users whose orders stay as they are.
  /// - Parameter failed: told of an order that could not be filled for a fault.
  func match(
    _ symbol: String, except: (_ user: String) -> Bool = { _ in false },
    failed: (Order, any Error) -> Void
  ) async throws -> Int {
    var filled = 0
    var cursor: String?
    var present: MarketPrice?
    repeat {
      let page = try await book.store.query(
        Query(.g1, pk: "OPEN#\(symbol)", limit: 200, cursor: cursor))
      cursor = page.cursor
      if page.items.isEmpty { continue }
      if present == nil { present = await mark(symbol) }
      guard let market = present, !isTooOld(market), market.closure == nil else { return filled }
      for item in page.items {
        guard let order = Order(attributes: item.attributes), let limit = order.limit else {
          continue
        }
        let price = market.price(for: order.side)
        let meets = order.side == .buy ? price <= limit : price >= limit
        guard meets, !except(order.user) else { continue }
        do {
          if try await fillOpen(order, market) { filled += 1 }
        } catch let error as CancellationError {
          throw error
        } catch {
          failed(order, error)
        }
      }
    } while cursor != nil
    return filled
  }

  private func fillOpen(_ open: Order, _ market: MarketPrice) async throws -> Bool {
    try await lanes.run(open.user) {
      // The index may lag: the order itself decides.
      guard let (order, version) = try await self.book.order(open.user, open.id),
        order.status == .accepted
      else { return false }
      let snapshot = try await self.book.snapshot(order.user, order.symbol)
      var account = snapshot.account
      var position = snapshot.position
      TradeDecision.release(order, account: &account, position: &position)
      let now = self.book.clock.now()
      let decision = TradeDecision.decide(
        order, account: account, position: position, market: market,
        collar: self.rules.collarPermille, fillID: self.book.ids.next(at: now), now: now,
        day: self.dayStart(at: now))
      guard case .fill(let fill, let after, let holding) = decision else { return false }
      var done = order
      done.move(to: .filled, at: now)
      done.filledPrice = fill.price
      let writes = self.book.fillWrites(
        fill, order: done, orderVersion: version, account: after, position: holding,
        after: snapshot)
      self.seen.forget(order.user)
      do {
        try await self.book.store.transact(writes)
        self.streams.publish(
          AccountChange(order: done, fill: fill, after: snapshot.after(after, holding)))
        return true
      } catch let error as StoreError where error.isConditionFailure || error == .conflict {
        return false
      }
    }
  }
}

extension Rejection {
  /// The stable word of answers, orders and workflow errors.
  package var word: String {
    switch self {
    case .insufficientFunds: "insufficient_funds"
    case .insufficientShares: "insufficient_shares"
    case .priceMoved: "price_moved"
    case .staleQuote: "quote_stale"
    case .marketClosed: "market_closed"
    case .amountTooLarge: "invalid_quantity"
    }
  }
}
