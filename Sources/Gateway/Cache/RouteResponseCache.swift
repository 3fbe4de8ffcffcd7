import HTTPExchange
import NIOCore
import Time

/// The cache of one route: its rule on the store that all routes share.
struct RouteResponseCache: RouteCache {
  typealias Origin = @Sendable (Request, RequestContext) async throws -> Response

  let rule: CacheRule
  let cache: ResponseCache

  /// How long nobody waits for answers that turned out not to be shareable.
  private static let uncacheableFor = Duration.seconds(10)
  /// Waiting leads to an answer or to asking for oneself, never round and round.
  private static let mostRounds = 3

  func lookUp(_ request: Request, _ context: RequestContext) -> Response? {
    guard CacheableRequest.isEligible(request, context, rule: rule) else { return nil }
    let inquiry = CacheInquiry(request, context, rule: rule)
    let invalidates = rule.mode == .stage && inquiry.client.maxAge == 0
    if invalidates, rule.invalidation == .refused {
      return GatewayRefusal.transport(status: 403, message: "Forbidden")
        .response(requestID: context.requestID, strict: cache.strictAWS)
    }
    if let stored = cache.lookUp(inquiry) {
      var response = answer(inquiry, stored, .hit(ttl: stored.freshFor(at: inquiry.now)))
      if invalidates, rule.invalidation == .warned {
        response.headers.append(
          "warning", "199 cache-control-max-age \"max-age=0 was not honoured\"")
      }
      return response
    }
    if rule.mode == .rfc9111, rule.heedsRequest, inquiry.client.onlyIfCached {
      // RFC 9111 §5.2.1.7.
      return GatewayRefusal.transport(status: 504, message: "Gateway Timeout")
        .response(requestID: context.requestID, strict: cache.strictAWS)
    }
    return nil
  }

  func inquiry(_ request: Request, _ context: RequestContext) -> CacheInquiry? {
    guard rule.mode == .rfc9111, !cache.report.tellsKey,
      CacheableRequest.isEligible(request, context, rule: rule)
    else { return nil }
    return CacheInquiry(request, context, rule: rule)
  }

  func lookUp(_ inquiry: CacheInquiry, _ context: RequestContext) -> Response? {
    var inquiry = inquiry
    inquiry.now = context.receivedAt
    inquiry.instant = context.startedAt
    guard let stored = cache.lookUp(inquiry) else { return nil }
    let age = stored.age(at: inquiry.now)
    let status = CacheStatus.hit(ttl: stored.lifetime.seconds - age)
    let sendsStatus = cache.report.sendsStatus
    guard
      let opening = stored.head.bytes(stored, age: age, status: sendsStatus ? status.text : nil)
    else {
      return answer(inquiry, stored, status)
    }
    var response = Response(status: stored.status, body: .bytes(stored.body))
    response.opening = opening
    response.notes.cache = status.word
    return response
  }

  func respond(_ request: Request, _ context: RequestContext, from origin: @escaping Origin)
    async throws -> Response
  {
    guard CacheableRequest.isEligible(request, context, rule: rule) else {
      return try await pass(request, context, origin)
    }
    var inquiry = CacheInquiry(request, context, rule: rule).again(context, fulfilled: false)
    var company = ResponseCache.Company.any
    for round in 0... {
      if round >= Self.mostRounds { company = .none }
      switch cache.next(inquiry, company) {
      case .answer(let stored):
        var status = CacheStatus.hit(ttl: stored.freshFor(at: inquiry.now))
        status.isCollapsed = round > 0
        return answer(inquiry, stored, status)
      case .answerThenAsk(let stored, let flight):
        if let flight { askLater(inquiry, context, flight, stored, origin) }
        return answer(inquiry, stored, .hit(ttl: stored.freshFor(at: inquiry.now)))
      case .ask(let flight, let stored, let reason):
        return try await ask(inquiry, context, flight, stored, reason, origin)
      case .wait(let flight):
        switch await flight.outcome() {
        case .stored: company = .otherVariants
        case .stale(let stored):
          inquiry = inquiry.again(context, fulfilled: true)
          return answer(inquiry, stored, .hit(ttl: stored.freshFor(at: inquiry.now)))
        case .unshared: company = .none
        case .abandoned: break
        case .failed(let error): throw error
        }
        inquiry = inquiry.again(context, fulfilled: company == .otherVariants)
      }
    }
    return try await pass(request, context, origin)
  }

