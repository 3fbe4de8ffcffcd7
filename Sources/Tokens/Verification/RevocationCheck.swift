import Time

/// Asked at every use of a token, without waiting: a snapshot in memory that Accounts keeps.
package protocol RevocationCheck: Sendable {
  /// Whether a token with these claims has been revoked.
  func isRevoked(subject: String, sessionID: String?, tokenID: String?, issuedAt: Timestamp?)
    -> Bool
}

/// Nothing is ever revoked: for issuers that cannot tell us.
package struct NoRevocation: RevocationCheck {
  package init() {}

  package func isRevoked(
    subject: String, sessionID: String?, tokenID: String?, issuedAt: Timestamp?
  ) -> Bool { false }
}
