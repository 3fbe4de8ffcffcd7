import JSON
import Settings
import Store
import Synchronization
import Time

/// Quotes of Alpha Vantage (alphavantage.co/documentation) behind a cache in the store.
///
/// The free tier has 25 calls a day, so a quote is served from the store while it is young. After
/// that one call for all who ask refreshes it; who asks waits for it a moment only and then gets the
/// old quote, labelled `stale`, as when the source is away. How long a quote is young follows from
/// the calls that the day still has. The simulator is never mixed in.
package final class AlphaVantageQuotes: QuoteSource {
  package let name = "alphavantage"

  private struct State {
    var upstream: UpstreamGuard
    /// Calls under way, one for a symbol.
    var flights: [String: Task<Quote?, any Error>] = [:]
    /// Symbols the source does not know, until when.
    var unknown: [String: Timestamp] = [:]
    /// When each symbol was last asked for: those share the calls.
    var asked: [String: Timestamp] = [:]
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
    let isUnknown = state.withLock { state in
      state.asked[symbol] = now
      return state.unknown[symbol].map { now < $0 } ?? false
    }
    if isUnknown { return nil }
    guard var kept = try await book.quote(symbol) else {
      return try await flight(symbol, after: nil).value
    }
    if now < (try await refreshTime(of: kept, at: now)) { return kept }
    do {
      if let answer = try await patient(flight(symbol, after: kept.asOf)) { return answer.quote }
    } catch is QuoteError {
      // The quote that is kept is better than none.
    }
    kept.stale = true
    return kept
  }

  /// When a quote is to be fetched again: the rest of the day's calls, spread over the rest of the
  /// day and the symbols somebody looks at, but hardly sooner than the soft age.
  private func refreshTime(of kept: Quote, at now: Timestamp) async throws -> Timestamp {
    let soft = settings.softAgeSeconds
    // A young quote needs no look at the budget.
    if (now - kept.asOf).wholeMilliseconds < soft * 900 { return kept.asOf + .seconds(soft) }
    let left = try await book.callsLeft(at: now)
    let watched = state.withLock { state in
      state.asked.count { (now - $0.value).wholeMilliseconds < Self.watchedSeconds * 1000 }
    }
    let rest = (now.seconds / 86_400 + 1) * 86_400 - now.seconds
    let age = max(soft, rest * max(1, watched) / max(1, left))
    // Up to a tenth earlier by symbol and moment, so that not all are due at once.
    let lean = CounterGenerator(seed: 0, stream: kept.symbol)
      .bits(level: 0, index: kept.asOf.seconds)
    let permille = 900 + Int(lean % 101)
    return kept.asOf + .seconds(min(age, settings.hardAgeSeconds) * permille / 1000)
  }

  /// Somebody looks at a symbol when it was asked for within this time.
  private static let watchedSeconds = 3_600

  /// A flight's answer; boxed, since no quote is an answer, too.
  private struct Answer: Sendable { var quote: Quote? }

  /// The flight's answer, or nil when it takes longer than somebody with an old quote should wait.
  private func patient(_ flight: Task<Quote?, any Error>) async throws -> Answer? {
    let (first, finish) = AsyncStream.makeStream(
      of: Result<Answer?, any Error>.self, bufferingPolicy: .bufferingOldest(1))
    // Unstructured, since a task group would wait for the flight although nobody does any more.
    let arrival = Task { finish.yield(await flight.result.map { Answer(quote: $0) }) }
    let timer = Task { [clock, settings] in
      try await clock.sleep(for: .milliseconds(settings.patienceMilliseconds))
      finish.yield(.success(nil))
    }
    defer {
      timer.cancel()
      arrival.cancel()
    }
    for await result in first { return try result.get() }
    return nil
  }

  /// The call under way for a symbol, or a new one: everybody who asks waits for the same. `known`
  /// is the time of the quote that the caller has.
  private func flight(_ symbol: String, after known: Timestamp?) -> Task<Quote?, any Error> {
    state.withLock { state in
      if let flight = state.flights[symbol] { return flight }
      // Unstructured, since the one who asked first may leave while others wait for the answer.
      let flight = Task { [self] () async throws -> Quote? in
        defer { self.state.withLock { $0.flights[symbol] = nil } }
        // A flight may have landed between the caller's look and this one.
        if let known, let newer = try await book.quote(symbol), newer.asOf > known { return newer }
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
    if resolution == .minute {
      throw QuoteError.unsupported("The source has no bars of a minute")
    }
    let kept: Resolution = resolution == .day ? .day : .fiveMinutes
    var bars = try await book.bars(symbol, kept)
    if bars == nil { bars = try await series(symbol, kept) }
    guard let bars else { return nil }
    let within = bars.filter { $0.start >= from && $0.start < to }
    return Array(Bar.merged(within, seconds: resolution.seconds).suffix(Simulator.barsMost))
  }

  /// Fetches a compact series and keeps it, so that a restart costs no call.
  private func series(_ symbol: String, _ resolution: Resolution) async throws -> [Bar]? {
    let isDaily = resolution == .day
    let answer = try await call(
      isDaily ? "TIME_SERIES_DAILY" : "TIME_SERIES_INTRADAY",
      [("symbol", symbol)] + (isDaily ? [] : [("interval", "5min")]) + [("outputsize", "compact")])
    guard case .bars(let bars) = answer else {
      if answer == .unknownSymbol { return nil }
      throw QuoteError.unavailable("the answer is not a series")
    }
    let until = clock.now() + .seconds(settings.softAgeSeconds)
    try await book.keep(bars, symbol, resolution, until: until)
    return bars
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
    case .quote, .bars, .matches, .unknownSymbol:
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
