import Cryptography
import Diagnostics
import HTTPExchange
import JSON
import Testing
import Time
import Tokens

@testable import Gateway

/// A gateway that trusts an issuer on another socket: discovery, rotation and every way in which an
/// issuer can be away or lie.
@Suite("Remote issuers") struct RemoteIssuerTests {
  private func key(_ algorithm: SignatureAlgorithm = .es256) throws -> SigningKey {
    try #require(SigningKey.generate(algorithm))
  }

  @Test(arguments: [SignatureAlgorithm.rs256, .ps256, .es256, .edDSA])
  func `keys are discovered once and remembered`(algorithm: SignatureAlgorithm) async throws {
    let key = try key(algorithm)
    try await IssuerRig.run { rig in
      rig.issuer.publish(key)
      let token = try rig.token(key)
      let answer = try await rig.ask(token)
      #expect(answer.status == 200, "\(rig.reports.text)")
      #expect(answer.text.contains(#""user":"token:u-1""#))
      for index in 0..<20 {
        try await rig.expect(200, rig.token(key) { $0["jti"] = .int(index) })
      }
      #expect(rig.issuer.asked("/.well-known/openid-configuration") == 1)
      #expect(rig.issuer.asked() == 1)
      #expect(rig.reports.codes == [])
    }
  }

  @Test func `a named key set needs no discovery, and the issuer need not be there`() async throws {
    let key = try key(.rs256)
    let settings = "{ issuer: 'https://issuer.example/pool', jwks_uri: 'ISSUER/jwks' }"
    try await IssuerRig.run(settings, documentIssuer: "https://elsewhere.example") { rig in
      rig.issuer.publish(key)
      let token = try rig.token(key) { $0["iss"] = "https://issuer.example/pool" }
      try await rig.expect(200, token)
      let other = try rig.token(key) { $0["iss"] = "https://elsewhere.example" }
      try await rig.expect(401, other)
      #expect(rig.issuer.asked("/.well-known/openid-configuration") == 0)
    }
  }

  @Test func `a rotation is picked up with the first token of the new key`() async throws {
    let (old, new) = (try key(), try key(.rs256))
    try await IssuerRig.run { rig in
      rig.issuer.publish(old)
      try await rig.expect(200, rig.token(old))
      rig.issuer.publish(old, new)
      // The cooldown after the first fetch is not over.
      try await rig.expect(401, rig.token(new))
      rig.advance(seconds: 31)
      try await rig.expect(200, rig.token(new))
      try await rig.expect(200, rig.token(old))
      #expect(rig.issuer.asked() == 2)
      // A key that the issuer has withdrawn ends with the lifetime of the set.
      rig.issuer.publish(new)
      rig.advance(seconds: 601)
      try await rig.expect(401, rig.token(old))
      try await rig.expect(200, rig.token(new))
    }
  }

  @Test func `a storm of unknown keys costs one fetch in thirty seconds`() async throws {
    let key = try key()
    let strangers = try (0..<8).map { _ in try self.key() }
    try await IssuerRig.run { rig in
      rig.issuer.publish(key)
      try await rig.expect(200, rig.token(key))
      rig.advance(seconds: 31)
      for round in 0..<30 {
        for stranger in strangers { try await rig.expect(401, rig.token(stranger)) }
        try await rig.expect(200, rig.token(key))
        if round < 29 { rig.advance(seconds: 1) }
      }
      #expect(rig.issuer.asked() == 2)
      // The good key never waited for the storm.
      #expect(rig.reports.codes == [])
    }
  }

  @Test func `a forged algorithm first spoils nothing for honest tokens`() async throws {
    let key = try key(.rs256)
    try await IssuerRig.run { rig in
      rig.issuer.publish(key)
      let honest = try rig.token(key)
      let parts = honest.split(separator: ".").map(String.init)
      for algorithm in ["PS256", "ES256", "EdDSA", "HS256", "none", "RS512"] {
        let header = #"{"alg":"\#(algorithm)","kid":"\#(key.keyID)"}"#
        let forged = "\(Base64URL.encode(Array(header.utf8))).\(parts[1]).\(parts[2])"
        let answer = try await rig.ask(forged)
        #expect(answer.status == 401)
        #expect(answer.headers["www-authenticate"]?.contains("invalid_token") == true)
      }
      try await rig.expect(200, honest)
      #expect(rig.issuer.asked() == 1)
    }
  }

