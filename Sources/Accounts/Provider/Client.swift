/// An application that may ask for tokens, as `accounts.clients` registers it.
package struct OAuthClient: Sendable, Hashable {
  /// What kind it is (RFC 6749 §2.1, RFC 8252).
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// A page in a browser: no secret.
    case `public`
    /// A server: a secret.
    case confidential
    /// A program on the person's machine: no secret, any port on a loopback address.
    case native
  }

  package var id: String
  package var kind: Kind
  /// Compared byte by byte.
  package var redirectURIs: [String]
  /// Where sign-out may lead.
  package var logoutURIs: [String]
  /// Whose pages may call the token endpoint from a browser.
  package var origins: [String]
  package var grants: [String]
  package var scopes: [String]
  /// SHA-256 of the secret in hexadecimal, for confidential clients.
  package var secretDigest: String?
  /// Ours: no consent page, refresh cookie.
  package var isFirstParty: Bool

  package init(
    id: String, kind: Kind = .public, redirectURIs: [String], logoutURIs: [String] = [],
    origins: [String] = [], grants: [String] = ["authorization_code", "refresh_token"],
    scopes: [String] = ["openid", "email", "profile"], secretDigest: String? = nil,
    isFirstParty: Bool = false
  ) {
    self.id = id
    self.kind = kind
    self.redirectURIs = redirectURIs
    self.logoutURIs = logoutURIs
    self.origins = origins
    self.grants = grants
    self.scopes = scopes
    self.secretDigest = secretDigest
    self.isFirstParty = isFirstParty
  }

  /// Whether an answer may go there: byte equality, but for the port of a native client's loopback
  /// address (RFC 8252 §7.3).
  func allows(redirect uri: String) -> Bool {
    if redirectURIs.contains(where: { $0.utf8.elementsEqual(uri.utf8) }) { return true }
    guard kind == .native, let wanted = Self.withoutLoopbackPort(uri) else { return false }
    return redirectURIs.contains { Self.withoutLoopbackPort($0) == wanted }
  }

  /// The address without its port when its host is a loopback literal.
  private static func withoutLoopbackPort(_ uri: String) -> String? {
    for host in ["http://127.0.0.1", "http://[::1]"] where uri.hasPrefix(host) {
      let rest = uri.dropFirst(host.count)
      if rest.isEmpty || rest.hasPrefix("/") { return host + rest }
      guard rest.hasPrefix(":") else { return nil }
      let afterPort = rest.dropFirst().drop { ("0"..."9").contains($0) }
      let digits = rest.utf8.count - 1 - afterPort.utf8.count
      guard (1...5).contains(digits), afterPort.isEmpty || afterPort.hasPrefix("/") else {
        return nil
      }
      return host + afterPort
    }
    return nil
  }

  /// Why a redirect URI may not be registered, or nil.
  static func refusal(ofRedirect uri: String) -> String? {
    guard let scheme = uri.firstRange(of: "://") else { return "has no scheme" }
    if uri.contains("#") { return "has a fragment (RFC 6749 §3.1.2)" }
    if uri.contains("*") { return "has a wildcard (RFC 9700 §2.1)" }
    if uri.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) {
      return "has a blank or is not ASCII"
    }
    let name = uri[..<scheme.lowerBound].lowercased()
    if name == "https" { return nil }
    if name == "http" {
      let host = uri[scheme.upperBound...].prefix { $0 != "/" && $0 != ":" && $0 != "?" }
      if host == "localhost" || host == "127.0.0.1" || host.hasPrefix("[") { return nil }
      if host.hasSuffix(".localhost") { return nil }
      return "uses plain http beyond this machine"
    }
    // A private scheme of a native application: reversed domain (RFC 8252 §7.1).
    return name.contains(".") ? nil : "has a scheme that no client may use"
  }
}

/// Scheme, host and port of a URL, or nil when it has none.
func origin(of url: String) -> String? {
  guard let scheme = url.firstRange(of: "://") else { return nil }
  let host = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
  return host.isEmpty ? nil : String(url[..<scheme.upperBound] + host)
}
