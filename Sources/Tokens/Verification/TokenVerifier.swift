import JSON
import Time

/// Verifies tokens against a profile and a set of keys: a pure decision.
package struct TokenVerifier: Sendable {
  package let profile: IssuerProfile

  package init(_ profile: IssuerProfile) { self.profile = profile }

  /// Decode, algorithm and signature by `kid`, then the claims (API Gateway's order).
  package func verify(_ token: String, keys: KeySet, now: Timestamp) throws(TokenError)
    -> VerifiedToken
  {
    let jws = try CompactJWS(token)
    try admit(jws)
    return try verify(jws, keys: keys, now: now)
  }

  /// What the header alone decides: asked before a key is looked up or fetched.
  package func admit(_ jws: CompactJWS) throws(TokenError) {
    guard profile.algorithms.contains(jws.algorithm) else { throw .algorithm }
    guard isAccepted(type: jws.type) else { throw .type }
  }

  private func isAccepted(type: String?) -> Bool {
    let name = type?.lowercased() ?? ""
    // RFC 7515 §4.1.9: a media type may leave out its `application/`.
    let bare = name.hasPrefix("application/") ? String(name.dropFirst(12)) : name
    if profile.types.isEmpty { return !bare.hasSuffix("+jwt") || bare.hasSuffix("at+jwt") }
    return profile.types.contains { $0.lowercased() == bare }
  }

  /// Signature and claims of a token that `admit` let through.
  package func verify(_ jws: CompactJWS, keys: KeySet, now: Timestamp) throws(TokenError)
    -> VerifiedToken
  {
    try checkSignature(jws, keys)
    guard
      let claims = try? JSON(parsing: jws.payload, limits: JSON.Limits(depth: 16)),
      let object = claims.object
    else { throw .claims }
    try checkOrigin(object)
    let expires = try checkTimes(object, now)
    let username = object["username"]?.string ?? object["cognito:username"]?.string
    guard let subject = object["sub"]?.string ?? username, !subject.isEmpty else { throw .claims }
    return VerifiedToken(
      claims: claims, subject: profile.subjectPrefix + subject,
      username: profile.subjectPrefix + (try Self.key(of: username ?? subject)),
      scopes: Self.scopes(object),
      sessionID: object["sid"]?.string ?? object["origin_jti"]?.string,
      tokenID: object["jti"]?.string, issuedAt: try time(object["iat"]), expiresAt: expires,
      keyID: jws.keyID)
  }

  /// A name as it may stand in a key of the store: what separates there, or is not ASCII, is written
  /// as `%XX`, so that two names never make one key. Names over 256 bytes are no names.
  private static func key(of name: String) throws(TokenError) -> String {
    guard name.utf8.count <= 256 else { throw .claims }
    func isPlain(_ byte: UInt8) -> Bool {
      (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "#") && byte != UInt8(ascii: "%")
    }
    if name.utf8.allSatisfy(isPlain) { return name }
    let digits = Array("0123456789ABCDEF".utf8)
    let encoded = name.utf8.flatMap { byte -> [UInt8] in
      isPlain(byte)
        ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  private func checkSignature(_ jws: CompactJWS, _ keys: KeySet) throws(TokenError) {
    if let id = jws.keyID {
      guard let key = keys.key(id) else { throw .unknownKey }
      guard key.allows(jws.algorithm) else { throw .algorithm }
      guard jws.isSigned(by: key) else { throw .signature }
      return
    }
    // Only a symmetric profile has tokens without `kid` (document 004), and then the secrets are two.
    guard jws.algorithm.isSymmetric else { throw .unknownKey }
    guard keys.keys.contains(where: { jws.isSigned(by: $0) }) else { throw .signature }
  }

  private func checkOrigin(_ object: JSONObject) throws(TokenError) {
    if !profile.issuers.isEmpty {
      guard let issuer = object["iss"]?.string, profile.issuers.contains(issuer) else {
        throw .issuer
      }
    }
    try checkAudience(object)
    guard let use = profile.tokenUse else { return }
    switch object["token_use"] {
    case nil: if profile.tokenUseRequired { throw .use }
    case .string(let said)?: if said != use { throw .use }
    default: throw .use
    }
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

  private func checkTimes(_ object: JSONObject, _ now: Timestamp) throws(TokenError) -> Timestamp {
    guard let expires = try time(object["exp"]) else { throw .claims }
    let leeway = Duration.seconds(profile.leewaySeconds)
    if expires + leeway <= now { throw .expired }
    if let start = try time(object["nbf"]), start - leeway > now { throw .notYetValid }
    guard let issued = try time(object["iat"]) else {
      if profile.ageSecondsMost != nil { throw .claims }
      return expires
    }
    if issued - leeway > now { throw .notYetValid }
    if let most = profile.ageSecondsMost, issued + .seconds(most) + leeway < now { throw .tooOld }
    return expires
  }

  /// A NumericDate (RFC 7519 §2): a number, fractions rounded down, before the year 10000.
  private func time(_ value: JSON?) throws(TokenError) -> Timestamp? {
    guard let value else { return nil }
    guard let number = value.number else { throw .claims }
    if let whole = number.int, (0..<253_402_300_800).contains(whole) {
      return Timestamp(seconds: whole)
    }
    let seconds = number.double
    guard seconds >= 0, seconds < 253_402_300_800 else { throw .claims }
    return Timestamp(seconds: Int(seconds.rounded(.down)))
  }

  /// `scope` as text, or `scp` as a list or text.
  static func scopes(_ object: JSONObject) -> [String] {
    if let text = object["scope"]?.string { return text.split(separator: " ").map(String.init) }
    if let list = object["scp"]?.array { return list.compactMap(\.string) }
    return object["scp"]?.string?.split(separator: " ").map(String.init) ?? []
  }
}
