import Cryptography
import HTTPExchange
import JSON
import Store
import Testing
import Time

@testable import Accounts

/// What RFC 9700 (OAuth 2.0 Security Best Current Practice) and ASVS 5.0 chapter 10.4 forbid, beside
/// `AuthorizeRefusalTests` and `TokenRefusalTests`: each test names its clause.
struct SecurityClauseTests {
  private static let secret = "gX1fBat3bV"
  private static let confidential = OAuthClient(
    id: "server", kind: .confidential, redirectURIs: ["https://server.example/cb"],
    scopes: ["openid"], secretDigest: SHA256.hash(secret).hex, isFirstParty: true)
  private static let other = OAuthClient(
    id: "other", redirectURIs: ["https://other.example/cb"], scopes: ["openid", "email"],
    isFirstParty: true)

  private func harness() async throws -> AccountsHarness {
    try await AccountsHarness { $0.clients += [Self.confidential, Self.other] }
  }

  // MARK: RFC 9700

  @Test func `a code injected into another client's flow (RFC 9700 4.5, ASVS 10.4.2)`()
    async throws
  {
    let harness = try await harness()
    let (_, code) = try await harness.code()
    for uri in ["http://localhost:8080/callback", "https://other.example/cb"] {
      let answer = try await harness.post(
        "token",
        ClientAttempt().exchange(code, replacing: ["client_id": "other", "redirect_uri": uri]))
      #expect(answer.json["error"] == "invalid_grant")
    }
  }

  @Test func `a code without its verifier (RFC 9700 4.5.3.1, PKCE downgrade 4.8.2)`() async throws {
    let harness = try await harness()
    for dropped in [["code_verifier"], ["code_verifier", "redirect_uri"]] as [Set<String>] {
      let (_, code) = try await harness.code()
      let answer = try await harness.post(
        "token", ClientAttempt().exchange(code, without: dropped))
      #expect(answer.status == 400)
      #expect(answer.json["access_token"] == nil)
    }
  }

  @Test func `a confidential client needs PKCE, too (RFC 9700 2.1.1, ASVS 10.4.6)`() async throws {
    let harness = try await harness()
    let attempt = ClientAttempt(clientID: "server", redirectURI: "https://server.example/cb")
    let query = attempt.query(
      without: ["code_challenge", "code_challenge_method"], replacing: ["scope": "openid"])
    let answer = try await Browser(harness).get("/oauth2/authorize?\(query)")
    #expect(ClientAttempt.returned(answer)["error"] == "invalid_request")
  }

  @Test(
    arguments: [
      (nil, nil), ("server", nil), ("server", ""), ("server", "wrong"), ("server", "gX1fBat3bV "),
      ("other", "gX1fBat3bV"), ("SERVER", "gX1fBat3bV"),
    ] as [(String?, String?)])
  func `a confidential client that is not itself (RFC 9700 2.5, ASVS 10.4.10)`(
    id: String?, secret: String?
  ) async throws {
    let harness = try await harness()
    var attempt = ClientAttempt(clientID: "server", redirectURI: "https://server.example/cb")
    attempt.scope = "openid"
    let (_, code) = try await harness.code(attempt)
    var body = attempt.exchange(code, without: ["client_id"])
    if let id { body += "&client_id=\(id)" }
    if let secret { body += "&client_secret=\(PercentEncoding.encode(secret))" }
    let answer = try await harness.post("token", body)
    #expect(answer.json["error"] == "invalid_client")
    #expect(answer.status == 401)
  }

  @Test(arguments: [
    ("password", "RFC 9700 2.4, ASVS 10.4.4"), ("implicit", "RFC 9700 2.1.2, ASVS 10.4.4"),
    ("client_credentials", "RFC 9700 4.15.1"),
    ("urn:ietf:params:oauth:grant-type:device_code", "RFC 8628 3.4"),
    ("urn:ietf:params:oauth:grant-type:token-exchange", "RFC 8693 2.1"),
    ("urn:ietf:params:oauth:grant-type:saml2-bearer", "RFC 7522 2.1"),
    ("AUTHORIZATION_CODE", "4.1.3"),
  ])
  func `grants that are not offered`(grant: String, clause: String) async throws {
    let harness = try await harness()
    let answer = try await harness.post(
      "token",
      "grant_type=\(PercentEncoding.encode(grant))&client_id=portico-web&username=a&password=b")
    #expect(answer.json["error"] == "unsupported_grant_type", "\(clause)")
    #expect(answer.status == 400)
  }

