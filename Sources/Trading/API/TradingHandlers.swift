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

  package init(
    store: any ItemStore, feed: any PriceFeed, rules: TradingRules, clock: any TimeSource,
    machine: TradeMachine, report: @escaping @Sendable (Diagnostic) -> Void = { _ in }
  ) {
    book = TradingBook(store: store, startingCash: rules.startingCash, clock: clock)
    engine = TradeEngine(book: book, feed: feed, rules: rules)
    self.rules = rules
    executions = TradeExecutions(
      machine, engine: engine, store: store, clock: clock,
      idempotencySeconds: rules.idempotencySeconds, report: report)
  }

  /// Resumes interrupted executions and runs those in the background, until cancelled.
  package func run() async { await executions.run() }

  /// The functions that the state machine calls, by name.
  package var taskFunctions: [String: TaskFunction] { executions.functions.table }

  /// Fills open orders of a symbol that the present price meets.
  package func match(_ symbol: String) async throws -> Int { try await engine.match(symbol) }

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
      collar: rules.collarPermille, fillID: "preview", now: now)
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
      object["warnings"] = ["The limit is not met yet: the order would wait"]
    case .reject(let rejection):
      let problem = TradeAnswers.problem(rejection)
      object["cashAfter"] = snapshot.account.available.json
      object["warnings"] = [.string(problem?.message ?? rejection.word)]
    }
    return Response(json: .object(object))
  }

  // MARK: Orders

  private func orders(_ request: Request, _ context: RequestContext) async throws -> Response {
    let page = try await page("ORDER#", request, context)
    let orders = page.items.compactMap { Order(attributes: $0.attributes)?.json }
    return Response(json: ["orders": .array(orders), "cursor": cursor(page)])
  }

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

  // MARK: Portfolio

  private func portfolio(_ request: Request, _ context: RequestContext) async throws -> Response {
    let user = try user(context)
    let (account, _) = try await book.account(user)
    var lines: [Portfolio.Line] = []
    for position in try await book.positions(user) {
      // A market that is away must not hide what is owned: the line is shown at cost.
      let market = try? await engine.price(position.symbol)
      lines.append(Portfolio.Line(position: position, market: market))
    }
    let now = book.clock.now()
    var portfolio = Portfolio(
      account: account, lines: lines, startingCash: rules.startingCash, asOf: now)
    let midnight = Timestamp(seconds: now.seconds / 86_400 * 86_400)
    portfolio.today = DayTrades(try await book.fills(user, since: midnight))
    for symbol in portfolio.today.bySymbol.keys
    where !lines.contains(where: { $0.position.symbol == symbol }) {
      guard let market = try? await engine.price(symbol) else { continue }
      portfolio.soldOutChange =
        portfolio.soldOutChange
        + portfolio.today.change(
          of: symbol, quantity: 0, value: .zero, previousClose: market.previousClose)
    }
    return Response(json: portfolio.json)
  }

  private func portfolioHistory(_ request: Request, _ context: RequestContext) async throws
    -> Response
  {
    let user = try user(context)
    let asked = request.target.queryValue("period") ?? EquityHistory.Period.day.rawValue
    guard let period = EquityHistory.Period(rawValue: asked) else {
      throw TradeRequestReader.invalid("period", "'period' is 1D, 1W or 1M")
    }
    let (account, _) = try await book.account(user)
    let fills = try await book.fills(user)
    let step = Int(period.step.components.seconds)
    let end = book.clock.now().seconds / step * step
    let moments = (0...period.points).map { Timestamp(seconds: end - (period.points - $0) * step) }
    var history = EquityHistory(
      startingCash: rules.startingCash, openedAt: account.createdAt, fills: fills, closes: [:])
    for symbol in Set(fills.map(\.symbol)) {
      history.closes[symbol] = await engine.closes(
        symbol, from: moments[0] - period.step, to: Timestamp(seconds: end), step: period.step)
    }
    // The present moment is always part of the line.
    return Response(json: history.json(at: moments + [book.clock.now()], period: period))
  }

  private func transactions(_ request: Request, _ context: RequestContext) async throws -> Response
  {
    let page = try await page("TXN#", request, context)
    let rows = page.items.compactMap { item -> JSON? in
      guard let fill = Fill(attributes: item.attributes) else { return nil }
      return [
        "id": .string(fill.id), "orderId": .string(fill.orderID), "symbol": .string(fill.symbol),
        "type": .string(fill.side.rawValue), "quantity": .int(fill.quantity),
        "price": .string(fill.price.text), "total": .string(fill.total.text),
        "realisedProfit": fill.realised.json,
        "cashAfter": fill.cashAfter?.json ?? .null,
        "executionId": fill.executionID.isEmpty ? .null : .string(fill.executionID),
        "timestamp": .string(fill.time.iso8601),
      ]
    }
    return Response(json: ["transactions": .array(rows), "cursor": cursor(page)])
  }

  private func page(_ prefix: String, _ request: Request, _ context: RequestContext) async throws
    -> Page
  {
    let user = try user(context)
    let limit = try TradeRequestReader.limit(request)
    do {
      return try await book.store.query(
        Query(
          pk: "USER#\(user)", .beginsWith(prefix), limit: limit, direction: .descending,
          cursor: request.target.queryValue("cursor")))
    } catch StoreError.invalid, StoreError.limitExceeded {
      throw TradeRequestReader.invalid("cursor", "the cursor is not one of this list")
    }
  }

  private func cursor(_ page: Page) -> JSON { page.cursor.map { .string($0) } ?? .null }

  // MARK: Favourites (S0)

  private func favorites(_ request: Request, _ context: RequestContext) async throws -> Response {
    let user = try user(context)
    switch request.method {
    case "POST": return try await addFavorite(request, user)
    case "DELETE":
      let symbol = try TradeRequestReader.symbol(
        context.pathParameter("symbol").map { .string($0) })
      _ = try await book.store.write(.delete(ItemKey("USER#\(user)", "FAV#\(symbol)")))
      return Response(json: ["message": "Favorite removed"])
    default:
      let page = try await book.store.query(
        Query(pk: "USER#\(user)", .beginsWith("FAV#"), limit: StoreLimits.pageItemsMost))
      let rows = page.items.map { item -> JSON in
        var row = item.attributes
        row["type"] = nil
        return .object(row)
      }
      return Response(json: ["favorites": .array(rows)])
    }
  }

  private func addFavorite(_ request: Request, _ user: String) async throws -> Response {
    let body = try TradeRequestReader.object(request)
    let symbol = try TradeRequestReader.symbol(body["symbol"])
    let given = body["companyName"] ?? .string(symbol)
    guard let name = given.string, name.utf8.count <= 200 else {
      throw TradeRequestReader.invalid(
        "companyName", "'companyName' is a text of at most 200 bytes")
    }
    _ = try await engine.price(symbol)
    _ = try await book.store.write(
      .put(
        Item(
          ItemKey("USER#\(user)", "FAV#\(symbol)"),
          JSONObject([
            ("type", "favorite"), ("userId", .string(user)), ("symbol", .string(symbol)),
            ("companyName", .string(name)), ("createdAt", .string(book.clock.now().iso8601)),
          ]), g1: IndexKey("SYM#\(symbol)", user))))
    return Response(status: 201, json: ["message": "Favorite added"])
  }
}
