import Cryptography
import JSON
import Synchronization
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
    let claims = JSONObject([("username", "ann"), ("exp", .int(Self.now.seconds + 60))])
    let token = try #require(LegacySigning.sign(claims, secret: secret))
    let jwk = JSONWebKey(keyID: nil, algorithm: "HS256", material: .secret(secret))
    let keys = KeySet([try #require(VerificationKey(jwk))])
    let legacy = TokenVerifier(
      IssuerProfile(issuers: [], algorithms: [.hs256], tokenUse: nil, leewaySeconds: 0))
    #expect(try legacy.verify(token, keys: keys, now: Self.now).username == "ann")
    #expect(throws: TokenError.algorithm) {
      try Self.verifier.verify(token, keys: keys, now: Self.now)
    }
    #expect(LegacySigning.sign(claims, secret: [1, 2, 3]) == nil)
  }

  @Test func `a key survives its DER`() throws {
    let issuer = try Issuer(.rs256)
    let der = try #require(issuer.key.der)
    let again = try #require(SigningKey(der: der, algorithm: .rs256))
    #expect(again.keyID == issuer.key.keyID)
    #expect(SigningKey(der: Array(der.dropLast()), algorithm: .rs256) == nil)
  }

  /// RFC 7638 §3.1.
  @Test func `the thumbprint of the RFC's key`() throws {
    let key = try JSONWebKey([
      "kty": "RSA",
      "n":
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
      "e": "AQAB",
    ])
    #expect(key.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
  }

  /// RFC 8037 appendix A.4.
  @Test func `the Ed25519 signature of the RFC`() throws {
    let key = try #require(
      VerificationKey(
        try JSONWebKey([
          "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        ])))
    let jws = try CompactJWS(
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
        + "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")
    #expect(jws.isSigned(by: key))
  }
}

@Suite("Keys of an issuer")
struct IssuerKeysTests {
  private final class Source: Sendable {
    let calls = Mutex(0)
    let fails = Mutex(false)
    let documents = Mutex<JSON>(["keys": []])

    func fetch() throws -> FetchedKeys {
      calls.withLock { $0 += 1 }
      if fails.withLock({ $0 }) { throw TokenError.malformed }
      return FetchedKeys(document: documents.withLock { $0 }, maxAgeSeconds: 600)
    }
  }

  private func made() throws -> (IssuerKeys, Source, ManualClock, SigningKey) {
    let clock = ManualClock()
    let source = Source()
    let key = try #require(SigningKey.generate(.es256))
    source.documents.withLock { $0 = ["keys": .array([key.publicKey.publicJSON ?? .null])] }
    let keys = IssuerKeys(clock: clock) { try source.fetch() }
    return (keys, source, clock, key)
  }

  @Test func `the first token waits for the first fetch, the next does not`() async throws {
    let (keys, source, _, key) = try made()
    guard case .wait = keys.lookup(key.keyID) else {
      Issue.record("no wait")
      return
    }
    guard case .keys = await keys.refreshed(key.keyID) else {
      Issue.record("no keys")
      return
    }
    guard case .keys = keys.lookup(key.keyID) else {
      Issue.record("not at hand")
      return
    }
    #expect(source.calls.withLock { $0 } == 1)
  }

  @Test func `a storm of unknown ids costs one fetch in thirty seconds`() async throws {
    let (keys, source, clock, key) = try made()
    _ = keys.lookup(key.keyID)
    _ = await keys.refreshed(key.keyID)
    clock.advance(by: .seconds(31))
    for index in 0..<500 {
      if case .wait = keys.lookup("unknown-\(index)") {
        _ = await keys.refreshed("unknown-\(index)")
      }
    }
    #expect(source.calls.withLock { $0 } == 2)
    guard case .keys = keys.lookup(key.keyID) else {
      Issue.record("good key lost")
      return
    }
  }

  @Test func `an issuer that is down keeps its last good keys for a day`() async throws {
    let (keys, source, clock, key) = try made()
    _ = keys.lookup(key.keyID)
    _ = await keys.refreshed(key.keyID)
    source.fails.withLock { $0 = true }
    clock.advance(by: .seconds(3_600))
    guard case .keys = keys.lookup(key.keyID) else {
      Issue.record("lost")
      return
    }
    _ = await keys.refreshed(key.keyID)
    guard case .keys = keys.lookup(key.keyID) else {
      Issue.record("lost after failure")
      return
    }
    clock.advance(by: .seconds(86_400))
    guard case .wait = keys.lookup(key.keyID) else {
      Issue.record("stale keys served")
      return
    }
  }

  @Test func `without keys nothing passes`() async throws {
    let (keys, source, _, key) = try made()
    source.fails.withLock { $0 = true }
    _ = keys.lookup(key.keyID)
    guard case .unavailable = await keys.refreshed(key.keyID) else {
      Issue.record("something passed")
      return
    }
  }

  @Test func `the cache answers only what is still good`() throws {
    let clock = ManualClock()
    let cache = VerifiedTokenCache(most: 64)
    let token = VerifiedToken(
      claims: [:], subject: "s", username: "u", scopes: [], sessionID: nil, tokenID: nil,
      issuedAt: nil, expiresAt: clock.now() + .seconds(30), keyID: nil)
    cache.insert("t", token, generation: 1, now: clock.now())
    func found(_ generation: Int = 1) -> Bool {
      cache.find("t", generation: generation, leewaySeconds: 0, now: clock.now()) != nil
    }
    #expect(found())
    #expect(!found(2))
    clock.advance(by: .seconds(31))
    #expect(!found())
    for index in 0..<1_000 {
      cache.insert(
        "t\(index)",
        VerifiedToken(
          claims: [:], subject: "s", username: "u", scopes: [], sessionID: nil, tokenID: nil,
          issuedAt: nil, expiresAt: clock.now() + .seconds(60), keyID: nil), generation: 1,
        now: clock.now())
    }
    #expect(cache.count <= 64)
  }
}
