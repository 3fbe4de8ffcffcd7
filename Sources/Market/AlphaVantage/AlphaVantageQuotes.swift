import Store
import Time

/// Quotes of Alpha Vantage (alphavantage.co/documentation) behind a cache in the store.
///
/// The free tier has 25 calls a day, so a quote or a series is served from the store while it is
/// young. After that one call for all who ask refreshes it; who asks waits for it a moment only and
/// then gets the old one, labelled `stale`, as when the source is away. How long it is young follows
/// from the calls that the day still has. The simulator is never mixed in.
package final class AlphaVantageQuotes: QuoteSource {
  package let name = "alphavantage"
  private typealias Subject = AlphaVantageCalls.Subject

  private let settings: AlphaVantageSettings
  private let catalogue: Catalogue
  private let book: QuoteBook
  private let clock: any TimeSource
  private let calls: AlphaVantageCalls
  private let quotes = SingleFlight<Subject, Quote?>()
  private let series = SingleFlight<Subject, PriceSeries?>()

  package init(
    settings: AlphaVantageSettings, catalogue: Catalogue, store: any ItemStore,
    clock: any TimeSource, log: @escaping @Sendable (String) -> Void = { _ in },
    fetch: AlphaVantageFetch? = nil
  ) {
    self.settings = settings
    self.catalogue = catalogue
    self.clock = clock
    book = QuoteBook(store: store, source: name, settings: settings)
    calls = AlphaVantageCalls(
      settings, book: book, clock: clock, log: log, fetch: fetch ?? AlphaVantageHTTP.fetch)
  }

  private var patience: Duration { .milliseconds(settings.patienceMilliseconds) }

  // MARK: Quotes

  package func quote(_ symbol: String) async throws -> Quote? {
    try await quote(symbol, fetchedWithin: nil)
  }

  package func quote(_ symbol: String, fetchedWithin age: Duration?) async throws -> Quote? {
    guard catalogue[symbol] != nil else { return nil }
    let now = clock.now()
    let subject = Subject(symbol: symbol)
    calls.ask(subject, at: now)
    let failure = calls.failure(of: subject, at: now)
    guard let kept = try await book.quote(symbol) else {
      guard let failure else { return try await quoteFlight(subject, after: nil).value }
      return try Self.nothing(failure)
    }
    let due = try await calls.refreshTime(of: subject, fetchedAt: kept.fetchedAt, at: now)
    let isDue = now >= due
    guard isDue || age.map({ isOlder(kept, than: $0, at: now) }) ?? false else { return kept.quote }
    if failure == nil {
      do {
        let flight = quoteFlight(subject, after: kept.fetchedAt)
        if let quote = try await quotes.answer(of: flight, within: patience, clock) ?? nil {
          return quote
        }
      } catch is QuoteError {
        // The quote that is kept is better than none.
      }
    }
    var old = kept.quote
    old.stale = isDue
    return old
  }

  /// What a failure that is remembered comes to: an unknown symbol, or the same error again.
  private static func nothing<Value>(_ failure: AlphaVantageCalls.Failure) throws -> Value? {
    if case .error(let error) = failure { throw error }
    return nil
  }

  /// Whether a quote is older than somebody can use and a newer one may be had: after the close there
  /// is none until the exchange opens again.
  private func isOlder(_ kept: KeptQuote, than age: Duration, at now: Timestamp) -> Bool {
    if now - kept.fetchedAt <= age { return false }
    return TradingHours.nyse.closure(at: now)?.since != kept.quote.asOf
  }

  /// The call under way for a quote, or a new one. `known` is when the caller's quote was fetched.
  private func quoteFlight(_ subject: Subject, after known: Timestamp?) -> Task<Quote?, any Error> {
    quotes.flight(subject) { [self] in
      // A flight may have landed between the caller's look and this one.
      if let known, let newer = try await book.quote(subject.symbol), newer.fetchedAt > known {
        return newer.quote
      }
      guard case .quote(let answer) = try await calls.call(subject),
        let instrument = catalogue[subject.symbol]
      else { return nil }
      let half = Spread.half(of: answer.price)
      let now = clock.now()
      let quote = Quote(
        symbol: subject.symbol, name: instrument.name, price: answer.price,
        bid: answer.price - half, ask: answer.price + half, previousClose: answer.previousClose,
        volume: answer.volume, asOf: answer.moment(at: now), source: name)
      try await book.keep(KeptQuote(quote: quote, fetchedAt: now))
      return quote
    }
  }

  // MARK: Series

  package func history(
    _ symbol: String, _ resolution: Resolution, from: Timestamp, to: Timestamp
  ) async throws -> [Bar]? {
    try await series(symbol, resolution, from: from, to: to)?.bars
  }

  package func series(
    _ symbol: String, _ resolution: Resolution, from: Timestamp, to: Timestamp
  ) async throws -> PriceSeries? {
    guard catalogue[symbol] != nil else { return nil }
    if resolution == .minute {
      throw QuoteError.unsupported("The source has no bars of a minute")
    }
    let subject = Subject(symbol: symbol, resolution: resolution == .day ? .day : .fiveMinutes)
    guard var found = try await whole(subject) else { return nil }
    let within = found.bars.filter { $0.start >= from && $0.start < to }
    found.bars = Array(
      Bar.merged(within, seconds: resolution.seconds).suffix(Simulator.barsMost))
    return found
  }

  /// Everything that the source tells of a subject.
  private func whole(_ subject: Subject) async throws -> PriceSeries? {
    let now = clock.now()
    calls.ask(subject, at: now)
    let failure = calls.failure(of: subject, at: now)
    guard var kept = try await book.series(subject) else {
      guard let failure else { return try await seriesFlight(subject, after: nil).value }
      return try Self.nothing(failure)
    }
    let due = try await calls.refreshTime(of: subject, fetchedAt: kept.asOf, at: now)
    if now < due { return kept }
    if failure == nil {
      do {
        let flight = seriesFlight(subject, after: kept.asOf)
        if let fresh = try await series.answer(of: flight, within: patience, clock) ?? nil {
          return fresh
        }
      } catch is QuoteError {
        // The series that is kept is better than none.
      }
    }
    kept.stale = true
    return kept
  }

  /// The call under way for a series, or a new one; it is kept, so that a restart costs no call.
  private func seriesFlight(_ subject: Subject, after known: Timestamp?) -> Task<
    PriceSeries?, any Error
  > {
    series.flight(subject) { [self] in
      if let known, let newer = try await book.series(subject), newer.asOf > known { return newer }
      guard case .bars(let bars) = try await calls.call(subject) else { return nil }
      let fetched = PriceSeries(bars: bars, asOf: clock.now())
      try await book.keep(fetched, of: subject)
      return fetched
    }
  }
}

extension AlphaVantageAnswer.GlobalQuote {
  /// When the price was one: the latest trading day's close, or now when that day is today.
  func moment(at now: Timestamp) -> Timestamp {
    guard day.utf8.count == 10, let date = Timestamp(iso8601: day) else { return now }
    let number = date.seconds / 86_400
    guard number < NewYorkTime.day(at: now.seconds) else { return now }
    // A session that history will have added is taken for a whole one.
    let close =
      TradingHours.nyse.session(day: number)?.close
      ?? NewYorkTime.utc(date + .seconds(ExchangeCalendar.close)).seconds
    return min(now, Timestamp(seconds: close))
  }
}