  @Test(arguments: [
    "token", "id_token", "code token", "id_token token", "none", "code code", "CODE",
  ])
  func `no token leaves the authorization endpoint (RFC 9700 2.1.2, ASVS 10.4.4)`(type: String)
    async throws
  {
    let harness = try await harness()
    let query = ClientAttempt().query(replacing: ["response_type": type])
    let answer = try await Browser(harness).get("/oauth2/authorize?\(query)")
    #expect(ClientAttempt.returned(answer)["error"] == "unsupported_response_type")
    #expect(answer.headers["location"]?.contains("token=") == false)
    #expect(answer.headers["location"]?.contains("#") == false)
  }

  @Test func `a refresh token of another client (RFC 9700 4.14.2, ASVS 10.4.5)`() async throws {
    let harness = try await harness()
    let token = try #require(try await harness.tokens()["refresh_token"]?.string)
    for id in ["other", "server"] {
      let secret = id == "server" ? "&client_secret=\(Self.secret)" : ""
      let answer = try await harness.post(
        "token", "grant_type=refresh_token&client_id=\(id)&refresh_token=\(token)\(secret)")
      #expect(answer.json["error"] == "invalid_grant")
    }
    // The thief's failure does not sign the owner out.
    let own = try await harness.post(
      "token", "grant_type=refresh_token&client_id=portico-web&refresh_token=\(token)")
    #expect(own.status == 200)
  }

  @Test func `a refresh token ends absolutely, used or not (ASVS 10.4.8)`() async throws {
    let harness = try await AccountsHarness { $0.refreshLifetime = .seconds(2 * 86_400) }
    var token = try #require(try await harness.tokens()["refresh_token"]?.string)
    for hour in 1...60 {
      harness.clock.advance(by: .seconds(3600))
      let answer = try await harness.post(
        "token", "grant_type=refresh_token&client_id=portico-web&refresh_token=\(token)")
      guard hour < 48 else {
        #expect(answer.json["error"] == "invalid_grant")
        return
      }
      token = try #require(answer.json["refresh_token"]?.string)
    }
    Issue.record("it never ended")
  }

  @Test func `the person ends what a client holds (ASVS 10.4.9)`() async throws {
    let harness = try await harness()
    let tokens = try await harness.tokens()
    let access = try #require(tokens["access_token"]?.string)
    let identity = try #require(harness.identity(access))
    let session = try #require(identity.sessionID)
    let ended = try await harness.call(
      "revoke-session", method: "DELETE", identity: identity, parameters: [("sid", session)])
    #expect(ended.status == 200)
    #expect(harness.identity(access) == nil)
    let refresh = try #require(tokens["refresh_token"]?.string)
    let answer = try await harness.post(
      "token", "grant_type=refresh_token&client_id=portico-web&refresh_token=\(refresh)")
    #expect(answer.json["error"] == "invalid_grant")
  }

  @Test func `no scope beyond the client's own (RFC 9700 2.3, ASVS 10.4.11)`() async throws {
    let harness = try await harness()
    for scope in ["openid admin", "openid openid\u{22}", "profile", "openid phone"] {
      let attempt = ClientAttempt(clientID: "other", redirectURI: "https://other.example/cb")
      let answer = try await Browser(harness).get(
        "/oauth2/authorize?\(attempt.query(replacing: ["scope": scope]))")
      #expect(ClientAttempt.returned(answer)["error"] == "invalid_scope")
    }
  }

  @Test(arguments: ["fragment", "form_post", "web_message", "jwt", "query.jwt"])
  func `only the query carries the code (RFC 9700 4.3.1, ASVS 10.4.12)`(mode: String) async throws {
    let harness = try await harness()
    var attempt = ClientAttempt()
    attempt.extra = [("response_mode", mode)]
    let answer = try await Browser(harness).get("/oauth2/authorize?\(attempt.query())")
    #expect(ClientAttempt.returned(answer)["error"] == "invalid_request")
  }