  private func answer(_ inquiry: CacheInquiry, _ stored: StoredResponse, _ status: CacheStatus)
    -> Response
  {
    CachedAnswer(request: inquiry.request, rule: rule, now: inquiry.now)
      .response(stored, status, cache.report)
  }

  // MARK: Past the cache

  /// Asks without looking or storing; an unsafe request that worked makes what is stored invalid
  /// (RFC 9111 §4.4).
  private func pass(_ request: Request, _ context: RequestContext, _ origin: Origin) async throws
    -> Response
  {
    var response = try await origin(request, context)
    if CacheableRequest.isUnsafe(request) {
      if (200..<400).contains(response.status) {
        cache.invalidate(resources: ChangedResources.of(request, context, response))
      }
    } else if rule.mode != .off {
      let reason = request.method == "GET" || request.method == "HEAD"
      CachedAnswer.decorate(
        &response, CacheStatus(forward: reason ? .bypass : .method), rule, request, cache.report)
    }
    return response
  }

  // MARK: Asking the origin

  /// Refreshes a stale answer that a client has already got (RFC 5861 §3). The task is its own,
  /// since the client's ends with its answer; the flight keeps it to one per key.
  private func askLater(
    _ inquiry: CacheInquiry, _ context: RequestContext, _ flight: CacheFlight,
    _ stored: StoredResponse, _ origin: @escaping Origin
  ) {
    Task {
      _ = try? await ask(inquiry, context, flight, stored, .stale, origin)
    }
  }

  private func ask(
    _ inquiry: CacheInquiry, _ context: RequestContext, _ flight: CacheFlight?,
    _ stored: StoredResponse?, _ reason: CacheStatus.Forward, _ origin: Origin
  ) async throws -> Response {
    let validated = rule.mode == .stage || stored?.hasValidator != true ? nil : stored
    let outgoing = CacheableRequest.outgoing(inquiry.request, rule: rule, validating: validated)
    let requested = context.clock.now()
    let point = cache.point
    var response: Response
    do {
      response = try await origin(outgoing, context)
      if response.body.buffer == nil, isStorable(response, inquiry, context) {
        response.body = try await body(of: response)
      }
    } catch {
      return try failed(inquiry, context, flight, stored, error)
    }
    let fill = Fill(
      inquiry: inquiry, flight: flight, reason: reason, point: point, requested: requested,
      received: context.clock.now())
    if response.status == 304 {
      guard let validated else {
        cache.finish(flight, .unshared)
        throw IntegrationFailure.malformed("304 to a request without condition")
      }
      return refresh(fill, validated, by: response)
    }
    if inquiry.request.method == "HEAD", response.status < 500 {
      return compare(fill, stored, with: response)
    }
    if response.status >= 500, let stored,
      stored.maySubstitute(
        isDisconnected: false, bound: rule.staleOnErrorSeconds, now: fill.received)
    {
      return substitute(inquiry, fill.received, flight, stored)
    }
    return keep(fill, response)
  }

  /// One question to the origin and when it was asked and answered.
  private struct Fill {
    let inquiry: CacheInquiry
    let flight: CacheFlight?
    let reason: CacheStatus.Forward
    /// Where the removals stood when it was asked.
    let point: Int
    let requested: Timestamp
    let received: Timestamp
  }

