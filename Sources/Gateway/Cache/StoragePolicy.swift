import HTTPExchange
import Time

/// What to do with an answer of the origin: a pure decision by rule, request and answer.
enum StoragePolicy: Sendable, Hashable {
  /// Store, with the lifetime.
  case store(Lifetime)
  /// Do not store, and why, for `Cache-Status`.
  case pass(String)

  /// Statuses whose rules this cache knows (RFC 9111 §5.2.2.3).
  private static let understood: Set<Int> = [
    200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 406, 409, 410, 411, 412,
    413, 414, 415, 421, 422, 429, 500, 501, 502, 503, 504, 505,
  ]
  /// CloudFront keeps these errors without being told (HTTPStatusCodes.html) …
  private static let keptErrors: Set<Int> = [404, 414, 500, 501, 502, 503, 504]
  /// … and these only when told.
  private static let toldErrors: Set<Int> = [400, 403, 405, 412, 415]

  static func decide(
    rule: CacheRule, request: Request, status: Int, headers: HeaderFields, received: Timestamp
  ) -> StoragePolicy {
    if let reason = refusal(rule, request, status, headers) { return .pass(reason) }
    let directives = AnswerDirectives(headers)
    let policy: StoragePolicy =
      switch rule.mode {
      case .off: .pass("off")
      case .stage: stage(rule, status)
      case .cloudfront: cloudFront(rule, status, headers, directives, received)
      case .rfc9111: standard(status, headers, directives, received)
      }
    guard case .store = policy else { return policy }
    return authorizationAllows(rule, request, directives.directives)
      ? policy : .pass("authorization")
  }

  /// What no mode stores.
  private static func refusal(
    _ rule: CacheRule, _ request: Request, _ status: Int, _ headers: HeaderFields
  ) -> String? {
    if request.method != "GET" { return "method" }
    if status < 200 || status == 206 || status == 304 { return "status" }
    if rule.mode == .rfc9111, rule.heedsRequest,
      CacheDirectives(request.headers.joined("cache-control")).noStore
    {
      return "request"
    }
    if headers.contains("set-cookie"), !rule.storesCookies { return "set-cookie" }
    let vary = VaryFields(headers)
    if vary.isEverything { return "vary" }
    // An origin that is told back without saying so would be told to everyone.
    if let origin = headers["access-control-allow-origin"], origin != "*",
      !vary.names.contains("origin")
    {
      return "origin"
    }
    return nil
  }

  /// RFC 9111 §3.5. With the identity in the key nobody else is ever served, which is what the rule
  /// protects; with the field itself in the key likewise.
  private static func authorizationAllows(
    _ rule: CacheRule, _ request: Request, _ directives: CacheDirectives
  ) -> Bool {
    if rule.identity || rule.headers.contains(where: { equalsIgnoringCase($0, "authorization") }) {
      return true
    }
    guard request.headers.contains("authorization") else { return true }
    return directives.isPublic || directives.mustRevalidate || directives.sharedMaxAge != nil
  }

  // MARK: Modes

  /// RFC 9111 §3.
  private static func standard(
    _ status: Int, _ headers: HeaderFields, _ directives: AnswerDirectives, _ received: Timestamp
  ) -> StoragePolicy {
    let control = directives.directives
    if control.mustUnderstand {
      if !understood.contains(status) { return .pass("must-understand") }
    } else if control.noStore {
      return .pass("no-store")
    }
    if control.isPrivate { return .pass("private") }
    let lifetime = Freshness.lifetime(
      status: status, headers: headers, directives: directives, received: received)
    if lifetime.seconds > 0 { return .store(lifetime) }
    // Stale at once, but a validator can make it good again.
    let mayKeep =
      lifetime.isExplicit || control.isPublic || Freshness.heuristicStatuses.contains(status)
    let hasValidator = headers.contains("etag") || headers.contains("last-modified")
    return mayKeep && hasValidator ? .store(lifetime) : .pass("no-freshness")
  }

  /// The truth table of CloudFront's Expiration.html.
  private static func cloudFront(
    _ rule: CacheRule, _ status: Int, _ headers: HeaderFields, _ directives: AnswerDirectives,
    _ received: Timestamp
  ) -> StoragePolicy {
    let control = directives.directives
    let said = Freshness.lifetime(
      status: status, headers: headers, directives: directives, received: received)
    let isSaid = said.isExplicit
    if keptErrors.contains(status) {
      let seconds = max(rule.errorTTLSeconds, isSaid ? said.seconds : 0)
      return seconds > 0 ? .store(Lifetime(seconds: seconds, basis: .rule)) : .pass("error")
    }
    if status >= 400, !(toldErrors.contains(status) && isSaid) { return .pass("status") }
    if control.noStore || control.noCache || control.isPrivate {
      if rule.minimumTTLSeconds == 0 { return .pass("no-store") }
      return .store(Lifetime(seconds: rule.minimumTTLSeconds, basis: .rule))
    }
    let seconds =
      isSaid
      ? min(max(said.seconds, rule.minimumTTLSeconds), rule.maximumTTLSeconds)
      : max(rule.minimumTTLSeconds, rule.defaultTTLSeconds)
    return seconds > 0
      ? .store(Lifetime(seconds: seconds, basis: isSaid ? said.basis : .rule))
      : .pass("no-freshness")
  }

  /// API Gateway's stage cache asks the origin nothing.
  private static func stage(_ rule: CacheRule, _ status: Int) -> StoragePolicy {
    guard rule.ttlSeconds > 0 else { return .pass("ttl") }
    guard (200...299).contains(status) else { return .pass("status") }
    return .store(Lifetime(seconds: rule.ttlSeconds, basis: .rule))
  }
}
