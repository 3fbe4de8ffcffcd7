import JSON
import Settings
import Store
import Synchronization
import Time

/// Quotes of Alpha Vantage (alphavantage.co/documentation) behind a cache in the store.
///
/// The free tier has 25 calls a day, so a quote is served from the store while it is young,
/// refreshed by one call for all who ask, and served with `stale` when the source is away. The
/// simulator is never mixed in.
package final class AlphaVantageQuotes: QuoteSource {
  package let name = "alphavantage"

  private struct State {
    var upstream: UpstreamGuard
    /// Calls under way, one for a symbol.
    var flights: [String: Task<Quote?, any Error>] = [:]
    /// Symbols the source does not know, until when.
    var unknown: [String: Timestamp] = [:]
    var series: [String: (bars: [Bar], until: Timestamp)] = [:]
  }

  private let settings: AlphaVantageSettings
  private let catalogue: Catalogue
  private let book: QuoteBook
  private let clock: any TimeSource
  private let fetch: AlphaVantageFetch
  private let log: @Sendable (String) -> Void
  private let state: Mutex<State>

  package init(
    settings: AlphaVantageSettings, catalogue: Catalogue, store: any ItemStore,
    clock: any TimeSource, log: @escaping @Sendable (String) -> Void = { _ in },
    fetch: AlphaVantageFetch? = nil
  ) {
    self.settings = settings
    self.catalogue = catalogue
    self.clock = clock
    self.log = log
    self.fetch = fetch ?? AlphaVantageHTTP.fetch
    book = QuoteBook(store: store, source: "alphavantage", settings: settings)
    state = Mutex(State(upstream: UpstreamGuard(settings, now: clock.now())))
  }

  package func quote(_ symbol: String) async throws -> Quote? {
    guard catalogue[symbol] != nil else { return nil }
    let now = clock.now()
    if state.withLock({ $0.unknown[symbol].map { now < $0 } ?? false }) { return nil }
    var kept = try await book.quote(symbol)
    if let kept, (now - kept.asOf).wholeMilliseconds < settings.softAgeSeconds * 1000 {
      return kept
    }
    do {
      return try await flight(symbol).value
    } catch let error as QuoteError {
      guard kept != nil else { throw error }
      kept?.stale = true
      return kept
    }
  }

  /// The call under way for a symbol, or a new one: everybody who asks waits for the same.
  private func flight(_ symbol: String) -> Task<Quote?, any Error> {
    state.withLock { state in
      if let flight = state.flights[symbol] { return flight }
      // Unstructured, since the one who asked first may leave while others wait for the answer.
      let flight = Task { [self] in
        defer { self.state.withLock { $0.flights[symbol] = nil } }
        return try await refresh(symbol)
      }
      state.flights[symbol] = flight
      return flight
    }
  }

  private func refresh(_ symbol: String) async throws -> Quote? {
    switch try await call("GLOBAL_QUOTE", [("symbol", symbol)]) {
    case .quote(let answer):
      guard let instrument = catalogue[symbol] else { return nil }
      let half = Spread.half(of: answer.price)
      let quote = Quote(
        symbol: symbol, name: instrument.name, price: answer.price, bid: answer.price - half,
        ask: answer.price + half, previousClose: answer.previousClose, volume: answer.volume,
        asOf: clock.now(), source: name)
      try await book.keep(quote)
      return quote
    case .unknownSymbol:
      let until = clock.now() + .seconds(settings.unknownSeconds)
      state.withLock { $0.unknown[symbol] = until }
      return nil
    default: throw QuoteError.unavailable("the answer is not a quote")
    }
  }

  package func history(
    _ symbol: String, _ resolution: Resolution, from: Timestamp, to: Timestamp
  ) async throws -> [Bar]? {
    guard catalogue[symbol] != nil else { return nil }
    let isDaily = resolution == .day
    let key = "\(symbol)/\(isDaily ? Resolution.day.rawValue : Resolution.fiveMinutes.rawValue)"
    if resolution == .minute {
      throw QuoteError.unsupported("The source has no bars of a minute")
    }
    let now = clock.now()
    var bars = state.withLock { $0.series[key].flatMap { now < $0.until ? $0.bars : nil } }
    if bars == nil {
      let parameters =
        isDaily
        ? [("symbol", symbol), ("outputsize", "compact")]
        : [("symbol", symbol), ("interval", "5min"), ("outputsize", "compact")]
      let answer = try await call(
        isDaily ? "TIME_SERIES_DAILY" : "TIME_SERIES_INTRADAY", parameters)
      guard case .bars(let fetched) = answer else {
        if answer == .unknownSymbol { return nil }
        throw QuoteError.unavailable("the answer is not a series")
      }
      let until = now + .seconds(settings.softAgeSeconds)
      state.withLock { $0.series[key] = (fetched, until) }
      bars = fetched
    }
    let within = (bars ?? []).filter { $0.start >= from && $0.start < to }
    return Array(Bar.merged(within, seconds: resolution.seconds).suffix(Simulator.barsMost))
  }

  // MARK: Calls

  /// One call within pace, budget and breaker; refusals of the source become `QuoteError`.
  private func call(_ function: String, _ parameters: [(String, String)]) async throws
    -> AlphaVantageAnswer
  {
    switch state.withLock({ $0.upstream.request(at: clock.now()) }) {
    case .refused(let error): throw error
    case .call(let wait): try await clock.sleep(for: wait)
    }
    guard try await book.spendCall(at: clock.now()) else {
      throw state.withLock { $0.upstream.spent(at: clock.now()) }
    }
    let answer: AlphaVantageAnswer
    do {
      let request = AlphaVantageRequest(
        settings: settings, function: function, parameters: parameters)
      answer = AlphaVantageAnswer(try await fetch(request))
    } catch {
      throw failure("the source cannot be reached")
    }
    return try judge(answer)
  }

  private func judge(_ answer: AlphaVantageAnswer) throws -> AlphaVantageAnswer {
    switch answer {
    case .quote, .bars, .unknownSymbol:
      state.withLock { $0.upstream.succeeded() }
      return answer
    case .dailyLimit:
      log("market: Alpha Vantage says that the day's calls are spent")
      throw state.withLock { $0.upstream.spent(at: clock.now()) }
    case .tooFast:
      state.withLock { $0.upstream.slowDown(at: clock.now()) }
      throw failure("the source asks for fewer calls")
    case .premium: throw QuoteError.unsupported("The price source does not offer this")
    case .badKey: throw failure("the source refuses the key")
    case .unusable(let reason): throw failure("the source answers something else: \(reason)")
    }
  }

  private func failure(_ reason: String) -> QuoteError {
    state.withLock { $0.upstream.failed(at: clock.now()) }
    log("market: Alpha Vantage: \(reason.prefix(200))")
    return .unavailable(reason)
  }
}
