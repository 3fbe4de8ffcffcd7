import HTTPExchange

/// What answers a request: chosen by host first, then by path prefix.
package struct Behaviours: Sendable {
  /// The choice.
  enum Behaviour: Sendable {
    case misdirected
    case redirect(Response)
    /// The API, with the path below its base path.
    case api(path: String, stage: String)
    case site
  }

  private let basePaths: [String]
  // A handful each: comparing them costs less than hashing.
  private let hosts: [String]
  private let apiHosts: [String]
  private let canonicalOrigin: String?

  init(_ settings: GatewaySettings) {
    // Longest first, so that /api/v1 wins over /api (AWS: longest mapping on a segment boundary).
    basePaths = settings.basePaths.sorted { $0.utf8.count > $1.utf8.count }
    hosts = settings.hosts.map { $0.lowercased() }
    apiHosts = settings.apiHosts.map { $0.lowercased() }
    canonicalOrigin = settings.canonicalOrigin
  }

  func behaviour(of request: Request) -> Behaviour {
    let host = request.host
    let path = request.target.path
    let isAPIHost = apiHosts.contains(host)
    if !isAPIHost, !hosts.isEmpty, !hosts.contains(host), !Self.isLoopback(host) {
      return .misdirected
    }
    for base in basePaths where path.hasPrefix(base) {
      let rest = path.utf8.dropFirst(base.utf8.count)
      guard rest.isEmpty || rest.first == UInt8(ascii: "/") else { continue }
      return .api(
        path: rest.isEmpty ? "/" : String(Substring(rest)), stage: String(base.dropFirst()))
    }
    if isAPIHost { return .api(path: path, stage: "$default") }
    if let canonicalOrigin, Self.isLoopback(host), host != "localhost",
      !canonicalOrigin.hasSuffix("://\(request.authority)"), Navigation.isNavigation(request)
    {
      // One origin for cookies and tokens: pages opened by address move to the name.
      var response = Response(redirect: canonicalOrigin + request.target.originForm, status: 307)
      response.headers.append("cache-control", "no-store")
      return .redirect(response)
    }
    return .site
  }

  /// Whether `behaviour(of:)` is the site's whatever else a request says; may say no too often.
  func isPlainlySite(host: String, path: String) -> Bool {
    if apiHosts.contains(host) { return false }
    let isLoopback = Self.isLoopback(host)
    if !hosts.isEmpty, !isLoopback, !hosts.contains(host) { return false }
    if canonicalOrigin != nil, isLoopback, host != "localhost" { return false }
    return !basePaths.contains { path.hasPrefix($0) }
  }

  static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host.hasPrefix("127.") || host == "[::1]"
  }
}

/// Whether a browser asks for a page rather than for a part of one.
enum Navigation {
  static func isNavigation(_ request: Request) -> Bool {
    guard request.method == "GET" || request.method == "HEAD" else { return false }
    if let mode = request.headers["sec-fetch-mode"] { return mode == "navigate" }
    return request.headers.joined("accept")?.contains("text/html") ?? false
  }
}

/// Fields that only the gateway may say, removed from what clients send (spec/gateway.md §4.3).
enum InboundFields {
  private static let prefixes = ["x-amz-", "x-amzn-", "apigw-", "x-user-"].map { Array($0.utf8) }

  static func clean(_ headers: inout HeaderFields) {
    guard headers.containsName(where: isReserved) else { return }
    headers.removeAll { isReserved($0.name) }
  }

  static func isReserved(_ name: String) -> Bool {
    var name = name
    return name.withUTF8(isReserved)
  }

  /// Reserved in every spelling: `X_Amzn_Claims` reads as `x-amzn-claims` behind CGI-like servers.
  private static func isReserved(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = name.first, first | 0x20 == 0x78 || first | 0x20 == 0x61 else {
      return false
    }
    let matches = prefixes.contains { prefix in
      name.count > prefix.count && prefix.indices.allSatisfy { same(name[$0], prefix[$0]) }
    }
    return matches
      && !(name.count == kept.count
        && kept.indices.allSatisfy { name[$0] | 0x20 == kept[$0] | 0x20 })
  }

  private static func same(_ byte: UInt8, _ expected: UInt8) -> Bool {
    (byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte) | 0x20 == expected | 0x20
  }

  private static let kept = Array("x-amzn-trace-id".utf8)
}
