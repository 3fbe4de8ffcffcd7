import Cryptography
import JSON
import Testing
import Time

@testable import Tokens

@Suite("Token verification")
struct TokenVerifierTests {
  static let now = Timestamp(seconds: 1_800_000_000)

  struct Issuer {
    let key: SigningKey
    let keys: KeySet

    init(_ algorithm: SignatureAlgorithm = .es256) throws {
      key = try #require(SigningKey.generate(algorithm))
      keys = KeySet([try #require(key.verificationKey)], generation: 1)
    }

    func token(_ change: (inout JSONObject) -> Void = { _ in }, type: String = "at+jwt") throws
      -> String
    {
      var claims = JSONObject([
        ("iss", "https://issuer"), ("aud", "api"), ("sub", "s-1"), ("username", "ann"),
        ("token_use", "access"), ("iat", .int(now.seconds)), ("exp", .int(now.seconds + 600)),
        ("jti", "j-1"), ("sid", "session"), ("scope", "openid trade"),
      ])
      change(&claims)
      return try #require(key.sign(claims, type: type))
    }
  }

  static let verifier = TokenVerifier(
    IssuerProfile(issuers: ["https://issuer"], audiences: ["api"]))

  @Test(arguments: [SignatureAlgorithm.rs256, .ps256, .es256, .edDSA])
  func `a token of each algorithm is accepted`(algorithm: SignatureAlgorithm) throws {
    let issuer = try Issuer(algorithm)
    let token = try Self.verifier.verify(issuer.token(), keys: issuer.keys, now: Self.now)
    #expect(token.subject == "s-1")
    #expect(token.username == "ann")
    #expect(token.scopes == ["openid", "trade"])
    #expect(token.sessionID == "session")
  }

  static let refused: [(String, TokenError, @Sendable (inout JSONObject) -> Void)] = [
    ("another issuer", .issuer, { $0["iss"] = "https://issuer/" }),
    ("no issuer", .issuer, { $0["iss"] = nil }),
    ("another audience", .audience, { $0["aud"] = "other" }),
    ("audience of a wrong kind", .claims, { $0["aud"] = 7 }),
    (
      "client_id does not help a wrong aud", .audience,
      {
        $0["aud"] = "other"
        $0["client_id"] = "api"
      }
    ),
    ("an ID token", .use, { $0["token_use"] = "id" }),
    ("expired", .expired, { $0["exp"] = .int(1_799_999_939) }),
    ("no expiry", .claims, { $0["exp"] = nil }),
    ("expiry as text", .claims, { $0["exp"] = "1900000000" }),
    ("not yet", .notYetValid, { $0["nbf"] = .int(1_800_000_061) }),
    ("issued tomorrow", .notYetValid, { $0["iat"] = .int(1_800_086_400) }),
  ]

  @Test(arguments: refused)
  func `is refused`(row: (String, TokenError, @Sendable (inout JSONObject) -> Void)) throws {
    let issuer = try Issuer()
    let token = try issuer.token(row.2)
    #expect(throws: row.1, "\(row.0)") {
      try Self.verifier.verify(token, keys: issuer.keys, now: Self.now)
    }
  }

  @Test func `client_id stands in where aud is absent`() throws {
    let issuer = try Issuer()
    let token = try issuer.token {
      $0["aud"] = nil
      $0["client_id"] = "api"
    }
    #expect(throws: Never.self) {
      try Self.verifier.verify(token, keys: issuer.keys, now: Self.now)
    }
  }

