import Diagnostics
import HTTPExchange
import Synchronization
import Time

/// The cache in front of all routes: one bounded store, so that what one route changes is gone for
/// every other, and one flight per key.
package final class ResponseCache: Sendable {
  private struct State {
    var store: CacheStore
    var flights: [String: CacheFlight] = [:]
    var counts = Counts()
  }

  /// What happened since the start.
  package struct Counts: Sendable, Hashable {
    /// Answers from the store.
    package var hits = 0
    /// Questions to the origin.
    package var misses = 0
    /// Requests that waited for another's answer.
    package var collapsed = 0
    /// Keys that are stored.
    package var entries = 0
    /// Bytes that they are counted as.
    package var bytes = 0
    /// Keys that had to go for others.
    package var evictions = 0
  }

  let settings: CacheSettings
  let strictAWS: Bool
  private let state: Mutex<State>

  /// A cache within the bounds of the settings.
  package init(_ settings: CacheSettings, strictAWS: Bool = false) {
    self.settings = settings
    self.strictAWS = strictAWS
    let limits = CacheStore.Limits(
      bytes: settings.bytes, entries: settings.entries, variants: settings.variants)
    state = Mutex(State(store: CacheStore(limits: limits)))
  }

  /// What answers tell of the cache.
  var report: CacheReport { CacheReport(sendsStatus: !strictAWS, tellsKey: settings.tellsKey) }

  // MARK: For the admin listener

  /// Removes everything of a path, whatever its query, host, base path or variant.
  ///
  /// - Parameter path: the path without base path or stage, decoded: `/stocks/AAPL`.
  /// - Returns: how many keys were removed.
  @discardableResult
  package func purge(path: String) -> Int { state.withLock { $0.store.purge(resource: path) } }

  /// Removes everything whose answer carried the tag in `Cache-Tag`.
  @discardableResult
  package func purge(tag: String) -> Int { state.withLock { $0.store.purge(tag: tag) } }

  /// Removes everything.
  @discardableResult
  package func purgeAll() -> Int { state.withLock { $0.store.purgeAll() } }

  /// What happened so far.
  package var counts: Counts {
    state.withLock { state in
      var counts = state.counts
      counts.entries = state.store.count
      counts.bytes = state.store.bytes
      counts.evictions = state.store.evictions
      return counts
    }
  }

  // MARK: For the routes

  /// What the store says to a request.
  enum Step: Sendable {
    /// Answer from the store.
    case answer(StoredResponse)
    /// Answer from the store though stale; with a flight, ask the origin behind the client's back.
    case answerThenAsk(StoredResponse, CacheFlight?)
    /// Ask the origin; others wait for the flight where there is one.
    case ask(CacheFlight?, stored: StoredResponse?, CacheStatus.Forward)
    /// Somebody asks already.
    case wait(CacheFlight)
  }

  /// A decision without any flight, for the event loop; nil when the origin must be asked.
  func lookUp(_ inquiry: CacheInquiry) -> StoredResponse? {
    state.withLock { state in
      guard case .variant(let stored) = state.store.find(inquiry.key, inquiry.request) else {
        return nil
      }
      switch inquiry.decision(stored) {
      case .fresh, .stale:
        state.counts.hits += 1
        return stored
      case .staleWhileRevalidate, .validate: return nil
      }
    }
  }

  /// With whom a request may wait for an answer.
  enum Company: Sendable {
    case any
    /// What has just been stored is too old at once, so that waiting for it again leads nowhere.
    case otherVariants
    case none
  }

  /// Decides and, where the origin must be asked, makes or joins the flight of the key.
  func next(_ inquiry: CacheInquiry, _ company: Company) -> Step {
    state.withLock { state in
      let found = state.store.find(inquiry.key, inquiry.request)
      // Nobody who wants the whole can wait for an answer without a body.
      let isAlone = company == .none || inquiry.request.method == "HEAD"
      guard case .variant(let stored) = found else {
        var forward = CacheStatus.Forward.uriMiss
        if case .otherVariant = found { forward = .varyMiss }
        return Self.ask(&state, inquiry, nil, forward, isAlone: isAlone)
      }
      switch inquiry.decision(stored) {
      case .fresh, .stale:
        state.counts.hits += 1
        return .answer(stored)
      case .staleWhileRevalidate:
        state.counts.hits += 1
        return .answerThenAsk(stored, Self.takeFlight(&state, inquiry))
      case .validate(let reason):
        return Self.ask(&state, inquiry, stored, reason, isAlone: isAlone || company != .any)
      }
    }
  }

  private static func ask(
    _ state: inout State, _ inquiry: CacheInquiry, _ stored: StoredResponse?,
    _ forward: CacheStatus.Forward, isAlone: Bool
  ) -> Step {
    if isAlone || state.store.isUncacheable(inquiry.key, now: inquiry.now) {
      state.counts.misses += 1
      return .ask(nil, stored: stored, forward)
    }
    guard let flight = takeFlight(&state, inquiry) else {
      state.counts.collapsed += 1
      guard let flight = state.flights[flightKey(state, inquiry)] else {
        return .ask(nil, stored: stored, forward)
      }
      return .wait(flight)
    }
    state.counts.misses += 1
    return .ask(flight, stored: stored, forward)
  }

  /// A new flight, or nil when one is under way that is not overdue.
  private static func takeFlight(_ state: inout State, _ inquiry: CacheInquiry) -> CacheFlight? {
    let key = flightKey(state, inquiry)
    if let flight = state.flights[key], inquiry.instant - flight.startedAt < .seconds(30) {
      return nil
    }
    let flight = CacheFlight(key: key, startedAt: inquiry.instant)
    state.flights[key] = flight
    return flight
  }

  /// Requests that would select different variants do not wait for each other.
  private static func flightKey(_ state: State, _ inquiry: CacheInquiry) -> String {
    var key = inquiry.key.text
    for name in state.store.varyNames(inquiry.key) {
      let value = VaryFields.normalized(name, inquiry.request.headers)
      key += "y\(name.utf8.count):\(name)\(value.map { "\($0.utf8.count):\($0)" } ?? "-")"
    }
    return key
  }

  /// A point in the order of removals; what was asked before a removal is not stored after it.
  var point: Int { state.withLock { $0.store.point } }

  /// Ends a flight.
  func finish(
    _ flight: CacheFlight?, _ outcome: CacheFlight.Outcome,
    _ change: (inout CacheStore) -> Void = { _ in }
  ) {
    state.withLock { state in
      change(&state.store)
      Self.land(flight, &state)
    }
    flight?.finish(outcome)
  }

  /// Stores an answer and ends its flight: what is stored is seen before anyone is told.
  func store(
    _ stored: StoredResponse, for inquiry: CacheInquiry, askedAt point: Int, _ flight: CacheFlight?
  ) -> Bool {
    let isStored = state.withLock { state in
      state.store.removeVariant(inquiry.key, inquiry.request)
      Self.land(flight, &state)
      return state.store.insert(stored, for: inquiry.key, askedAt: point)
    }
    flight?.finish(isStored ? .stored : .unshared)
    return isStored
  }

  private static func land(_ flight: CacheFlight?, _ state: inout State) {
    guard let flight, state.flights[flight.key] === flight else { return }
    state.flights[flight.key] = nil
  }

  /// Removes what an unsafe request has changed.
  func invalidate(resources: Set<String>) {
    state.withLock { state in
      for resource in resources { state.store.purge(resource: resource) }
    }
  }
}

/// One request as the cache sees it.
package struct CacheInquiry: Sendable {
  let request: Request
  let rule: CacheRule
  let key: CacheKey
  var client: CacheDirectives
  var now: Timestamp
  var instant: MonotonicInstant

  init(_ request: Request, _ context: RequestContext, rule: CacheRule) {
    self.request = request
    self.rule = rule
    key = CacheKey(request, context, rule: rule)
    client = CacheDirectives(request.headers.joined("cache-control"))
    now = context.receivedAt
    instant = context.startedAt
  }

  /// The same at a later time, its own wishes fulfilled by an answer that came after it.
  func again(_ context: RequestContext, fulfilled: Bool) -> CacheInquiry {
    var inquiry = self
    inquiry.now = context.clock.now()
    inquiry.instant = context.clock.monotonic()
    if fulfilled { inquiry.client = CacheDirectives() }
    return inquiry
  }

  func decision(_ stored: StoredResponse) -> ReuseDecision {
    ReuseDecision.decide(stored, rule: rule, client: client, now: now)
  }
}
