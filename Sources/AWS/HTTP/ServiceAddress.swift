import Diagnostics

/// Scheme, host and base path of a service, read from a URL and refused when it says more.
package struct ServiceAddress: Sendable, Hashable {
  /// `http` or `https`.
  package let scheme: String
  /// The `Host` field: with the port unless it is the scheme's own.
  package let host: String
  /// The name alone, IPv6 in brackets.
  package let hostName: String
  /// Path before every request's own, without a slash at its end.
  package let basePath: String

  package init(_ url: String, setting: String) throws(AWSError) {
    let parts = url.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
    let scheme = parts.first.map { $0.lowercased() } ?? ""
    guard parts.count == 2, scheme == "http" || scheme == "https" else {
      throw Self.invalid(url, setting, "it does not begin with http:// or https://")
    }
    let rest = parts[1]
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let authority = rest[..<slash].lowercased()
    let path = rest[slash...]
    guard !path.contains("?"), !path.contains("#"), Self.isPlain(path) else {
      throw Self.invalid(url, setting, "only a plain path may follow the host")
    }
    let (name, port) = try Self.divide(authority, url, setting)
    self.scheme = scheme
    hostName = name
    let usual = scheme == "https" ? 443 : 80
    host = port == nil || port == usual ? name : "\(name):\(port ?? usual)"
    basePath = path.hasSuffix("/") ? String(path.dropLast()) : String(path)
  }

  private static func divide(
    _ authority: String, _ url: String, _ setting: String
  ) throws(AWSError) -> (String, Int?) {
    var name = authority[...]
    var port: Int?
    if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
      guard let number = Int(authority[authority.index(after: colon)...]),
        (1...65_535).contains(number)
      else { throw invalid(url, setting, "the port is not one") }
      port = number
      name = authority[..<colon]
    }
    let isBracketed = name.hasPrefix("[") && name.hasSuffix("]")
    let isValid = name.utf8.allSatisfy { byte in
      PercentEncoding.isUnreserved(byte) && byte != UInt8(ascii: "~")
        || (isBracketed && "[]:".utf8.contains(byte))
    }
    guard !name.isEmpty, isValid else { throw invalid(url, setting, "the host is not one") }
    return (String(name), port)
  }

  private static func isPlain(_ path: Substring) -> Bool {
    path.utf8.allSatisfy { PercentEncoding.isUnreserved($0) || $0 == UInt8(ascii: "/") }
  }

  private static func invalid(_ url: String, _ setting: String, _ why: String) -> AWSError {
    .configuration(
      Diagnostic(
        .endpointInvalid, "\(setting) '\(url)' cannot be used: \(why)",
        remedy: "write it like https://s3.example.org or http://127.0.0.1:8333"))
  }
}

/// AWS's partitions, as far as names of hosts differ.
package enum Partition {
  /// The suffix of host names in a region.
  package static func suffix(of region: String) -> String {
    region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
  }
}
