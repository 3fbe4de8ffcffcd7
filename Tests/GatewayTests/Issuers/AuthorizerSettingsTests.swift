import Diagnostics
import HTTPExchange
import JSON
import Settings
import Synchronization
import Testing
import Time
import Tokens

@testable import Gateway

/// `gateway.authorizers`, and the verifiers that are made by it.
@Suite("Authorizer settings") struct AuthorizerSettingsTests {
  private static let secret = String(repeating: "s", count: 32)

  private static func read(_ yaml: String) throws -> AuthorizerSettings? {
    try IssuerRig.read(
      "gateway: { authorizers: { \(yaml) } }", files: ["s4.secret": "\(secret)\n", "short": "abc"]
    ).authorizers.first
  }

  @Test func `everything is read`() throws {
    let entry = try #require(
      try Self.read(
        """
        pool: { issuer: [https://a.example, https://b.example], jwks_uri: 'http://127.0.0.1:1/k',
        profile: cognito-id, algorithms: [RS256, RS512], audiences: [one, two], leeway_seconds: 7,
        user_prefix: 'pool:' }
        """))
    #expect(entry.name == "pool")
    #expect(entry.profile == .cognitoID)
    #expect(entry.issuers == ["https://a.example", "https://b.example"])
    #expect(entry.keySetURL == "http://127.0.0.1:1/k")
    #expect(entry.algorithms == [.rs256, .rs512])
    #expect(entry.audiences == ["one", "two"])
    #expect(entry.leewaySeconds == 7)
    #expect(entry.userPrefix == "pool:")
  }

  @Test(arguments: [
    ("a: { jwks_url: 'https://x' }", "C002"), ("a: { profile: okta }", "C004"),
    ("a: { algorithms: [RS257] }", "C004"), ("a: { algorithms: [HS256] }", "C004"),
    ("a: { algorithms: [none] }", "C004"), ("a: { leeway_seconds: 61 }", "C004"),
    ("a: { jwks_uri: 'http://keys.example/jwks' }", "G006"),
    ("a: { jwks_uri: 'http://localhost@keys.example/jwks' }", "G006"),
    ("a: { jwks_uri: 'https://169.254.169.254/jwks' }", "G006"),
    ("a: { user_prefix: 'bob' }", "C004"), ("a: { user_prefix: 'b#b:' }", "C004"),
    ("a: { secret_file: s4.secret }", "G006"),
    ("a: { secret_file: s4.secret, profile: rfc9068 }", "G006"),
    ("a: { profile: legacy-hs256 }", "G006"),
    ("a: { profile: legacy-hs256, secret_file: short }", "G006"),
    ("a: { profile: legacy-hs256, secret_file: missing }", "C006"),
    ("a: { profile: legacy-hs256, secret: inline }", "C005"),
    ("a: { profile: legacy-hs256, secret_file: s4.secret, jwks_uri: 'https://x/k' }", "G006"),
    ("a: { profile: legacy-hs256, secret_file: s4.secret, algorithms: [RS256] }", "G006"),
  ])
  func `what cannot be enforced is refused`(_ yaml: String, _ code: String) throws {
    do {
      _ = try Self.read(yaml)
      Issue.record("accepted")
    } catch let list as DiagnosticList {
      #expect(list.diagnostics.contains { $0.code.text == code }, "\(list.diagnostics)")
      #expect(!"\(list.diagnostics)".contains(Self.secret))
    }
  }

  // MARK: Verifiers

  private static let definition = AuthorizerDefinition(
    name: "token", issuer: "https://issuer.example", audiences: ["api"],
    source: .header("authorization"), place: Place(file: "openapi.yaml"))

  private static func binding(
    _ yaml: String = "", strict: Bool = false, own: String = "https://own.example",
    keys: KeySet = KeySet(), fetch: @escaping RemoteIssuers.Fetch = { _ in throw Offline() }
  ) throws -> AuthorizerBinding {
    var settings = try IssuerRig.read(
      "gateway: { authorizers: { \(yaml) } }", files: ["s4.secret": "\(secret)\n"])
    settings.strictAWS = strict
    return AuthorizerBinding(
      settings, own: AuthorizerBinding.OwnIssuer(issuer: own, keys: { keys }),
      remote: RemoteIssuers(clock: ManualClock(), fetch: fetch))
  }

  private struct Offline: Error {}

  private static func word(_ verdict: BearerVerdict?) async -> String {
    switch verdict {
    case .accepted(let identity)?: identity.username
    case .refused(let reason)?: reason
    case .unavailable?: "unavailable"
    case .wait(let fetch)?: await word(await fetch())
    case nil: "no verifier"
    }
  }

  private static let now = Timestamp(seconds: 1_780_000_000)

  private static func claims(_ change: (inout JSONObject) -> Void = { _ in }) -> JSONObject {
    var claims = JSONObject([
      ("iss", "https://issuer.example"), ("sub", "u-1"), ("username", "ann"), ("aud", "api"),
      ("iat", .int(now.seconds)), ("exp", .int(now.seconds + 60)),
    ])
    change(&claims)
    return claims
  }

  @Test func `an issuer of which nobody has said anything has no verifier`() throws {
    #expect(try Self.binding().verifier(for: Self.definition) == nil)
    #expect(try Self.binding("other: {}").verifier(for: Self.definition) == nil)
  }

  @Test func `our own issuer has our own keys`() async throws {
    let key = try #require(SigningKey.generate(.es256))
    let keys = KeySet([try #require(key.verificationKey)], generation: 1)
    let own = "https://issuer.example"
    let verifier = try Self.binding(own: own, keys: keys).verifier(for: Self.definition)
    let token = try #require(key.sign(Self.claims(), type: "at+jwt"))
    #expect(await Self.word(verifier?.verify(token, now: Self.now)) == "ann")
    let plain = try #require(key.sign(Self.claims()))
    #expect(await Self.word(verifier?.verify(plain, now: Self.now)) == TokenError.type.rawValue)
    #expect(throws: Diagnostic.self) {
      try Self.binding("token: { jwks_uri: 'https://x/k' }", own: own).verifier(
        for: Self.definition)
    }
  }

  @Test(arguments: ["token", "'https://issuer.example'"])
  func `an entry is found by name or by issuer`(_ name: String) async throws {
    let key = try #require(SigningKey.generate(.rs256))
    let document: JSON = ["keys": [try #require(key.publicKey.publicJSON)]]
    let asked = Mutex<[IssuerLocation]>([])
    let binding = try Self.binding("\(name): { jwks_uri: 'https://keys.example/k' }") { location in
      asked.withLock { $0.append(location) }
      return FetchedKeys(document: document)
    }
    let token = try #require(key.sign(Self.claims()))
    var other = Self.definition
    other.name = "second"
    for definition in name == "token" ? [Self.definition] : [Self.definition, other] {
      let verifier = try binding.verifier(for: definition)
      #expect(
        await Self.word(verifier?.verify(token, now: Self.now)) == "\(definition.name):ann")
    }
    // Two authorizers of one issuer share its keys.
    #expect(
      asked.withLock { $0 } == [
        IssuerLocation(issuer: "https://issuer.example", keySetURL: "https://keys.example/k")
      ])
  }

  static let profiles: [(String, String?, String?, String?, String)] = [
    ("cognito-access", "access", nil, "api", "token:ann"),
    ("cognito-access", "id", "api", nil, TokenError.use.rawValue),
    ("cognito-access", nil, nil, "api", TokenError.use.rawValue),
    ("cognito-access", "access", nil, "other", TokenError.audience.rawValue),
    ("cognito-id", "id", "api", nil, "token:ann"),
    ("cognito-id", "access", nil, "api", TokenError.use.rawValue),
    ("cognito-id", "id", "other", "api", TokenError.audience.rawValue),
    ("generic", nil, "api", nil, "token:ann"),
    ("rfc9068", nil, "api", nil, TokenError.type.rawValue),
  ]

  @Test(arguments: profiles)
  func `each profile has its rules`(
    _ profile: String, _ use: String?, _ audience: String?, _ client: String?, _ expected: String
  ) async throws {
    let key = try #require(SigningKey.generate(.rs256))
    let document: JSON = ["keys": [try #require(key.publicKey.publicJSON)]]
    let verifier = try Self.binding("token: { profile: \(profile) }") { _ in
      FetchedKeys(document: document)
    }.verifier(for: Self.definition)
    let claims = Self.claims {
      $0["token_use"] = use.map { .string($0) }
      $0["aud"] = audience.map { .string($0) }
      $0["client_id"] = client.map { .string($0) }
    }
    let token = try #require(key.sign(claims))
    #expect(await Self.word(verifier?.verify(token, now: Self.now)) == expected)
  }

  @Test func `as AWS, only RSA and no leeway`() async throws {
    let keys = try [SignatureAlgorithm.rs256, .es256].map {
      try #require(SigningKey.generate($0))
    }
    let document: JSON = ["keys": .array(keys.compactMap { $0.publicKey.publicJSON })]
    let fetch: RemoteIssuers.Fetch = { _ in FetchedKeys(document: document) }
    for (strict, expected) in [(false, "token:ann"), (true, TokenError.expired.rawValue)] {
      let verifier = try Self.binding("token: {}", strict: strict, fetch: fetch)
        .verifier(for: Self.definition)
      let late = try #require(keys[0].sign(Self.claims { $0["exp"] = .int(Self.now.seconds - 30) }))
      #expect(await Self.word(verifier?.verify(late, now: Self.now)) == expected)
      let curve = try #require(keys[1].sign(Self.claims()))
      #expect(
        await Self.word(verifier?.verify(curve, now: Self.now))
          == (strict ? TokenError.algorithm.rawValue : "token:ann"))
    }
    #expect(throws: Diagnostic.self) {
      try Self.binding("token: { algorithms: [ES256] }", strict: true)
        .verifier(for: Self.definition)
    }
  }

  @Test func `names of an issuer cannot leave their prefix`() async throws {
    let key = try #require(SigningKey.generate(.rs256))
    let document: JSON = ["keys": [try #require(key.publicKey.publicJSON)]]
    let verifier = try Self.binding("token: {}") { _ in FetchedKeys(document: document) }
      .verifier(for: Self.definition)
    for (name, stored) in [
      ("a#b", "token:a%23b"), ("a%23b", "token:a%2523b"), ("é", "token:%C3%A9"),
      ("auth0|7", "token:auth0|7"),
    ] {
      let token = try #require(key.sign(Self.claims { $0["username"] = .string(name) }))
      #expect(await Self.word(verifier?.verify(token, now: Self.now)) == stored)
    }
    let long = try #require(
      key.sign(Self.claims { $0["username"] = .string(String(repeating: "x", count: 257)) }))
    #expect(await Self.word(verifier?.verify(long, now: Self.now)) == TokenError.claims.rawValue)
  }

  @Test func `document 004's tokens need their own profile and its secret`() async throws {
    let yaml = "token: { profile: legacy-hs256, secret_file: s4.secret }"
    let verifier = try Self.binding(yaml).verifier(for: Self.definition)
    let claims = JSONObject([
      ("username", "ann"), ("iat", .int(Self.now.seconds)), ("exp", .int(Self.now.seconds + 60)),
    ])
    let token = try #require(LegacySigning.sign(claims, secret: Array(Self.secret.utf8)))
    #expect(await Self.word(verifier?.verify(token, now: Self.now)) == "legacy:ann")
    let forged = try #require(
      LegacySigning.sign(claims, secret: [UInt8](repeating: 1, count: 32)))
    #expect(
      await Self.word(verifier?.verify(forged, now: Self.now)) == TokenError.signature.rawValue)
    let generic = try Self.binding("token: {}").verifier(for: Self.definition)
    #expect(
      await Self.word(generic?.verify(token, now: Self.now)) == TokenError.algorithm.rawValue)
    #expect(throws: Diagnostic.self) {
      try Self.binding(yaml, strict: true).verifier(for: Self.definition)
    }
  }

  @Test func `both secrets of a rotation are taken, from the environment too`() async throws {
    let old = String(repeating: "o", count: 32)
    let settings = try IssuerRig.read(
      "gateway: { authorizers: { token: { profile: legacy-hs256, previous_secret_file: old } } }",
      files: ["old": old],
      environment: ["PORTICO_GATEWAY_AUTHORIZERS_TOKEN_SECRET": Self.secret])
    let binding = AuthorizerBinding(
      settings, own: AuthorizerBinding.OwnIssuer(issuer: "https://own.example", keys: { KeySet() }),
      remote: RemoteIssuers(clock: ManualClock()) { _ in throw CancellationError() })
    let verifier = try binding.verifier(for: Self.definition)
    for secret in [Self.secret, old] {
      let claims = JSONObject([
        ("username", "ann"), ("iat", .int(Self.now.seconds)), ("exp", .int(Self.now.seconds + 60)),
      ])
      let token = try #require(LegacySigning.sign(claims, secret: Array(secret.utf8)))
      #expect(await Self.word(verifier?.verify(token, now: Self.now)) == "legacy:ann")
    }
  }

  @Test func `an entry that no document asks for is refused`() throws {
    do {
      _ = try Rig(configure: { $0.authorizers = [AuthorizerSettings(name: "tokn")] })
      Issue.record("accepted")
    } catch let list as DiagnosticList {
      #expect(list.diagnostics.map(\.code) == [.authorizerUnknown])
      #expect(list.diagnostics.first?.remedy == "did you mean 'token'?")
    }
  }

  @Test func `what cannot be discovered is refused at load`() throws {
    var definition = Self.definition
    definition.issuer = "http://issuer.example"
    #expect(throws: Diagnostic.self) {
      try Self.binding("token: {}").verifier(for: definition)
    }
    #expect(
      try Self.binding("token: { jwks_uri: 'https://keys.example/k' }").verifier(for: definition)
        != nil)
  }
}
