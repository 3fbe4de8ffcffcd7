import HTTPExchange
import JSON
import Time

// What an account is worth, now and before.
extension TradingService {
  /// `GET /portfolio`.
  func portfolio(_ request: Request, _ context: RequestContext) async throws -> Response {
    let standing = try await book.standing(try user(context))
    return Response(json: try await marked(standing).json)
  }

  /// `GET /portfolio/history`.
  func portfolioHistory(_ request: Request, _ context: RequestContext) async throws -> Response {
    let range = try HistoryRange(request.target)
    let moments = range.moments(until: book.clock.now())
    let standing = try await book.standing(try user(context), since: moments[0])
    let present = try await marked(standing)
    var history = EquityHistory(
      present: present, fills: standing.fills, knownSince: standing.knownSince, closes: [:])
    // Before the account there is nothing to be valued.
    let begin = max(moments[0], standing.account.createdAt)
    let symbols = present.held.map(\.position.symbol) + standing.fills.map(\.symbol)
    for symbol in Set(symbols) {
      history.closes[symbol] = await engine.closes(
        symbol, from: begin - range.step, to: moments[moments.count - 1], step: range.step)
    }
    return Response(json: history.json(range))
  }

  /// The account at the present prices, the one rule by which all is valued.
  private func marked(_ standing: AccountStanding) async throws -> Portfolio {
    let dayStart = engine.dayStart(at: book.clock.now())
    var lines: [Portfolio.Line] = []
    for position in standing.positions {
      let counts = position.quantity > 0 || position.trades(since: dayStart) != nil
      // An old quote says so; without any the line is shown at cost, since a market that is away must
      // not hide what is owned.
      let market = counts ? await engine.mark(position.symbol) : nil
      lines.append(Portfolio.Line(position: position, market: market))
    }
    return Portfolio(
      account: standing.account, lines: lines, dayStart: dayStart, asOf: book.clock.now())
  }
}