  @Test func `a foreign key, a changed byte and a forged header are refused`() throws {
    let issuer = try Issuer()
    let other = try Issuer()
    let token = try issuer.token()
    #expect(throws: TokenError.unknownKey) {
      try Self.verifier.verify(token, keys: other.keys, now: Self.now)
    }
    let parts = token.split(separator: ".")
    let changed = "\(parts[0]).\(parts[1].dropLast(4))AAAA.\(parts[2])"
    #expect(throws: TokenError.signature) {
      try Self.verifier.verify(changed, keys: issuer.keys, now: Self.now)
    }
    for header in [
      #"{"alg":"none"}"#, #"{"alg":"HS256","kid":"\#(issuer.key.keyID)"}"#,
      #"{"alg":"RS256","kid":"\#(issuer.key.keyID)"}"#,
      #"{"alg":"ES256","kid":"\#(issuer.key.keyID)","crit":["x"],"x":1}"#,
      #"{"alg":"ES256","alg":"ES256","kid":"\#(issuer.key.keyID)"}"#,
    ] {
      let forged = "\(Base64URL.encode(Array(header.utf8))).\(parts[1]).\(parts[2])"
      #expect(throws: TokenError.self, "\(header)") {
        try Self.verifier.verify(forged, keys: issuer.keys, now: Self.now)
      }
    }
  }

  @Test(arguments: [
    "", ".", "..", "a.b", "a.b.c.d", "eyJ.=.x", String(repeating: "a", count: 9000),
    "e30.e30.AA", "bnVsbA.e30.AA", "W10.e30.AA",
  ])
  func `what is no token is refused`(text: String) throws {
    let issuer = try Issuer()
    #expect(throws: TokenError.self) {
      try Self.verifier.verify(text, keys: issuer.keys, now: Self.now)
    }
  }

  @Test func `a forged algorithm first does no harm to honest tokens`() throws {
    let issuer = try Issuer(.rs256)
    var bare = issuer.key.publicKey
    bare.algorithm = nil
    let keys = KeySet([try #require(VerificationKey(bare))])
    let token = try issuer.token()
    let parts = token.split(separator: ".")
    let header = #"{"alg":"PS256","kid":"\#(issuer.key.keyID)"}"#
    let forged = "\(Base64URL.encode(Array(header.utf8))).\(parts[1]).\(parts[2])"
    #expect(throws: TokenError.signature) {
      try Self.verifier.verify(forged, keys: keys, now: Self.now)
    }
    #expect(throws: Never.self) { try Self.verifier.verify(token, keys: keys, now: Self.now) }
  }

  @Test func `the legacy profile takes HS256 and nothing else does`() throws {
    let secret = [UInt8](repeating: 7, count: 32)
    let claims = JSONObject([
      ("username", "ann"), ("iat", .int(Self.now.seconds)), ("exp", .int(Self.now.seconds + 60)),
    ])
    let token = try #require(LegacySigning.sign(claims, secret: secret))
    let keys = try #require(
      KeySet(legacySecrets: [[UInt8](repeating: 9, count: 32), secret]))
    let legacy = TokenVerifier(.legacyHS256)
    let verified = try legacy.verify(token, keys: keys, now: Self.now)
    // Nobody of theirs can be somebody of ours.
    #expect(verified.username == "legacy:ann")
    #expect(verified.subject == "legacy:ann")
    #expect(throws: TokenError.algorithm) {
      try Self.verifier.verify(token, keys: keys, now: Self.now)
    }
    #expect(LegacySigning.sign(claims, secret: [1, 2, 3]) == nil)
    #expect(KeySet(legacySecrets: [[1, 2, 3]]) == nil)
    #expect(KeySet(legacySecrets: []) == nil)
    #expect(throws: TokenError.tooOld) {
      try legacy.verify(
        #require(
          LegacySigning.sign(
            JSONObject([("username", "ann"), ("iat", 1), ("exp", .int(Self.now.seconds + 60))]),
            secret: secret)), keys: keys, now: Self.now)
    }
  }

  @Test func `an HS256 token made with a public key is refused`() throws {
    let issuer = try Issuer(.rs256)
    guard case .rsa(let modulus, _) = issuer.key.publicKey.material else {
      Issue.record("no RSA key"); return
    }
    let token = try #require(
      LegacySigning.sign(
        JSONObject([("username", "ann"), ("exp", .int(Self.now.seconds + 60))]), secret: modulus))
    for profile in [IssuerProfile(issuers: []), .legacyHS256] {
      #expect(throws: TokenError.self) {
        try TokenVerifier(profile).verify(token, keys: issuer.keys, now: Self.now)
      }
    }
  }

  @Test(arguments: [
    ("at+jwt", true), ("AT+JWT", true), ("application/at+jwt", true), ("JWT", false),
    ("logout+jwt", false), ("at+jwt ", false),
  ])
  func `RFC 9068 wants its type`(type: String, isGood: Bool) throws {
    let issuer = try Issuer()
    let verifier = TokenVerifier(.rfc9068(issuer: "https://issuer", audiences: ["api"]))
    let token = try issuer.token(type: type)
    if isGood {
      #expect(throws: Never.self) {
        try verifier.verify(token, keys: issuer.keys, now: Self.now)
      }
    } else {
      #expect(throws: TokenError.type) {
        try verifier.verify(token, keys: issuer.keys, now: Self.now)
      }
    }
  }

  @Test(arguments: ["logout+jwt", "application/secevent+jwt", "dpop+JWT"])
  func `a token of another kind is no access token`(type: String) throws {
    let issuer = try Issuer()
    #expect(throws: TokenError.type) {
      try Self.verifier.verify(issuer.token(type: type), keys: issuer.keys, now: Self.now)
    }
  }

  @Test func `Cognito's access token has no aud, its ID token is refused`() throws {
    let issuer = try Issuer(.rs256)
    let verifier = TokenVerifier(
      .cognito(issuers: ["https://issuer", "https://two"], clients: ["c"]))
    let access = try issuer.token(
      {
        $0["aud"] = nil
        $0["iss"] = "https://two"
        $0["client_id"] = "c"
        $0["sid"] = nil
        $0["origin_jti"] = "family"
      }, type: "JWT")
    let verified = try verifier.verify(access, keys: issuer.keys, now: Self.now)
    #expect(verified.sessionID == "family")
    #expect(verified.hasScope(anyOf: ["trade", "other"]))
    #expect(!verified.hasScope(anyOf: ["other"]))
    let identity = try issuer.token {
      $0["aud"] = "c"
      $0["token_use"] = "id"
    }
    #expect(throws: TokenError.use) {
      try verifier.verify(identity, keys: issuer.keys, now: Self.now)
    }
    let unsaid = try issuer.token {
      $0["aud"] = "c"
      $0["token_use"] = nil
    }
    #expect(throws: TokenError.use) {
      try verifier.verify(unsaid, keys: issuer.keys, now: Self.now)
    }
  }

  @Test func `strict AWS has no leeway and takes RSA only`() throws {
    let verifier = TokenVerifier(.strictAWS(issuer: "https://issuer", audiences: ["api"]))
    let rsa = try Issuer(.rs256)
    let late = try rsa.token { $0["exp"] = .int(Self.now.seconds) }
    #expect(throws: TokenError.expired) {
      try verifier.verify(late, keys: rsa.keys, now: Self.now)
    }
    #expect(throws: Never.self) {
      try verifier.verify(rsa.token(), keys: rsa.keys, now: Self.now)
    }
    let elliptic = try Issuer(.es256)
    #expect(throws: TokenError.algorithm) {
      try verifier.verify(elliptic.token(), keys: elliptic.keys, now: Self.now)
    }
  }

  @Test func `a header's own key is not looked at`() throws {
    let issuer = try Issuer()
    let attacker = try Issuer()
    let claims = JSONObject([
      ("iss", "https://issuer"), ("aud", "api"), ("sub", "s"),
      ("exp", .int(Self.now.seconds + 60)),
    ])
    let extras = JSONObject([
      ("jwk", try #require(attacker.key.publicKey.publicJSON)),
      ("jku", "https://attacker/jwks.json"), ("x5u", "https://attacker/cert"),
    ])
    let token = try #require(attacker.key.sign(claims, type: "at+jwt", extras: extras))
    #expect(throws: TokenError.unknownKey) {
      try Self.verifier.verify(token, keys: issuer.keys, now: Self.now)
    }
    // The same members in an honest token do no harm.
    let honest = try #require(issuer.key.sign(claims, type: "at+jwt", extras: extras))
    #expect(throws: Never.self) {
      try Self.verifier.verify(honest, keys: issuer.keys, now: Self.now)
    }
  }

  @Test(arguments: [
    JSONObject([("crit", ["exp"])]), JSONObject([("crit", [])]), JSONObject([("b64", false)]),
  ])
  func `critical headers are refused, whatever they hold`(extras: JSONObject) throws {
    let issuer = try Issuer()
    let token = try #require(issuer.key.sign(JSONObject(), type: "at+jwt", extras: extras))
    #expect(throws: TokenError.criticalHeader) {
      try Self.verifier.verify(token, keys: issuer.keys, now: Self.now)
    }
  }

  @Test func `claims with a name twice are refused although the signature is good`() throws {
    let der = try #require(SigningKey.generate(.es256)?.der)
    let key = try #require(EVPKey(privateDER: der))
    let signing = try #require(SigningKey(der: der, algorithm: .es256))
    let header = #"{"alg":"ES256","kid":"\#(signing.keyID)"}"#
    let payload =
      #"{"iss":"https://issuer","aud":"api","sub":"s","sub":"admin","exp":1800000060}"#
    let input =
      Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
    let signature = try #require(key.sign(Array(input.utf8), .es256))
    let keys = KeySet([try #require(signing.verificationKey)])
    #expect(throws: TokenError.claims) {
      try Self.verifier.verify(
        input + "." + Base64URL.encode(signature), keys: keys, now: Self.now)
    }
  }

  @Test func `a token without a subject is nobody's`() throws {
    let issuer = try Issuer()
    for change: @Sendable (inout JSONObject) -> Void in [
      {
        $0["sub"] = nil
        $0["username"] = nil
      }, { $0["sub"] = "" },
    ] {
      #expect(throws: TokenError.claims) {
        try Self.verifier.verify(issuer.token(change), keys: issuer.keys, now: Self.now)
      }
    }
  }

  @Test func `times may have fractions but not be absurd`() throws {
    let issuer = try Issuer()
    let half = try issuer.token {
      $0["exp"] = .number(JSONNumber(1_800_000_000.5) ?? JSONNumber(0))
    }
    let verified = try Self.verifier.verify(half, keys: issuer.keys, now: Self.now)
    #expect(verified.expiresAt == Self.now)
    for text in ["1e30", "-1", "253402300800"] {
      let number = try #require(JSONNumber(text: text))
      #expect(throws: TokenError.claims, "\(text)") {
        try Self.verifier.verify(
          issuer.token { $0["exp"] = .number(number) }, keys: issuer.keys, now: Self.now)
      }
    }
  }

  @Test func `scopes come as text or list`() {
    #expect(TokenVerifier.scopes(["scope": "a b"]) == ["a", "b"])
    #expect(TokenVerifier.scopes(["scp": ["a", "b"]]) == ["a", "b"])
    #expect(TokenVerifier.scopes(["scp": "a b"]) == ["a", "b"])
    #expect(TokenVerifier.scopes([:]) == [])
  }

  @Test func `no single changed character of a token is accepted`() throws {
    let issuer = try Issuer()
    let token = Array(try issuer.token().utf8)
    for index in token.indices {
      var changed = token
      changed[index] = token[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(throws: TokenError.self) {
        try Self.verifier.verify(
          String(decoding: changed, as: UTF8.self), keys: issuer.keys, now: Self.now)
      }
    }
  }

  @Test func `a key survives its DER`() throws {
    let issuer = try Issuer(.rs256)
    let der = try #require(issuer.key.der)
    let again = try #require(SigningKey(der: der, algorithm: .rs256))
    #expect(again.keyID == issuer.key.keyID)
    #expect(SigningKey(der: Array(der.dropLast()), algorithm: .rs256) == nil)
  }
}
