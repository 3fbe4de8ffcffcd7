import Synchronization
import Time

/// Calls of Alpha Vantage within pace, budget and breaker. A call that failed is not made again for
/// the same subject for a while, since each one counts.
final class AlphaVantageCalls: Sendable {
  /// What a call is about.
  struct Subject: Sendable, Hashable {
    var symbol: String
    /// nil for the present quote.
    var resolution: Resolution?

    /// The function that tells it.
    var function: String {
      switch resolution {
      case nil: "GLOBAL_QUOTE"
      case .day: "TIME_SERIES_DAILY"
      default: "TIME_SERIES_INTRADAY"
      }
    }

    /// What the function is asked with.
    var parameters: [(String, String)] {
      switch resolution {
      case nil: [("symbol", symbol)]
      case .day: [("symbol", symbol), ("outputsize", "compact")]
      default: [("symbol", symbol), ("interval", "5min"), ("outputsize", "compact")]
      }
    }
  }

  /// What came of a call a moment ago.
  enum Failure: Sendable, Hashable {
    /// The source does not know the symbol.
    case unknownSymbol
    case error(QuoteError)
  }

  private struct State {
    var upstream: UpstreamGuard
    /// Failures, and until when they are remembered.
    var failures: [Subject: (failure: Failure, until: Timestamp)] = [:]
    /// Functions that cost money, and until when they are left alone.
    var premium: [String: Timestamp] = [:]
    /// When each subject was last asked for: those share the calls.
    var asked: [Subject: Timestamp] = [:]
  }

  private let settings: AlphaVantageSettings
  private let book: QuoteBook
  private let clock: any TimeSource
  private let fetch: AlphaVantageFetch
  private let log: @Sendable (String) -> Void
  private let state: Mutex<State>

  init(
    _ settings: AlphaVantageSettings, book: QuoteBook, clock: any TimeSource,
    log: @escaping @Sendable (String) -> Void, fetch: @escaping AlphaVantageFetch
  ) {
    self.settings = settings
    self.book = book
    self.clock = clock
    self.log = log
    self.fetch = fetch
    state = Mutex(State(upstream: UpstreamGuard(settings, now: clock.now())))
  }

  // MARK: What is remembered

  /// Somebody looks at a subject.
  func ask(_ subject: Subject, at now: Timestamp) { state.withLock { $0.asked[subject] = now } }

  /// Why a subject is not to be asked for now; nil when it may be.
  func failure(of subject: Subject, at now: Timestamp) -> Failure? {
    state.withLock { state in
      if let until = state.premium[subject.function], now < until { return .error(Self.costs) }
      guard let known = state.failures[subject], now < known.until else { return nil }
      return known.failure
    }
  }

  /// When something is to be fetched again: the rest of the day's calls, spread over the rest of the
  /// day and what somebody looks at, but hardly sooner than the soft age.
  func refreshTime(of subject: Subject, fetchedAt: Timestamp, at now: Timestamp) async throws
    -> Timestamp
  {
    let soft = settings.softAgeSeconds
    // What is young needs no look at the budget.
    if (now - fetchedAt).wholeMilliseconds < soft * 900 { return fetchedAt + .seconds(soft) }
    let left = try await book.callsLeft(at: now)
    let watched = state.withLock { state in
      state.asked.count { (now - $0.value).wholeMilliseconds < Self.watchedSeconds * 1000 }
    }
    let rest = (now.seconds / 86_400 + 1) * 86_400 - now.seconds
    let age = max(soft, rest * max(1, watched) / max(1, left))
    // Up to a tenth earlier by symbol and moment, so that not all are due at once.
    let lean = CounterGenerator(seed: 0, stream: subject.symbol)
      .bits(level: 0, index: fetchedAt.seconds)
    let permille = 900 + Int(lean % 101)
    return fetchedAt + .seconds(min(age, settings.hardAgeSeconds) * permille / 1000)
  }

  /// Somebody looks at a subject when it was asked for within this time.
  private static let watchedSeconds = 3_600

  // MARK: Calls

  /// One call. Refusals of the source become `QuoteError`, and what failed is remembered; one that
  /// was not made is not.
  func call(_ subject: Subject) async throws -> AlphaVantageAnswer {
    switch state.withLock({ $0.upstream.request(at: clock.now()) }) {
    case .refused(let error): throw error
    case .call(let wait): try await clock.sleep(for: wait)
    }
    guard try await book.spendCall(at: clock.now()) else {
      throw state.withLock { $0.upstream.spent(at: clock.now()) }
    }
    do {
      let answer = try judge(await answer(to: subject), of: subject)
      if answer == .unknownSymbol { remember(.unknownSymbol, of: subject) }
      return answer
    } catch {
      remember(.error(error), of: subject)
      throw error
    }
  }

  private func answer(to subject: Subject) async throws(QuoteError) -> AlphaVantageAnswer {
    let request = AlphaVantageRequest(
      settings: settings, function: subject.function, parameters: subject.parameters)
    do {
      return AlphaVantageAnswer(try await fetch(request))
    } catch {
      throw failed("the source cannot be reached")
    }
  }

  /// The answer when it is of the kind that was asked for, or says that the symbol is unknown.
  private func judge(_ answer: AlphaVantageAnswer, of subject: Subject) throws(QuoteError)
    -> AlphaVantageAnswer
  {
    switch answer {
    case .unknownSymbol: break
    case .quote where subject.resolution == nil: break
    case .bars where subject.resolution != nil: break
    case .quote, .bars, .matches: throw failed("the answer is of another function")
    case .dailyLimit:
      log("market: Alpha Vantage says that the day's calls are spent")
      throw state.withLock { $0.upstream.spent(at: clock.now()) }
    case .tooFast:
      state.withLock { $0.upstream.slowDown(at: clock.now()) }
      throw failed("the source asks for fewer calls")
    case .premium:
      let until = clock.now() + .seconds(settings.hardAgeSeconds)
      state.withLock { $0.premium[subject.function] = until }
      throw Self.costs
    case .badKey: throw failed("the source refuses the key")
    case .unusable(let reason): throw failed("the source answers something else: \(reason)")
    }
    state.withLock { $0.upstream.succeeded() }
    return answer
  }

  private static let costs = QuoteError.unsupported("The price source does not offer this")

  private func remember(_ failure: Failure, of subject: Subject) {
    let until = clock.now() + .seconds(settings.unknownSeconds)
    state.withLock { $0.failures[subject] = (failure, until) }
  }

  private func failed(_ reason: String) -> QuoteError {
    state.withLock { $0.upstream.failed(at: clock.now()) }
    log("market: Alpha Vantage: \(reason.prefix(200))")
    return .unavailable(reason)
  }
}
