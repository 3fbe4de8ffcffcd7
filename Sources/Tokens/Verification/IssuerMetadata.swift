import JSON

/// What an issuer says of itself: the part of `/.well-known/openid-configuration` that a verifier
/// needs (OpenID Connect Discovery §3, RFC 8414 §2).
package struct IssuerMetadata: Sendable, Hashable {
  /// Bytes of a document beyond which it is refused.
  package static let bytesMost = 150_000

  /// Where the key set is.
  package let keySetURL: String

  /// Why a document is not believed.
  package enum Defect: String, Error, Sendable {
    case malformed = "the discovery document is not JSON"
    case otherIssuer = "the discovery document names another issuer"
    case noKeySet = "the discovery document has no 'jwks_uri'"
    case insecure = "'jwks_uri' is neither https nor on this machine"
  }

  /// Reads the document of an issuer; it must name that issuer exactly, or one issuer could lend
  /// another its keys (RFC 8414 §3.3).
  package init(body: [UInt8], issuer: String) throws(Defect) {
    let limits = JSON.Limits(depth: 16, bytes: Self.bytesMost)
    guard let document = (try? JSON(parsing: body, limits: limits))?.object else {
      throw .malformed
    }
    guard document["issuer"]?.string == issuer else { throw .otherIssuer }
    guard let url = document["jwks_uri"]?.string else { throw .noKeySet }
    guard Self.isTrustworthy(url) else { throw .insecure }
    keySetURL = url
  }

  /// Where the document of an issuer is (OpenID Connect Discovery §4: after the issuer's path).
  package static func location(of issuer: String) -> String {
    (issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer)
      + "/.well-known/openid-configuration"
  }

  /// Whether keys may be fetched from there: https, or http on the loopback host.
  package static func isTrustworthy(_ url: String) -> Bool {
    let lowered = url.lowercased()
    if lowered.hasPrefix("https://") { return lowered.utf8.count > 8 }
    guard lowered.hasPrefix("http://") else { return false }
    let authority = lowered.dropFirst(7).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    // An '@' would make what stands before it a user name, and the host another one.
    guard !authority.contains("@"), !authority.contains("\\") else { return false }
    if authority.hasPrefix("[") { return authority == "[::1]" || authority.hasPrefix("[::1]:") }
    let host = authority.prefix { $0 != ":" }
    return host == "localhost" || host == "127.0.0.1"
  }
}
