import HTTPExchange
import Time

/// What a verifier says of a token.
package enum BearerVerdict: Sendable {
  /// Signature, issuer, audience and times are good.
  case accepted(Identity)
  /// The token is not good; the reason is for the challenge and holds no secret.
  case refused(String)
  /// No key was ever loaded: nothing can be let through.
  case unavailable(String)
  /// A key must be fetched first; the closure waits and then decides.
  case wait(@Sendable () async -> BearerVerdict)
}

/// Verifies tokens of one issuer; decides without waiting when the key is at hand.
package protocol BearerVerifier: Sendable {
  /// The verdict on a compact JWS; called on the event loop.
  func verify(_ token: String, now: Timestamp) -> BearerVerdict
  /// Fetches keys before they are needed.
  func warm() async
}

extension BearerVerifier {
  /// Nothing to fetch.
  package func warm() async {}
}

/// Takes the token out of a request (RFC 6750 §2.1; AWS: bare, or after `Bearer `).
enum BearerToken {
  /// Longer tokens are refused unread.
  static let maximumBytes = 8_192

  static func extract(_ request: Request, from source: IdentitySource) -> String? {
    let value: String?
    switch source {
    case .header(let name): value = request.headers[name]
    case .query(let name): value = request.target.queryValue(name)
    }
    guard let value, !value.isEmpty else { return nil }
    let scheme = value.utf8.prefix(7)
    guard value.utf8.count > 7, equalsIgnoringCase(String(Substring(scheme)), "bearer ") else {
      return value
    }
    let token = value[scheme.endIndex...].trimmed
    return token.isEmpty ? nil : String(token)
  }
}
