import HTTPExchange

/// The address of an upstream with `{name}` filled from the path's parameters.
struct UpstreamTarget: Sendable {
  private enum Part: Sendable {
    case literal(String)
    case parameter(String)
  }

  private let parts: [Part]
  /// Host and port, for logs and for the field `Host`.
  let authority: String

  init(_ uri: String) {
    var parts: [Part] = []
    var rest = uri[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      parts.append(.literal(String(rest[..<open])))
      parts.append(.parameter(String(rest[rest.index(after: open)..<close])))
      rest = rest[rest.index(after: close)...]
    }
    parts.append(.literal(String(rest)))
    self.parts = parts
    authority = Self.authority(of: uri)
  }

  static func authority(of uri: String) -> String {
    guard let scheme = uri.firstRange(of: "://") else { return "" }
    return String(uri[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }).lowercased()
  }

  /// Link-local addresses are where clouds keep credentials (spec/gateway.md §4.3, SSRF).
  static func isForbidden(_ uri: String) -> Bool {
    let authority = authority(of: uri)
    return authority.hasPrefix("169.254.") || authority.hasPrefix("[fe80:")
      || authority.hasPrefix("[fd00:ec2:") || authority.hasPrefix("metadata.")
      || authority.contains("@")
  }

  /// The URL for a request: parameters are encoded again, the query is passed as it came.
  func url(_ request: Request, _ context: RequestContext) -> String {
    var url = ""
    for part in parts {
      switch part {
      case .literal(let text): url += text
      case .parameter(let name):
        let value = context.pathParameter(name) ?? ""
        url += PercentEncoding.encode(value, keeping: "/!$&'()*+,;=:@")
      }
    }
    guard let query = request.target.query, !query.isEmpty else { return url }
    return url + (url.contains("?") ? "&" : "?") + query
  }
}
