import HTTPExchange

/// Fields that concern one connection only (RFC 9110 §7.6.1) and are never passed on.
enum HopByHop {
  private static let names: Set<String> = [
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade",
  ]

  /// The fields to pass on: without hop-by-hop fields and those that `Connection` lists.
  static func endToEnd(_ headers: HeaderFields) -> [HeaderFields.Field] {
    let listed = headers.values("connection").flatMap {
      $0.split(separator: ",").map { $0.trimmed.lowercased() }
    }
    return headers.fields.filter { field in
      let name = field.name.lowercased()
      return !names.contains(name) && !listed.contains(name)
    }
  }

  /// Adds our member to `Via` (RFC 9110 §7.6.3).
  static func via(_ received: String?) -> String {
    received.map { "\($0), 1.1 portico" } ?? "1.1 portico"
  }
}