  @Test func `keys that cannot be used are left out one by one, and logged`() async throws {
    let key = try key()
    try await IssuerRig.run { rig in
      rig.issuer.publish(
        key,
        others: [
          ["kty": "RSA", "kid": "encrypts", "use": "enc", "n": "AQAB", "e": "AQAB"],
          ["kty": "RSA", "kid": "short", "n": "AQAB", "e": "AQAB"],
          ["kty": "oct", "kid": "secret", "k": "c2VjcmV0"], ["kty": "new", "kid": "future"],
          "no key",
        ])
      try await rig.expect(200, rig.token(key))
      #expect(rig.reports.codes == [DiagnosticCode](repeating: "T002", count: 5))
    }
  }

  // MARK: An issuer that is away, or lies

  @Test func `an issuer that was never there lets nothing through`() async throws {
    let key = try key()
    try await IssuerRig.run { rig in
      let answer = try await rig.ask(rig.token(key))
      #expect(answer.status == 503)
      #expect(answer.headers["retry-after"] == "5")
      #expect(rig.reports.codes == ["T001"])
      // Not asked again with each request, and picked up when it comes back.
      try await rig.expect(503, rig.token(key))
      #expect(rig.issuer.asked("/.well-known/openid-configuration") == 1)
      rig.issuer.publish(key)
      rig.advance(seconds: 30)
      try await rig.expect(200, rig.token(key))
    }
  }

  @Test func `as AWS, no keys are a denial`() async throws {
    let key = try key(.rs256)
    try await IssuerRig.run(strict: true) { rig in
      let answer = try await rig.ask(rig.token(key))
      #expect(answer.status == 401)
      #expect(answer.text == #"{"message":"Unauthorized"}"#)
    }
  }

  @Test func `the last good keys serve while the issuer is down`() async throws {
    let key = try key()
    try await IssuerRig.run { rig in
      rig.issuer.publish(key)
      try await rig.expect(200, rig.token(key))
      rig.issuer.put("/jwks", "oops", status: "500 Internal Server Error")
      rig.advance(seconds: 700)
      for _ in 0..<3 {
        rig.advance(seconds: 40)
        try await rig.expect(200, rig.token(key))
      }
      #expect(rig.reports.codes.contains("T001"))
      #expect(rig.reports.text.contains("answers 500"))
      // A day later they are too old to trust.
      rig.advance(seconds: 86_500)
      try await rig.expect(503, rig.token(key))
    }
  }

  static let lies: [(String, String, @Sendable (StubIssuer) -> Void)] = [
    (
      "wrong issuer", "names another issuer",
      { $0.discovery(issuer: "https://other.example", keySetURL: $0.keySetURL) }
    ),
    (
      "wrong by a slash", "names another issuer",
      { $0.discovery(issuer: $0.url + "/", keySetURL: $0.keySetURL) }
    ),
    (
      "keys without TLS", "neither https nor on this machine",
      { $0.discovery(issuer: $0.url, keySetURL: "http://keys.example/jwks") }
    ),
    (
      "keys at the metadata address", "no address",
      { $0.discovery(issuer: $0.url, keySetURL: "https://169.254.169.254/jwks") }
    ),
    ("no JSON", "answers no JSON", { $0.put("/jwks", "<html>") }),
    ("no keys", "no list 'keys'", { $0.put("/jwks", "{}") }),
    ("not found", "answers 404", { $0.put("/jwks", "", status: "404 Not Found") }),
    (
      "a redirect", "redirects",
      {
        $0.put("/moved", "{}")
        $0.put("/jwks", "", status: "302 Found", fields: "location: \($0.url)/moved\r\n")
      }
    ),
    (
      "too much, said before", "150,000 bytes",
      { $0.put("/jwks", String(repeating: " ", count: 150_001)) }
    ),
    (
      "too much, in chunks", "150,000 bytes",
      { issuer in
        let chunk = "8000\r\n" + String(repeating: " ", count: 0x8000) + "\r\n"
        issuer.put(
          "/jwks",
          raw: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
            + String(repeating: chunk, count: 6) + "0\r\n\r\n")
      }
    ),
    ("an end in the middle", "T001", { $0.put("/jwks", raw: nil) }),
  ]

