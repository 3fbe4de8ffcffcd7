import Diagnostics
import HTTPExchange
import Time

/// The limits of a stage, from `gateway.throttle`.
package struct ThrottlePolicy: Sendable, Hashable {
  /// Of one route.
  package struct RouteLimits: Sendable, Hashable {
    /// All callers together.
    package var all: RateLimit?
    /// Each address.
    package var address: RateLimit?

    package init(all: RateLimit? = nil, address: RateLimit? = nil) {
      self.all = all
      self.address = address
    }
  }

  package var stage: RateLimit?
  package var address: RateLimit?
  package var user: RateLimit?
  /// By route key.
  package var routes: [String: RouteLimits]

  package init(
    stage: RateLimit? = nil, address: RateLimit? = nil, user: RateLimit? = nil,
    routes: [String: RouteLimits] = [:]
  ) {
    self.stage = stage
    self.address = address
    self.user = user
    self.routes = routes
  }
}

/// The bucket nearest to empty that a request passed, for the `RateLimit` fields.
package struct BucketStanding: Sendable, Hashable {
  package var scope: BucketKey.Scope
  package var limit: RateLimit
  package var remaining: Int

  /// Adds `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-09).
  func write(to headers: inout HeaderFields) {
    let window = max(1, Int((Double(limit.burst) / max(limit.ratePerSecond, 1e-9)).rounded(.up)))
    // Put together piece by piece: interpolation takes several times as long.
    let name = "\"" + scope.description + "\";"
    headers.append(
      "ratelimit-policy", name + "q=" + String(limit.burst) + ";w=" + String(window))
    let missing = Double(limit.burst - remaining) / max(limit.ratePerSecond, 1e-9)
    let seconds = max(0, Int(missing.rounded(.up)))
    headers.append("ratelimit", name + "r=" + String(remaining) + ";t=" + String(seconds))
  }
}

extension BucketKey.Scope: CustomStringConvertible {
  package var description: String {
    switch self {
    case .address: "address"
    case .addressOnRoute: "address-route"
    case .key: "key"
    case .route: "route"
    case .stage: "stage"
    case .user: "user"
    }
  }
}

/// The name of a client's bucket: IPv6 clients own a /64, so that is what is counted (RFC 4941).
func bucketAddress(_ address: String) -> String {
  guard address.utf8.contains(UInt8(ascii: ":")) else { return address }
  var groups = address.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
  if let gap = groups.firstIndex(of: ""), address.contains("::") {
    let present = groups.filter { !$0.isEmpty }.count
    groups.removeAll { $0.isEmpty }
    groups.insert(contentsOf: Array(repeating: "0", count: max(0, 8 - present)), at: gap)
  }
  return groups.prefix(4).joined(separator: ":") + "::/64"
}
