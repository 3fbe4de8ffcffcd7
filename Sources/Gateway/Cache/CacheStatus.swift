import HTTPExchange

/// The member that this cache adds to `Cache-Status` (RFC 9211).
struct CacheStatus: Sendable, Hashable {
  /// Why the origin was asked (§2.2).
  enum Forward: String, Sendable, Hashable {
    case bypass, method, miss, request, stale
    case uriMiss = "uri-miss"
    case varyMiss = "vary-miss"
  }

  var forward: Forward?
  var forwardStatus: Int?
  var isStored = false
  var isCollapsed = false
  var ttl: Int?
  var detail: String?

  static let name = "Portico"

  /// A hit with the seconds of freshness that are left.
  static func hit(ttl: Int) -> CacheStatus {
    var status = CacheStatus()
    status.ttl = ttl
    return status
  }

  init(forward: Forward? = nil, forwardStatus: Int? = nil, detail: String? = nil) {
    self.forward = forward
    self.forwardStatus = forwardStatus
    self.detail = detail
  }

  /// The member as it is sent.
  var text: String {
    var text = Self.name
    if let forward { text += "; fwd=\(forward.rawValue)" } else { text += "; hit" }
    if let forwardStatus { text += "; fwd-status=\(forwardStatus)" }
    if let ttl { text += "; ttl=\(ttl)" }
    if isStored { text += "; stored" }
    if isCollapsed { text += "; collapsed" }
    if let detail { text += "; detail=\(detail)" }
    return text
  }

  /// One word for the log.
  var word: String {
    guard let forward else { return (ttl ?? 0) > 0 ? "hit" : "stale" }
    return forward.rawValue
  }
}