  private func isStorable(
    _ response: Response, _ inquiry: CacheInquiry, _ context: RequestContext
  ) -> Bool {
    let policy = StoragePolicy.decide(
      rule: rule, request: inquiry.request, status: response.status, headers: response.headers,
      received: context.clock.now())
    if case .store = policy { return true }
    return false
  }

  /// The bytes of a stream whose length is known and small enough to be stored, else the stream. A
  /// stream that ends early throws: a short body is never taken for a whole one (RFC 9111 §3.3).
  private func body(of response: Response) async throws -> Body {
    guard let length = response.body.length, length <= cache.settings.entryBytes else {
      return response.body
    }
    let buffer = try await response.body.collect(upTo: length)
    if buffer.readableBytes != length {
      throw IntegrationFailure.unavailable("the answer ended early")
    }
    return .bytes(buffer)
  }

  private func keep(_ fill: Fill, _ answer: Response) -> Response {
    let inquiry = fill.inquiry
    let policy = StoragePolicy.decide(
      rule: rule, request: inquiry.request, status: answer.status, headers: answer.headers,
      received: fill.received)
    guard case .store(let lifetime) = policy else {
      let why = if case .pass(let why) = policy { why } else { "" }
      return pass(fill, answer, why)
    }
    switch answer.body {
    case .stream(let stream) where stream.length == nil:
      return passing(fill, answer, stream, lifetime)
    case .stream: return pass(fill, answer, "size")
    case .bytes(let buffer) where buffer.readableBytes > cache.settings.entryBytes:
      return pass(fill, answer, "size")
    case .bytes, .empty: break
    }
    let stored = stored(fill, answer, answer.body.buffer ?? ByteBuffer(), lifetime)
    var status = CacheStatus(forward: fill.reason, forwardStatus: answer.status)
    status.isStored = cache.store(stored, for: inquiry, askedAt: fill.point, fill.flight)
    if status.isStored { status.ttl = stored.freshFor(at: fill.received) }
    return first(fill, stored, status, notes: answer.notes)
  }

  private func stored(_ fill: Fill, _ answer: Response, _ body: ByteBuffer, _ lifetime: Lifetime)
    -> StoredResponse
  {
    StoredResponse(
      answer, body: body, request: fill.inquiry.request, lifetime: lifetime,
      requested: fill.requested, received: fill.received)
  }

  /// Hands an answer on that is not stored.
  private func pass(_ fill: Fill, _ answer: Response, _ why: String) -> Response {
    let inquiry = fill.inquiry
    let until = fill.received + Self.uncacheableFor
    cache.finish(fill.flight, .unshared) { store in
      // A new answer takes the place of the old; an error does not (RFC 9111 §4.3.3).
      if answer.status < 500 { store.removeVariant(inquiry.key, inquiry.request) }
      store.remember(uncacheable: inquiry.key, until: until)
    }
    let status = CacheStatus(forward: fill.reason, forwardStatus: answer.status, detail: why)
    var response = answer
    CachedAnswer.decorate(&response, status, rule, fill.inquiry.request, cache.report)
    return response
  }

  /// Hands a stream of unknown length on and stores a copy once it has ended well. Nobody waits for
  /// it: it goes as fast as its reader, who may be slow.
  private func passing(
    _ fill: Fill, _ answer: Response, _ stream: BodyStream, _ lifetime: Lifetime
  ) -> Response {
    cache.finish(fill.flight, .unshared)
    let copy = CopiedStream(stream, limit: cache.settings.entryBytes) { body in
      _ = cache.store(
        stored(fill, answer, body, lifetime), for: fill.inquiry, askedAt: fill.point, nil)
    }
    var response = answer
    response.body = .stream(BodyStream(copy))
    var status = CacheStatus(forward: fill.reason, forwardStatus: answer.status)
    status.isStored = true
    CachedAnswer.decorate(&response, status, rule, fill.inquiry.request, cache.report)
    return response
  }

