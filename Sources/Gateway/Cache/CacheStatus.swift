import HTTPExchange

/// What answers tell of the cache.
struct CacheReport: Sendable, Hashable {
  /// AWS's answers tell nothing.
  var sendsStatus: Bool
  var tellsKey = false
}

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
  /// The key as it may be told (§2.7).
  var key: String?
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
    if let key { text += "; key=\"\(Self.quotable(key))\"" }
    if let detail { text += "; detail=\(detail)" }
    return text
  }

  /// What a string of Structured Fields may hold (RFC 9651 §3.3.3), within a bound.
  private static func quotable(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars.prefix(256) {
      switch scalar {
      case "\"", "\\": out += "\\\(scalar)"
      case " "..."~": out.unicodeScalars.append(scalar)
      default: out += "?"
      }
    }
    return out
  }

  /// One word for the log and the metrics; what was asked anew is never called stale.
  var word: String {
    guard let forward else { return (ttl ?? 0) > 0 ? "hit" : "stale" }
    if forwardStatus == 304 { return "revalidated" }
    return forward == .stale ? "expired" : forward.rawValue
  }
}
