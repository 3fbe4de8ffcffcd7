import HTTPExchange
import NIOCore

/// Whether the cache has anything to do with a request, and what the origin is asked in its place.
enum CacheableRequest {
  /// Fields by which a client could ask for something else than the key says; no answer to such a
  /// request is stored or taken from the store.
  private static let overrides = [
    "x-http-method-override", "x-http-method", "x-method-override", "if-match",
    "if-unmodified-since",
  ]
  /// Fields that are in no key and on which servers have been seen to build answers; a cached route
  /// never passes them on. What the edge itself knows stands in the request and its context.
  private static let unkeyed = [
    "x-forwarded-host", "x-forwarded-server", "x-forwarded-scheme", "x-forwarded-port",
    "x-forwarded-prefix", "x-forwarded-path", "x-forwarded-proto", "x-forwarded-for", "forwarded",
    "x-original-url", "x-rewrite-url", "x-original-host", "x-host", "x-real-ip", "true-client-ip",
  ]
  /// The cache asks on its own behalf, for the whole (RFC 9111 §3.3, §4.3.1).
  private static let conditions = ["if-none-match", "if-modified-since", "if-range", "range"]
  /// Methods that change nothing (RFC 9110 §9.2.1); any other, known or not, invalidates.
  private static let safe: Set<String> = ["GET", "HEAD", "OPTIONS", "TRACE"]

  /// Whether the stored answer of a GET could be meant.
  static func isEligible(_ request: Request, _ context: RequestContext, rule: CacheRule) -> Bool {
    guard rule.mode != .off, request.method == "GET" || request.method == "HEAD" else {
      return false
    }
    if rule.mode == .stage, request.method != "GET" { return false }
    // Identity in the key and nobody known: nobody's answer is stored.
    if rule.identity, context.identity == nil { return false }
    return !hasBody(request) && !overrides.contains(where: request.headers.contains)
  }

  /// A GET with a body asks something that its key does not tell.
  private static func hasBody(_ request: Request) -> Bool {
    if request.headers.contains("transfer-encoding") { return true }
    if let length = request.headers["content-length"], length != "0" { return true }
    // A stream's length may be unknown; on the wire a body has one of the two fields above.
    return (request.body.buffer?.readableBytes ?? 0) > 0
  }

  static func isUnsafe(_ request: Request) -> Bool { !safe.contains(request.method) }

  /// What the origin is asked: no conditions of the client's, those of the stored answer instead.
  static func outgoing(_ request: Request, rule: CacheRule, validating stored: StoredResponse?)
    -> Request
  {
    var outgoing = request
    let keyed = Set(rule.headers.map { $0.lowercased() })
    for name in conditions { outgoing.headers.remove(name) }
    for name in unkeyed where !keyed.contains(name) { outgoing.headers.remove(name) }
    if let tag = stored?.headers["etag"] { outgoing.headers.append("if-none-match", tag) }
    if let date = stored?.headers["last-modified"] {
      outgoing.headers.append("if-modified-since", date)
    }
    return outgoing
  }
}