  @Test func `an access token for this API alone (RFC 9700 2.3, 4.9)`() async throws {
    let harness = try await harness()
    let access = try #require(try await harness.tokens()["access_token"]?.string)
    let elsewhere = try await AccountsHarness(store: harness.store, clock: harness.clock) {
      $0.audience = "another-api"
    }
    let foreign = try #require(try await elsewhere.tokens(name: "bob")["access_token"]?.string)
    #expect(harness.identity(access) != nil)
    #expect(harness.identity(foreign) == nil)
  }

  @Test func `pages cannot be framed and leak no address (RFC 9700 4.16, 4.2.4)`() async throws {
    let harness = try await harness()
    for path in ["/login", "/signup", "/forgotPassword", "/confirmUser", "/logout", "/error"] {
      let page = try await Browser(harness).get(path)
      let policy = page.headers["content-security-policy"] ?? ""
      #expect(policy.contains("frame-ancestors 'none'"), "\(path)")
      #expect(policy.contains("default-src 'none'"), "\(path)")
      #expect(!policy.contains("script-src"), "\(path)")
      #expect(page.headers["referrer-policy"] == "same-origin", "\(path)")
      #expect(page.headers["cache-control"]?.contains("no-store") == true, "\(path)")
    }
  }

  @Test func `no open redirector (RFC 9700 4.11)`() async throws {
    let harness = try await harness()
    let targets = [
      "/logout?client_id=portico-web&logout_uri=https://evil.example/",
      "/logout?client_id=portico-web&logout_uri=http://localhost:8080.evil.example/",
      "/logout?post_logout_redirect_uri=https://evil.example/",
      "/login?client_id=nobody&redirect_uri=https://evil.example/",
      "/error?redirect_uri=https://evil.example/",
    ]
    for target in targets {
      let answer = try await Browser(harness).get(target)
      #expect(answer.headers["location"] == nil, "\(target)")
      #expect(!answer.text.contains("evil.example"), "\(target)")
    }
  }

  @Test func `no code and no token for scripts of other origins (RFC 9700 2.6)`() async throws {
    let harness = try await harness()
    for name in ["authorize", "login-page"] {
      let answer = try await harness.call(
        name, method: "GET", query: ClientAttempt().query(),
        headers: [("origin", "https://evil.example")])
      #expect(answer.headers["access-control-allow-origin"] == nil)
    }
    let token = try await harness.post(
      "token", "grant_type=refresh_token&client_id=portico-web&refresh_token=x",
      headers: [("origin", "null")])
    #expect(token.headers["access-control-allow-origin"] == nil)
  }

  @Test func `the cookie alone refreshes nothing from elsewhere (RFC 9700 4.7, CSRF)`()
    async throws
  {
    let harness = try await harness()
    let (browser, code) = try await harness.code()
    let first = try await browser.send(ClientAttempt().exchange(code))
    #expect(first.status == 200)
    #expect(first.json["refresh_token"] == nil)
    for origin in ["https://evil.example", "null", "http://localhost:8081"] {
      let answer = try await browser.send(
        "grant_type=refresh_token&client_id=portico-web", origin: origin)
      #expect(answer.json["access_token"] == nil, "\(origin)")
      #expect(answer.status == 400)
    }
  }

  @Test func `what is not offered is not advertised (ASVS 10.4.4, 10.4.6, 10.4.7, 10.4.12)`()
    async throws
  {
    let harness = try await harness()
    let document = try await harness.call("oidc-configuration", method: "GET").json
    for member in [
      "registration_endpoint", "pushed_authorization_request_endpoint",
      "device_authorization_endpoint", "request_parameter_supported",
    ] {
      let value = document[member]
      #expect(value == nil || value == false, "\(member)")
    }
    #expect(document["code_challenge_methods_supported"] == ["S256"])
    #expect(document["response_types_supported"] == ["code"])
    #expect(document["response_modes_supported"] ?? ["query"] == ["query"])
    #expect(document["id_token_signing_alg_values_supported"] == ["RS256"])
    #expect(document["grant_types_supported"] == ["authorization_code", "refresh_token"])
    #expect(document["authorization_response_iss_parameter_supported"] == true, "RFC 9700 4.4.2.1")
  }
}
