import HTTPExchange
import JSON
import Time

extension MarketService {
  /// Symbols of one request.
  private static let symbolsMost = 20

  /// `GET /check`: the five stocks of the founding document in its order, as a bare array.
  func check(_ request: Request, _ context: RequestContext) async throws -> Response {
    let isNamed = request.target.queryValue("symbols")?.isEmpty == false
    var quotes: [JSON] = []
    var failure: QuoteError?
    for symbol in try askedSymbols(request) {
      do {
        guard let quote = try await source.quote(symbol) else { throw unknown(symbol) }
        var answer = QuoteAnswers.checked(quote)
        answer["recent"] = await recent.closes(symbol)
        quotes.append(.object(answer))
      } catch let error as QuoteError where !isNamed {
        // A symbol that nobody named and that has no quote now does not hide the others.
        failure = error
      }
    }
    if quotes.isEmpty, let failure { throw failure }
    return Response(json: .array(quotes), headers: Self.fresh)
  }

  /// `GET /stocks`, `/stocks/{symbol}`, `/stocks/{symbol}/history` and `/search`.
  func stockData(_ request: Request, _ context: RequestContext) async throws -> Response {
    if let symbol = context.pathParameter("symbol") {
      let instrument = try instrument(symbol)
      let isHistory = request.target.path.hasSuffix("/history")
      return isHistory
        ? try await history(instrument, request, context) : try await stock(instrument)
    }
    if request.target.path.hasSuffix("/search") { return search(request) }
    return try await stocks()
  }

  /// `GET /stream`: quotes as server-sent events.
  func stream(_ request: Request, _ context: RequestContext) async throws -> Response {
    let symbols = try askedSymbols(request)
    let last = EventStream.lastEventID(request).flatMap { Int($0) }
    guard let body = streams.open(symbols, after: last) else { throw EventStream.full }
    return EventStream.response(body)
  }

  // MARK: Stocks

  private func stock(_ instrument: Instrument) async throws -> Response {
    guard let quote = try await source.quote(instrument.symbol) else {
      throw unknown(instrument.symbol)
    }
    return Response(json: .object(QuoteAnswers.detail(quote, instrument)), headers: Self.fresh)
  }

  private func stocks() async throws -> Response {
    var stocks: [JSON] = []
    var failure: QuoteError?
    for instrument in catalogue.instruments {
      do {
        guard let quote = try await source.quote(instrument.symbol) else { continue }
        stocks.append(.object(QuoteAnswers.stock(quote, instrument)))
      } catch let error as QuoteError {
        // One that has no quote now does not hide the others.
        failure = error
      }
    }
    if stocks.isEmpty, let failure { throw failure }
    return Response(json: ["stocks": .array(stocks)], headers: Self.fresh)
  }

  private func history(
    _ instrument: Instrument, _ request: Request, _ context: RequestContext
  ) async throws -> Response {
    let range = try HistoryRange(request.target)
    let now = clock.now()
    // Counted from the last trade, so that there is a day to be seen on a Sunday too.
    let end = min(now, Timestamp(seconds: hours.latest(at: now.seconds).close))
    let series = try await source.series(
      instrument.symbol, range.resolution, from: end - .seconds(range.seconds), to: end)
    guard let series else { throw unknown(instrument.symbol) }
    return Response(
      json: [
        "symbol": .string(instrument.symbol), "name": .string(instrument.name),
        "range": .string(range.name), "interval": .string(range.resolution.rawValue),
        "source": .string(source.name), "asOf": .string(series.asOf.iso8601),
        "stale": .bool(series.stale), "bars": .array(series.bars.map(QuoteAnswers.bar)),
      ], headers: Self.fresh)
  }

  private func search(_ request: Request) -> Response {
    let text = request.target.queryValue("q") ?? ""
    let found = text.isEmpty ? [] : catalogue.search(String(text.prefix(64)))
    return Response(
      json: [
        "query": .string(text),
        "results": .array(
          found.map {
            [
              "symbol": .string($0.symbol), "name": .string($0.name),
              "industry": .string($0.industry),
            ]
          }),
      ])
  }

  // MARK: Parts

  /// A second: what a quote is true for.
  static let fresh = HeaderFields([("cache-control", "public, max-age=1")])

  private func unknown(_ symbol: String) -> Problem {
    Problem(
      status: 404, error: "unknown_symbol", message: "There is no stock '\(symbol.prefix(20))'")
  }

  private func instrument(_ text: String) throws -> Instrument {
    let symbol = text.uppercased()
    guard StockItems.isSymbol(symbol) else {
      // The founding document's own text.
      throw Problem(status: 400, error: "Invalid symbol", message: "Invalid symbol")
    }
    guard let instrument = catalogue[symbol] else { throw unknown(symbol) }
    return instrument
  }

  /// `?symbols=A,B`, or the five.
  private func askedSymbols(_ request: Request) throws -> [String] {
    guard let text = request.target.queryValue("symbols"), !text.isEmpty else {
      return catalogue.checked
    }
    var symbols: [String] = []
    for part in text.split(separator: ",") {
      let symbol = try instrument(String(part)).symbol
      if !symbols.contains(symbol) { symbols.append(symbol) }
    }
    guard (1...Self.symbolsMost).contains(symbols.count) else {
      throw Problem(
        status: 400, error: "invalid_request",
        message: "Ask for 1 to \(Self.symbolsMost) symbols")
    }
    return symbols
  }
}