  /// A 304: what is stored is good again (RFC 9111 §4.3.4).
  private func refresh(_ fill: Fill, _ old: StoredResponse, by answer: Response) -> Response {
    let inquiry = fill.inquiry
    var stored = old
    stored.refresh(
      by: answer, to: inquiry.request, requested: fill.requested, received: fill.received)
    let policy = StoragePolicy.decide(
      rule: rule, request: inquiry.request, status: stored.status, headers: stored.headers,
      received: fill.received)
    var status = CacheStatus(forward: fill.reason, forwardStatus: 304)
    if case .store(let lifetime) = policy {
      stored.lifetime = lifetime
      status.isStored = cache.store(stored, for: inquiry, askedAt: fill.point, fill.flight)
      if status.isStored { status.ttl = stored.freshFor(at: fill.received) }
    } else {
      cache.finish(fill.flight, .unshared) { $0.removeVariant(inquiry.key, inquiry.request) }
    }
    return first(fill, stored, status, notes: answer.notes)
  }

  /// The answer to a HEAD: where it tells of what is stored, that is good again and takes its
  /// fields; where it tells of something else, what is stored goes (RFC 9111 §4.3.5).
  private func compare(_ fill: Fill, _ old: StoredResponse?, with answer: Response) -> Response {
    let inquiry = fill.inquiry
    var status = CacheStatus(
      forward: fill.reason, forwardStatus: answer.status, detail: old == nil ? "method" : nil)
    if let old {
      var stored = old
      let policy = stored.refresh(
        byHead: answer, to: inquiry.request, rule: rule, requested: fill.requested,
        received: fill.received)
      if case .store(let lifetime) = policy {
        stored.lifetime = lifetime
        status.isStored = cache.store(stored, for: inquiry, askedAt: fill.point, fill.flight)
      } else {
        cache.finish(fill.flight, .unshared) { $0.removeVariant(inquiry.key, inquiry.request) }
      }
    } else {
      cache.finish(fill.flight, .unshared)
    }
    var response = answer
    CachedAnswer.decorate(&response, status, rule, inquiry.request, cache.report)
    return response
  }

  /// The answer to whoever asked: its own conditions and range hold for it too.
  private func first(
    _ fill: Fill, _ stored: StoredResponse, _ status: CacheStatus, notes: ResponseNotes
  ) -> Response {
    var response = CachedAnswer(request: fill.inquiry.request, rule: rule, now: fill.received)
      .response(stored, status, isReused: false, cache.report)
    var merged = notes
    merged.cache = response.notes.cache
    response.notes = merged
    return response
  }

  // MARK: Failures

  private func failed(
    _ inquiry: CacheInquiry, _ context: RequestContext, _ flight: CacheFlight?,
    _ stored: StoredResponse?, _ error: any Error
  ) throws -> Response {
    if error is CancellationError {
      cache.finish(flight, .abandoned)
      throw error
    }
    let isDisconnected = if case IntegrationFailure.unavailable = error { true } else { false }
    let now = context.clock.now()
    let isAnswer = (error as? Problem).map { $0.status < 500 } ?? false
    if !isAnswer, let stored,
      stored.maySubstitute(
        isDisconnected: isDisconnected, bound: rule.staleOnErrorSeconds, now: now)
    {
      return substitute(inquiry, now, flight, stored)
    }
    // Only what surely was not this request's own fault is everyone's failure.
    cache.finish(flight, isDisconnected ? .failed(error) : .unshared)
    throw error
  }

  private func substitute(
    _ inquiry: CacheInquiry, _ now: Timestamp, _ flight: CacheFlight?, _ stored: StoredResponse
  ) -> Response {
    cache.finish(flight, .stale(stored))
    var status = CacheStatus.hit(ttl: stored.freshFor(at: now))
    status.detail = "stale-if-error"
    return CachedAnswer(request: inquiry.request, rule: rule, now: now)
      .response(stored, status, cache.report)
  }
}