  @Test(arguments: lies)
  func `an issuer that lies is not believed`(
    _ name: String, _ text: String, _ lie: @Sendable (StubIssuer) -> Void
  ) async throws {
    let key = try key()
    try await IssuerRig.run { rig in
      rig.issuer.publish(key)
      lie(rig.issuer)
      try await rig.expect(503, rig.token(key))
      #expect(rig.reports.codes == ["T001"])
      #expect(text == "T001" || rig.reports.text.contains(text), "\(rig.reports.text)")
      #expect(rig.issuer.asked("/moved") == 0)
    }
  }

  @Test func `an issuer elsewhere cannot send us to a plain port of this machine`() {
    let here = "http://127.0.0.1:8081/jwks"
    #expect(!KeySetFetch.mayName(here, issuer: "https://issuer.example"))
    #expect(KeySetFetch.mayName(here, issuer: "http://127.0.0.1:8081"))
    #expect(KeySetFetch.mayName("https://keys.example/jwks", issuer: "https://issuer.example"))
  }

  @Test func `an issuer that says nothing is given up after five seconds`() async throws {
    let key = try key()
    try await IssuerRig.run { rig in
      rig.issuer.publish(key)
      rig.issuer.put("/jwks", raw: "")
      async let answer = rig.ask(rig.token(key))
      while rig.issuer.asked() == 0 || rig.clock.sleeping == 0 { await Task.yield() }
      rig.clock.advance(by: .seconds(5))
      let status = try await answer.status
      #expect(status == 503)
      #expect(rig.reports.text.contains("no answer in time"))
    }
  }

  @Test func `a thousand first tokens share one fetch`() async throws {
    let key = try key()
    try await IssuerRig.run { rig in
      rig.issuer.publish(key)
      let token = try rig.token(key)
      let accepted = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<1_000 { group.addTask { try await rig.status(token) } }
        return try await group.reduce(0) { $0 + ($1 == 200 ? 1 : 0) }
      }
      #expect(accepted == 1_000)
      #expect(rig.issuer.asked() == 1)
    }
  }

  @Test func `keys are fetched before the first token`() async throws {
    let key = try key()
    try await IssuerRig.run { rig in
      rig.issuer.publish(key)
      await rig.rig.plan.warmKeys()
      #expect(rig.issuer.asked() == 1)
      try await rig.expect(200, rig.token(key))
      #expect(rig.issuer.asked() == 1)
    }
  }

  @Test func `the log has the claims of the token`() async throws {
    let key = try key()
    try await IssuerRig.run { rig in
      rig.issuer.publish(key)
      let token = try rig.token(key) { claims in
        claims["groups"] = ["a", "b"]
        claims["admin"] = true
      }
      let notes = try await rig.ask(token).notes
      let exchange = CompletedExchange(
        method: "POST", path: "/buy", query: nil, authority: "localhost", headers: HeaderFields(),
        httpVersion: "HTTP/1.1",
        context: RequestContext(requestID: "R", sourceAddress: "192.0.2.7", clock: rig.clock),
        status: 200, notes: notes, bytesIn: 0, bytesOut: 0, nanoseconds: 1, aborted: false)
      let template = AccessLogTemplate(
        ["sub", "groups", "admin", "none"].map { "$context.authorizer.claims.\($0)" }
          .joined(separator: "|") + "|$context.authorizer.claims|$context.authorizer.principalId")
      #expect(
        template.render(AccessLogRecord(exchange, apiID: "x"))
          == "u-1|[a b]|true|-|-|token:u-1")
    }
  }
}
