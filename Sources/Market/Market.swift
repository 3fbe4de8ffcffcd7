import HTTPExchange
import JSON
import Settings
import Store
import Time

/// The market of this program: one source, the catalogue, and the functions that the API names.
package struct MarketService: Sendable {
  let source: any QuoteSource
  let catalogue: Catalogue
  /// The market's own, which may run faster.
  let clock: MarketClock
  let streams: QuoteStreams
  let recent: RecentCloses
  /// When it trades.
  let hours: TradingHours

  /// The market that the settings describe; throws a `Diagnostic` when its source cannot be had.
  package init(
    settings: MarketSettings, catalogue: Catalogue = .standard, store: any ItemStore,
    clock wall: any TimeSource, log: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    let clock = MarketClock(wall: wall, settings)
    let source: any QuoteSource =
      switch settings.source {
      case .sim:
        SimulatedQuotes(
          simulator: Simulator(
            seed: UInt64(bitPattern: Int64(settings.seed)), catalogue: catalogue,
            hours: settings.hours),
          clock: clock)
      case .alphavantage:
        AlphaVantageQuotes(
          settings: settings.alphaVantage, catalogue: catalogue, store: store, clock: clock,
          log: log)
      case .replay:
        try ReplayedQuotes(folder: settings.replayFolder, catalogue: catalogue, clock: clock)
      }
    self.init(source: source, catalogue: catalogue, settings: settings, clock: wall)
  }

  /// A market over any source.
  init(
    source: any QuoteSource, catalogue: Catalogue = .standard,
    settings: MarketSettings = MarketSettings(), clock wall: any TimeSource
  ) {
    let clock = MarketClock(wall: wall, settings)
    self.source = source
    self.catalogue = catalogue
    self.clock = clock
    hours = settings.hours
    streams = QuoteStreams(source: source, settings: settings, clock: clock)
    recent = RecentCloses(source: source, hours: settings.hours, clock: clock)
  }

  /// Every symbol of the catalogue.
  package var symbols: [String] { catalogue.instruments.map(\.symbol) }

  /// What the company of a stock is called; nil when the symbol is unknown.
  package func companyName(_ symbol: String) -> String? { catalogue[symbol]?.name }

  /// The present quote, or nil when the symbol is unknown; throws `QuoteError` when the source is
  /// away.
  ///
  /// - Parameter age: how long ago it may have been fetched for somebody who cannot use an older one;
  ///   nil for whoever takes what is there.
  package func quote(_ symbol: String, fetchedWithin age: Duration? = nil) async throws -> Quote? {
    guard catalogue[symbol] != nil else { return nil }
    return try await source.quote(symbol, fetchedWithin: age)
  }

  /// Whether the catalogue has the symbol, whatever its source knows of it now.
  package func knows(_ symbol: String) -> Bool { catalogue[symbol] != nil }

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
      "getMarketCalendar": handler(marketCalendar),
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
