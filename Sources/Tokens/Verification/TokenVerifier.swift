import JSON
import Time

/// What tokens of one issuer must be like.
package struct IssuerProfile: Sendable, Hashable {
  /// Accepted values of `iss`, compared exactly; empty accepts tokens without one (legacy only).
  package var issuers: [String]
  /// Accepted values of `aud`, or of `client_id` where `aud` is absent; empty accepts any.
  package var audiences: [String]
  /// What the header may name, if the key allows it too.
  package var algorithms: Set<SignatureAlgorithm>
  /// Accepted values of the header's `typ` without regard to case; empty accepts any.
  package var types: [String]
  /// The value that `token_use` must have when the token has one; nil accepts any.
  package var tokenUse: String?
  /// Whether `token_use` may be missing.
  package var tokenUseRequired = false
  /// Seconds by which clocks may differ.
  package var leewaySeconds: Int
  /// Seconds after `iat` from which a token is too old; nil for no bound.
  package var ageSecondsMost: Int?

  package init(
    issuers: [String], audiences: [String] = [],
    algorithms: Set<SignatureAlgorithm> = [.rs256, .ps256, .es256, .edDSA], types: [String] = [],
    tokenUse: String? = "access", leewaySeconds: Int = 60, ageSecondsMost: Int? = nil
  ) {
    self.issuers = issuers
    self.audiences = audiences
    self.algorithms = algorithms
    self.types = types
    self.tokenUse = tokenUse
    self.leewaySeconds = leewaySeconds
    self.ageSecondsMost = ageSecondsMost
  }
}

/// A token whose signature and claims were found good.
package struct VerifiedToken: Sendable {
  package var claims: JSON
  package var subject: String
  package var username: String
  package var scopes: [String]
  package var sessionID: String?
  package var tokenID: String?
  package var issuedAt: Timestamp?
  package var expiresAt: Timestamp
  package var keyID: String?
}

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

/// Verifies tokens against a profile and a set of keys: a pure decision.
package struct TokenVerifier: Sendable {
  package let profile: IssuerProfile

  package init(_ profile: IssuerProfile) { self.profile = profile }

  /// Extract, decode, algorithm and signature by `kid`, then the claims (AWS's order).
  package func verify(_ token: String, keys: KeySet, now: Timestamp) throws(TokenError)
    -> VerifiedToken
  {
    let jws = try CompactJWS(token)
    guard profile.algorithms.contains(jws.algorithm) else { throw .algorithm }
    if !profile.types.isEmpty {
      let type = jws.type?.lowercased() ?? ""
      let bare = type.hasPrefix("application/") ? String(type.dropFirst(12)) : type
      guard profile.types.contains(where: { $0.lowercased() == bare }) else { throw .type }
    }
    let key = try key(for: jws, keys)
    guard key.allows(jws.algorithm) else { throw .algorithm }
    guard jws.isSigned(by: key) else { throw .signature }
    guard let claims = try? JSON(parsing: jws.payload), let object = claims.object else {
      throw .claims
    }
    return try check(claims, object, jws, now)
  }

  private func key(for jws: CompactJWS, _ keys: KeySet) throws(TokenError) -> VerificationKey {
    if let id = jws.keyID {
      guard let key = keys.key(id) else { throw .unknownKey }
      return key
    }
    // Only a symmetric profile has tokens without `kid` (document 004), and then the secrets are few.
    guard jws.algorithm.isSymmetric,
      let key = keys.keys.first(where: { jws.isSigned(by: $0) })
    else { throw jws.algorithm.isSymmetric ? .signature : .unknownKey }
    return key
  }

  private func check(
    _ claims: JSON, _ object: JSONObject, _ jws: CompactJWS, _ now: Timestamp
  ) throws(TokenError) -> VerifiedToken {
    if !profile.issuers.isEmpty {
      guard let issuer = object["iss"]?.string, profile.issuers.contains(issuer) else {
        throw .issuer
      }
    }
    try checkAudience(object)
    if let use = profile.tokenUse {
      let said = object["token_use"]?.string
      if said == nil ? profile.tokenUseRequired || object["token_use"] != nil : said != use {
        throw .use
      }
    }
    let expires = try time(object["exp"])
    guard let expires else { throw .claims }
    let leeway = Duration.seconds(profile.leewaySeconds)
    if expires + leeway <= now { throw .expired }
    if let start = try time(object["nbf"]), start - leeway > now { throw .notYetValid }
    let issued = try time(object["iat"])
    if let issued {
      if issued - leeway > now { throw .notYetValid }
      if let most = profile.ageSecondsMost, issued + .seconds(most) + leeway < now { throw .tooOld }
    }
    return VerifiedToken(
      claims: claims, subject: object["sub"]?.string ?? object["username"]?.string ?? "",
      username: object["username"]?.string ?? object["cognito:username"]?.string
        ?? object["sub"]?.string ?? "",
      scopes: Self.scopes(object), sessionID: object["sid"]?.string,
      tokenID: object["jti"]?.string, issuedAt: issued, expiresAt: expires, keyID: jws.keyID)
  }

  /// `client_id` is looked at only when `aud` is absent (API Gateway's rule).
  private func checkAudience(_ object: JSONObject) throws(TokenError) {
    guard !profile.audiences.isEmpty else { return }
    let named: [String]
    switch object["aud"] {
    case .string(let one)?: named = [one]
    case .array(let many)?: named = many.compactMap(\.string)
    case nil: named = object["client_id"]?.string.map { [$0] } ?? []
    default: throw .claims
    }
    guard named.contains(where: profile.audiences.contains) else { throw .audience }
  }

  /// A NumericDate (RFC 7519 §2): a number, fractions rounded down, within sane years.
  private func time(_ value: JSON?) throws(TokenError) -> Timestamp? {
    guard let value else { return nil }
    guard let number = value.number else { throw .claims }
    let seconds = number.double
    guard seconds.isFinite, seconds >= 0, seconds < 253_402_300_800 else { throw .claims }
    return Timestamp(seconds: Int(seconds.rounded(.down)))
  }

  /// `scope` as text, or `scp` as a list or text.
  static func scopes(_ object: JSONObject) -> [String] {
    if let text = object["scope"]?.string { return text.split(separator: " ").map(String.init) }
    if let list = object["scp"]?.array { return list.compactMap(\.string) }
    return object["scp"]?.string?.split(separator: " ").map(String.init) ?? []
  }
}
