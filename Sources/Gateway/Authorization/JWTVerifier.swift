import HTTPExchange
import Time
import Tokens

/// Verifies tokens of one issuer by its keys; a token that was seen a moment ago costs a look-up.
package struct JWTVerifier: BearerVerifier {
  /// Where the issuer's keys come from.
  package enum KeySource: Sendable {
    /// Keys of this process, always at hand.
    case local(@Sendable () -> KeySet)
    /// Keys fetched from the issuer.
    case issuer(IssuerKeys)
  }

  private let verifier: TokenVerifier
  private let source: KeySource
  private let revocation: any RevocationCheck
  /// Of this authorizer alone: another one has other rules for the same token. None for shared
  /// secrets, where a look-up costs what a verification does.
  private let cache: VerifiedTokenCache?

  package init(
    profile: IssuerProfile, keys: KeySource, revocation: any RevocationCheck = NoRevocation(),
    cache: VerifiedTokenCache = VerifiedTokenCache()
  ) {
    verifier = TokenVerifier(profile)
    source = keys
    self.revocation = revocation
    self.cache = profile.algorithms.allSatisfy(\.isSymmetric) ? nil : cache
  }

  package func warm() async {
    if case .issuer(let issuer) = source { await issuer.warm() }
  }

  package func verify(_ token: String, now: Timestamp) -> BearerVerdict {
    let atHand =
      switch source {
      case .local(let current): current()
      case .issuer(let issuer): issuer.current
      }
    if let known = remembered(token, atHand, now) { return known }
    let jws: CompactJWS
    do throws(TokenError) {
      jws = try CompactJWS(token)
      // Before a key is looked for, so that a forged header cannot make us fetch.
      try verifier.admit(jws)
    } catch {
      return .refused(error.rawValue)
    }
    guard case .issuer(let issuer) = source else {
      if atHand.isEmpty { return .unavailable("there are no keys") }
      return decide(token, jws, atHand, now)
    }
    switch issuer.lookup(jws.keyID) {
    case .wait: return .wait { await waited(token, jws, issuer, now) }
    case let found: return conclude(found, token, jws, now)
    }
  }

  private func waited(
    _ token: String, _ jws: CompactJWS, _ issuer: IssuerKeys, _ now: Timestamp
  ) async -> BearerVerdict {
    conclude(await issuer.refreshed(jws.keyID), token, jws, now)
  }

  private func conclude(
    _ lookup: IssuerKeys.Lookup, _ token: String, _ jws: CompactJWS, _ now: Timestamp
  ) -> BearerVerdict {
    switch lookup {
    case .keys(let keys): decide(token, jws, keys, now)
    case .unknownKey: .refused(TokenError.unknownKey.rawValue)
    case .unavailable, .wait: .unavailable("the issuer's keys cannot be had")
    }
  }

  private func remembered(_ token: String, _ keys: KeySet, _ now: Timestamp) -> BearerVerdict? {
    cache?.find(
      token, generation: keys.generation, leewaySeconds: verifier.profile.leewaySeconds, now: now
    ).map(admit)
  }

  private func decide(_ token: String, _ jws: CompactJWS, _ keys: KeySet, _ now: Timestamp)
    -> BearerVerdict
  {
    do throws(TokenError) {
      let verified = try verifier.verify(jws, keys: keys, now: now)
      cache?.insert(token, verified, generation: keys.generation, now: now)
      return admit(verified)
    } catch {
      return .refused(error.rawValue)
    }
  }

  /// Asked at every use: a token may be revoked while it is remembered.
  private func admit(_ token: VerifiedToken) -> BearerVerdict {
    let isRevoked = revocation.isRevoked(
      subject: token.subject, sessionID: token.sessionID, tokenID: token.tokenID,
      issuedAt: token.issuedAt)
    if isRevoked { return .refused(TokenError.revoked.rawValue) }
    return .accepted(
      Identity(
        subject: token.subject, username: token.username, sessionID: token.sessionID,
        tokenID: token.tokenID, scopes: token.scopes, claims: token.claims))
  }
}
