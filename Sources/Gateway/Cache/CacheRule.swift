/// How the answers of one route are cached.
package struct CacheRule: Sendable, Hashable {
  /// Who decides how long.
  package enum Mode: String, Sendable, Hashable, CaseIterable {
    /// The origin, by RFC 9111.
    case rfc9111
    /// The origin within bounds, as CloudFront does.
    case cloudfront
    /// The rule alone, as API Gateway's stage cache does.
    case stage
    case off
  }

  /// Which part of the query tells answers apart.
  package enum QueryKey: Sendable, Hashable {
    case all
    case named([String])
  }

  /// What `Cache-Control: max-age=0` of a client does in the mode `stage`.
  package enum Invalidation: String, Sendable, Hashable, CaseIterable {
    /// Asks the origin anew and replaces what is stored.
    case allowed
    /// AWS's FAIL_WITH_403.
    case refused
    /// AWS's SUCCEED_WITH_RESPONSE_HEADER: the stored answer with a warning.
    case warned
    /// AWS's SUCCEED_WITHOUT_RESPONSE_HEADER: the stored answer.
    case ignored
  }

  package var mode = Mode.rfc9111
  /// Mode `stage`: seconds that an answer is served; 0 is off. AWS's default, AWS's limit 3600.
  package var ttlSeconds = 300
  /// Mode `cloudfront`: never less than this, whatever the origin says.
  package var minimumTTLSeconds = 0
  /// Mode `cloudfront`: where the origin says nothing.
  package var defaultTTLSeconds = 86_400
  /// Mode `cloudfront`: never more than this.
  package var maximumTTLSeconds = 31_536_000
  /// Mode `cloudfront`: for 404, 414 and 500 to 504 without a word from the origin.
  package var errorTTLSeconds = 10
  /// Nil is everything, but nothing in the mode `stage`, as API Gateway has it.
  package var query: QueryKey?
  /// Request fields whose values tell answers apart, beside those that `Vary` names.
  package var headers: [String] = []
  /// Whether the caller's identity tells answers apart.
  package var identity = false
  /// Whether answers with `Set-Cookie` are stored; RFC 9111 §7.3 allows it, prudence does not.
  package var storesCookies = false
  /// Whether `no-cache`, `max-age` and the like of a client count in the mode `rfc9111`.
  package var heedsRequest = true
  package var invalidation = Invalidation.ignored
  /// Seconds past its lifetime that an answer may stand in for an origin that cannot be reached.
  package var staleOnErrorSeconds = 86_400

  package init(mode: Mode = .rfc9111) { self.mode = mode }

  /// The query that tells answers apart, once the mode is known.
  var queryKey: QueryKey { query ?? (mode == .stage ? .named([]) : .all) }
}
