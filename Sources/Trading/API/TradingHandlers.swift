import Diagnostics
import HTTPExchange
import JSON
import Store
import Time

/// The trading functions by the names that the API document uses.
package struct TradingService: Sendable {
  let engine: TradeEngine
  let book: TradingBook
  let rules: TradingRules
  /// Every trade, run by the state machine.
  let executions: TradeExecutions
  /// The events of accounts.
  let streams: AccountStreams

  package init(
    store: any ItemStore, feed: any PriceFeed, rules: TradingRules, clock: any TimeSource,
    machine: TradeMachine, streams settings: AccountStreamSettings = AccountStreamSettings(),
    isRevoked: @escaping @Sendable (Identity) -> Bool = { _ in false },
    report: @escaping @Sendable (Diagnostic) -> Void = { _ in }
  ) {
    book = TradingBook(store: store, startingCash: rules.startingCash, clock: clock)
    streams = AccountStreams(settings, book: book, isRevoked: isRevoked)
    engine = TradeEngine(book: book, feed: feed, rules: rules, streams: streams)
    self.rules = rules
    executions = TradeExecutions(
      machine, engine: engine, store: store, clock: clock,
      idempotencySeconds: rules.idempotencySeconds, report: report)
  }

  /// Resumes interrupted executions and runs those in the background, and looks after the streams
  /// of accounts, until cancelled.
  package func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await executions.run() }
      group.addTask { await streams.run() }
    }
  }

  /// Ends every stream, so that a drain need not wait for them.
  package func finishStreams() { streams.finish() }

  /// The functions that the state machine calls, by name.
  package var taskFunctions: [String: TaskFunction] { executions.functions.table }

  /// Function name → handler.
  package func handlers() -> [String: any Handler] {
    [
      "BuyFunction": handler { try await trade($0, $1, side: .buy) },
      "SellFunction": handler { try await trade($0, $1, side: .sell) },
      "TradeFunction": handler { try await trade($0, $1, side: nil) },
      "getPortfolio": handler(portfolio),
      "getPortfolioHistory": handler(portfolioHistory),
      "listTransactions": handler(transactions),
      "listOrders": handler(orders),
      "getOrder": handler(order),
      "cancelOrder": handler(cancel),
      "previewOrder": handler(preview),
      "userFavorites": handler(favorites),
      "listExecutions": handler(listExecutions),
      "getExecution": handler(execution),
      "getExecutionHistory": handler(executionHistory),
      "streamAccount": handler(streamAccount),
    ]
  }

  private func handler(
    _ function: @escaping @Sendable (Request, RequestContext) async throws -> Response
  ) -> any Handler {
    FunctionHandler { request, context in
      do {
        return try await function(request, context)
      } catch {
        guard let problem = TradeAnswers.problem(error) else { throw error }
        return problem.response(requestID: context.requestID)
      }
    }
  }

  /// The caller's name; the gateway has verified the token, so its absence is our mistake.
  func user(_ context: RequestContext) throws -> String {
    guard let identity = context.identity, !identity.username.isEmpty else {
      throw Problem(status: 401, error: "unauthorized", message: "Unauthorized")
    }
    return identity.username
  }

  // MARK: Trades

  private func trade(_ request: Request, _ context: RequestContext, side: Side?) async throws
    -> Response
  {
    let user = try user(context)
    let wanted = try TradeRequestReader(rules: rules, side: side).read(request, user: user)
    let prefersAsync = TradeRequestReader.prefersAsync(request.headers)
    let ended =
      prefersAsync ? try await executions.start(wanted) : try await executions.run(wanted)
    var response = ended.response(to: request, context)
    response.headers["cache-control"] = "no-store"
    if ended.isReplay { response.headers.append("idempotent-replayed", "true") }
    return response
  }

  private func preview(_ request: Request, _ context: RequestContext) async throws -> Response {
    let user = try user(context)
    let wanted = try TradeRequestReader(rules: rules, side: nil).read(request, user: user)
    let snapshot = try await book.snapshot(user, wanted.symbol)
    let market = try await engine.price(wanted.symbol)
    let now = book.clock.now()
    let order = Order(
      id: "preview", user: user, symbol: wanted.symbol, side: wanted.side, kind: wanted.kind,
      quantity: wanted.quantity, limit: wanted.limit, hint: wanted.hint, at: now)
    let decision = TradeDecision.decide(
      order, account: snapshot.account, position: snapshot.position, market: market,
      collar: rules.collarPermille, fillID: "preview", now: now, day: engine.dayStart(at: now))
    var object = JSONObject([
      ("symbol", .string(wanted.symbol)), ("side", .string(wanted.side.rawValue)),
      ("quantity", .int(wanted.quantity)), ("quote", TradeAnswers.quote(market)),
      ("price", market.price(for: wanted.side).json),
      ("cashBefore", snapshot.account.available.json),
    ])
    switch decision {
    case .fill(let fill, let account, _):
      object["total"] = fill.total.json
      object["cashAfter"] = account.available.json
      object["warnings"] = []
    case .open(let account, _):
      object["cashAfter"] = account.available.json
      object["warnings"] = [
        market.closure == nil
          ? "The limit is not met yet: the order would wait"
          : "The market is closed: the order would wait for it to open"
      ]
    case .reject(let rejection):
      let problem = TradeAnswers.problem(rejection)
      object["cashAfter"] = snapshot.account.available.json
      object["warnings"] = [.string(problem?.message ?? rejection.word)]
    }
    return Response(json: .object(object))
  }

  // MARK: Orders

  private func order(_ request: Request, _ context: RequestContext) async throws -> Response {
    let id = context.pathParameter("id") ?? ""
    guard let (order, _) = try await book.order(try user(context), id) else {
      throw TradeError.unknownOrder
    }
    return Response(json: order.json)
  }

  private func cancel(_ request: Request, _ context: RequestContext) async throws -> Response {
    let id = context.pathParameter("id") ?? ""
    return Response(json: try await engine.cancel(try user(context), orderID: id).json)
  }
}
