import Cryptography
import JSON
import Store
import Time

/// Where prices come from: bound to the market in the assembly.
package protocol PriceFeed: Sendable {
  /// The present quote; nil when the symbol is unknown. Throws when the source is away.
  func price(of symbol: String) async throws -> MarketPrice?
  /// The closes of the steps within a range, by the moment at which each step ends.
  func closes(of symbol: String, from: Timestamp, to: Timestamp, step: Duration) async throws
    -> [Timestamp: Price]
}

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
  private static let tries = 8

  package init(book: TradingBook, feed: any PriceFeed, rules: TradingRules) {
    self.book = book
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
        collar: rules.collarPermille, fillID: order.id, now: now)
    }
    var decision = decide()
    if case .reject = decision, known != nil {
      snapshot = try await book.snapshot(request.user, request.symbol)
      decision = decide()
    }
    if case .reject(let rejection) = decision {
      order.move(to: .rejected, at: now, reason: rejection.word)
      _ = try await book.store.write(book.orderWrite(order, version: nil))
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
      collar: rules.collarPermille, fillID: book.ids.next(at: now), now: now)
    let outcome: TradeOutcome
    let writes: [Write]
    switch decision {
    case .reject(let rejection):
      // What is remembered must not refuse: the next attempt reads.
      if known != nil { return nil }
      order.move(to: .rejected, at: now, reason: rejection.word)
      _ = try await book.store.write(book.orderWrite(order, version: nil))
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
    }
    guard try await commit(writes, unique(request, order), attach(outcome)) else { return nil }
    if case .filled = outcome { seen.keep(request.user, snapshot) }
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

  /// The present price; a quote that is too old is no price.
  package func price(_ symbol: String) async throws -> MarketPrice {
    let found: MarketPrice?
    do {
      found = try await feed.price(of: symbol)
    } catch let error as CancellationError {
      // Nobody waits any more: that is no fault of the market.
      throw error
    } catch {
      throw TradeError.quoteUnavailable
    }
    guard let found else { throw TradeError.unknownSymbol(symbol) }
    if book.clock.now() - found.asOf > .seconds(rules.quoteAgeSeconds) {
      throw Rejection.staleQuote
    }
    return found
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
          return ended
        } catch let error as StoreError where error.isConditionFailure || error == .conflict {
          continue
        }
      }
      throw TradeError.conflict
    }
  }

  /// Fills the open orders of a symbol that the present price meets; answers how many.
  package func match(_ symbol: String) async throws -> Int {
    let market = try await price(symbol)
    var filled = 0
    var cursor: String?
    repeat {
      let page = try await book.store.query(
        Query(.g1, pk: "OPEN#\(symbol)", limit: 200, cursor: cursor))
      cursor = page.cursor
      for item in page.items {
        guard let order = Order(attributes: item.attributes), let limit = order.limit else {
          continue
        }
        let price = market.price(for: order.side)
        let meets = order.side == .buy ? price <= limit : price >= limit
        if meets, try await fillOpen(order, market) { filled += 1 }
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
        collar: self.rules.collarPermille, fillID: self.book.ids.next(at: now), now: now)
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
        return true
      } catch let error as StoreError where error.isConditionFailure || error == .conflict {
        return false
      }
    }
  }
}

/// What the operator may set about trading.
package struct TradingRules: Sendable, Hashable {
  /// How much worse than the client's price the market may be, in thousandths.
  package var collarPermille = 50
  /// A quote older than this is no price.
  package var quoteAgeSeconds = 120
  /// How long an idempotency key is remembered.
  package var idempotencySeconds = 86_400
  /// Shares of one order at most.
  package var quantityMost = 1_000_000
  /// Opening cash of an account.
  package var startingCash = Cents(10_000_000)

  package init() {}
}

extension Rejection {
  /// The stable word of answers, orders and workflow errors.
  package var word: String {
    switch self {
    case .insufficientFunds: "insufficient_funds"
    case .insufficientShares: "insufficient_shares"
    case .priceMoved: "price_moved"
    case .staleQuote: "quote_stale"
    case .amountTooLarge: "invalid_quantity"
    }
  }
}
