import Time

/// Whether a stored answer may be given to a request now: a pure decision (RFC 9111 §4, RFC 5861).
enum ReuseDecision: Sendable, Hashable {
  /// As it is.
  case fresh
  /// As it is, though stale, since the client takes it.
  case stale
  /// At once, while the origin is asked behind the client's back.
  case staleWhileRevalidate
  /// Only after the origin was asked; the reason is `Cache-Status`'s.
  case validate(CacheStatus.Forward)

  static func decide(
    _ stored: StoredResponse, rule: CacheRule, client: CacheDirectives, now: Timestamp
  ) -> ReuseDecision {
    let left = stored.freshFor(at: now)
    switch rule.mode {
    case .off: return .validate(.bypass)
    // The origin says nothing here, and the client one thing at most.
    case .stage:
      if client.maxAge == 0, rule.invalidation == .allowed { return .validate(.request) }
      return left > 0 ? .fresh : .validate(.stale)
    case .cloudfront: return left > 0 ? .fresh : stale(stored, -left)
    case .rfc9111: break
    }
    if stored.directives.noCache { return .validate(.stale) }
    if rule.heedsRequest {
      if client.noCache { return .validate(.request) }
      if let most = client.maxAge, stored.age(at: now) > most { return .validate(.request) }
      if let least = client.minFresh, left < least { return .validate(.request) }
    }
    if left > 0 { return .fresh }
    if rule.heedsRequest, let most = client.maxStale, -left <= most, stored.mayBeStale {
      return .stale
    }
    return stale(stored, -left)
  }

  private static func stale(_ stored: StoredResponse, _ past: Int) -> ReuseDecision {
    guard let window = stored.directives.staleWhileRevalidate, past <= window, stored.mayBeStale
    else { return .validate(.stale) }
    return .staleWhileRevalidate
  }
}

extension StoredResponse {
  /// Whether it may ever be served stale (RFC 9111 §4.2.4).
  var mayBeStale: Bool {
    !directives.mustRevalidate && !directives.proxyRevalidate && !directives.noCache
      && directives.sharedMaxAge == nil
  }

  /// Whether it may stand in when the origin fails.
  ///
  /// - Parameters:
  ///   - isDisconnected: no answer at all, which needs no permission (§4.2.4); an answer of 5xx
  ///     needs `stale-if-error` (RFC 5861 §4).
  ///   - bound: the most that the rule allows without the origin's word.
  func maySubstitute(isDisconnected: Bool, bound: Int, now: Timestamp) -> Bool {
    let past = -freshFor(at: now)
    if let window = directives.staleIfError {
      // The origin allowed it in so many words, which outweighs a shared lifetime, but not
      // must-revalidate.
      let forbidden = directives.mustRevalidate || directives.proxyRevalidate || directives.noCache
      return !forbidden && past <= window
    }
    return isDisconnected && mayBeStale && past <= bound
  }
}
