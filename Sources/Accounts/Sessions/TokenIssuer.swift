import Cryptography
import JSON
import Time

/// Makes access and ID tokens (RFC 9068, OpenID Connect Core §2, with Cognito's names beside).
struct TokenIssuer: Sendable {
  /// What a token is made for.
  struct Grant: Sendable, Hashable {
    var clientID: String
    var scopes: [String]
    var lifetime: Duration
    /// The refresh family, Cognito's `origin_jti`.
    var family: String?
    /// The token's own id, when it had to be noted before.
    var tokenID: String?
  }

  /// A token with what is needed to revoke it.
  struct Issued: Sendable, Hashable {
    var text: String
    var id: String
    var lifetime: Duration
  }

  let issuer: String
  let audience: String
  let keys: KeyRing

  /// An access token of a session; it never outlives the session.
  func access(
    _ profile: UserProfile, _ session: SessionRecord, _ grant: Grant, now: Timestamp
  ) throws -> Issued {
    let id = grant.tokenID ?? Opaque.token(bytes: 16)
    let lifetime = min(grant.lifetime, max(.seconds(1), session.expiresAt - now))
    var claims = JSONObject([
      ("iss", .string(issuer)), ("aud", .string(audience)), ("sub", .string(profile.subject)),
      ("client_id", .string(grant.clientID)), ("iat", .int(now.seconds)),
      ("exp", .int((now + lifetime).seconds)), ("jti", .string(id)),
      ("scope", .string(grant.scopes.joined(separator: " "))),
      ("auth_time", .int(session.authenticatedAt.seconds)),
      ("amr", .array(session.methods.map(JSON.string))), ("sid", .string(session.id)),
      ("token_use", "access"), ("username", .string(profile.username)), ("version", 2),
    ])
    if let family = grant.family { claims["origin_jti"] = .string(family) }
    if !profile.groups.isEmpty {
      claims["cognito:groups"] = .array(profile.groups.map(JSON.string))
    }
    let text = try keys.sign(claims, type: "at+jwt")
    return Issued(text: text, id: id, lifetime: lifetime)
  }

  /// An ID token: for the client, never for an API.
  func identity(
    _ profile: UserProfile, _ session: SessionRecord, clientID: String, scopes: [String],
    nonce: String?, accessToken: String, lifetime: Duration, now: Timestamp
  ) throws -> String {
    var claims = JSONObject([
      ("iss", .string(issuer)), ("aud", .string(clientID)), ("sub", .string(profile.subject)),
      ("iat", .int(now.seconds)), ("exp", .int((now + lifetime).seconds)),
      ("auth_time", .int(session.authenticatedAt.seconds)),
      ("amr", .array(session.methods.map(JSON.string))), ("sid", .string(session.id)),
      ("token_use", "id"), ("at_hash", .string(Self.accessTokenHash(accessToken))),
      ("cognito:username", .string(profile.username)),
    ])
    if let nonce { claims["nonce"] = .string(nonce) }
    if !profile.groups.isEmpty {
      claims["cognito:groups"] = .array(profile.groups.map(JSON.string))
    }
    for (name, value) in Self.userClaims(profile, scopes: scopes) { claims[name] = value }
    return try keys.sign(claims, type: "JWT")
  }

  /// The claims about the person that the scopes open (OpenID Connect Core §5.4).
  static func userClaims(_ profile: UserProfile, scopes: [String]) -> JSONObject {
    var claims = JSONObject()
    if scopes.contains("email"), let email = profile.email {
      claims["email"] = .string(email)
      claims["email_verified"] = .bool(profile.emailVerified)
    }
    if scopes.contains("profile") {
      claims["preferred_username"] = .string(profile.username)
      claims["updated_at"] = .int(profile.createdAt.seconds)
    }
    return claims
  }

  /// The left half of the digest (OpenID Connect Core §3.1.3.6).
  static func accessTokenHash(_ token: String) -> String {
    Base64URL.encode(Array(SHA256.hash(token).bytes.prefix(16)))
  }
}
