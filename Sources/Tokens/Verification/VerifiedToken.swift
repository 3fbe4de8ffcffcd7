import JSON
import Time

/// A token whose signature and claims were found good; a reference, so that a hit in the cache copies
/// one word.
package final class VerifiedToken: Sendable {
  /// All claims, typed.
  package let claims: JSON
  package let subject: String
  package let username: String
  package let scopes: [String]
  /// `sid`, or Cognito's `origin_jti` where there is none.
  package let sessionID: String?
  package let tokenID: String?
  package let issuedAt: Timestamp?
  package let expiresAt: Timestamp
  package let keyID: String?

  package init(
    claims: JSON, subject: String, username: String, scopes: [String], sessionID: String?,
    tokenID: String?, issuedAt: Timestamp?, expiresAt: Timestamp, keyID: String?
  ) {
    self.claims = claims
    self.subject = subject
    self.username = username
    self.scopes = scopes
    self.sessionID = sessionID
    self.tokenID = tokenID
    self.issuedAt = issuedAt
    self.expiresAt = expiresAt
    self.keyID = keyID
  }

  /// Whether the token holds at least one of these scopes: API Gateway's rule.
  package func hasScope(anyOf wanted: [String]) -> Bool {
    wanted.isEmpty || wanted.contains { scopes.contains($0) }
  }
}
