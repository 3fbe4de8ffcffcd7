import HTTPExchange
import JSON
import Settings
import Store
import Time

/// The market of this program: one source, the catalogue, and the functions that the API names.
package struct MarketService: Sendable {
  let source: any QuoteSource
  let catalogue: Catalogue
  let clock: any TimeSource
  let streams: QuoteStreams
  let recent: RecentCloses

  /// The market that the settings describe; throws a `Diagnostic` when its source cannot be had.
  package init(
    settings: MarketSettings, store: any ItemStore, clock: any TimeSource,
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    let catalogue = Catalogue.standard
    let source: any QuoteSource =
      switch settings.source {
      case .sim:
        SimulatedQuotes(
          simulator: Simulator(
            seed: UInt64(bitPattern: Int64(settings.seed)), catalogue: catalogue),
          clock: clock)
      case .alphavantage:
        AlphaVantageQuotes(
          settings: settings.alphaVantage, catalogue: catalogue, store: store, clock: clock,
          log: log)
      case .replay:
        try ReplayedQuotes(folder: settings.replayFolder, catalogue: catalogue, clock: clock)
      }
    self.init(source: source, catalogue: catalogue, settings: settings, clock: clock)
  }

  /// A market over any source.
  package init(
    source: any QuoteSource, catalogue: Catalogue = .standard,
    settings: MarketSettings = MarketSettings(), clock: any TimeSource
  ) {
    self.source = source
    self.catalogue = catalogue
    self.clock = clock
    streams = QuoteStreams(source: source, settings: settings, clock: clock)
    recent = RecentCloses(source: source, clock: clock)
  }

  /// Every symbol of the catalogue.
  package var symbols: [String] { catalogue.instruments.map(\.symbol) }

  /// The present quote, or nil when the symbol is unknown; throws `QuoteError` when the source is
  /// away.
  package func quote(_ symbol: String) async throws -> Quote? {
    guard catalogue[symbol] != nil else { return nil }
    return try await source.quote(symbol)
  }

  /// Past bars, oldest first; nil when the symbol is unknown.
  package func history(
    _ symbol: String, _ resolution: Resolution, from: Timestamp, to: Timestamp
  ) async throws -> [Bar]? {
    guard catalogue[symbol] != nil else { return nil }
    return try await source.history(symbol, resolution, from: from, to: to)
  }

  /// Ends every stream within a tick, so that a drain need not wait for them.
  package func finishStreams() { streams.finish() }

  /// Function name → handler. `streamQuotes` answers without end: its route is of the time class
  /// `stream`.
  package func handlers() -> [String: any Handler] {
    [
      "StockCheckerFunction": handler(check),
      "getStockData": handler(stockData),
      "getMarketClock": handler(marketClock),
      "streamQuotes": handler(stream),
    ]
  }

  private func handler(
    _ function: @escaping @Sendable (Request, RequestContext) async throws -> Response
  ) -> any Handler {
    FunctionHandler { request, context in
      do {
        return try await function(request, context)
      } catch let problem as Problem {
        return problem.response(requestID: context.requestID)
      } catch let error as QuoteError {
        return error.problem(at: context.clock.now()).response(requestID: context.requestID)
      }
    }
  }
}

extension QuoteError {
  /// What a client is told; the source's own words stay in the log.
  func problem(at now: Timestamp) -> Problem {
    switch self {
    case .unavailable:
      Problem(
        status: 503, error: "quote_unavailable", message: "No quote is available",
        headers: HeaderFields([("retry-after", "5")]))
    case .budgetSpent(let until):
      Problem(
        status: 503, error: "quote_unavailable",
        message: "The day's requests to the price source are spent",
        headers: HeaderFields([("retry-after", String(max(1, until.seconds - now.seconds)))]))
    case .unsupported(let what):
      Problem(status: 400, error: "invalid_request", message: what)
    }
  }
}
