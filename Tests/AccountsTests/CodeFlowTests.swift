import Cryptography
import HTTPExchange
import JSON
import Store
import Testing
import Time

@testable import Accounts

/// The authorization code flow with PKCE from end to end (auth.md §2.2, §2.3).
struct CodeFlowTests {
  @Test func `the example of RFC 7636 appendix B`() {
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    #expect(PKCE.verifies(verifier, challenge: challenge))
    #expect(!PKCE.verifies(verifier + "x", challenge: challenge))
    #expect(!PKCE.verifies("short", challenge: Opaque.digest("short")))
  }

  @Test func `code, tokens, claims and userInfo`() async throws {
    let harness = try await AccountsHarness()
    let attempt = ClientAttempt()
    let (browser, code) = try await harness.code(attempt)
    let answer = try await harness.post("token", attempt.exchange(code))
    #expect(answer.status == 200)
    #expect(answer.headers["cache-control"] == "no-store")
    let body = answer.json
    #expect(body["token_type"] == "Bearer")
    #expect(body["expires_in"] == 900)
    #expect(body["refresh_token"]?.string?.hasPrefix("rt1.1.") == true)
    let access = try #require(body["access_token"]?.string)
    let identity = try #require(harness.identity(access))
    #expect(identity.username == "alice")
    #expect(identity.claims["client_id"] == "portico-web")

    let idToken = try #require(body["id_token"]?.string)
    let id = try #require(
      harness.service.keys.verified(idToken, issuer: AccountsHarness.origin))
    #expect(id["aud"] == "portico-web")
    #expect(id["nonce"] == "n-0S6_WzA2Mj")
    #expect(id["token_use"] == "id")
    #expect(id["at_hash"] == .string(TokenIssuer.accessTokenHash(access)))
    #expect(id["sub"] == identity.claims["sub"])

    let info = try await harness.call(
      "userinfo", method: "GET", headers: [("authorization", "Bearer \(access)")])
    #expect(info.status == 200)
    #expect(info.json["sub"] == identity.claims["sub"])
    #expect(info.json["username"] == "alice")

    // A second application of ours: signed in already, so the code comes at once.
    let again = try await browser.get("/oauth2/authorize?\(attempt.query())")
    #expect(again.status == 303)
    #expect(ClientAttempt.returned(again)["code"] != nil)
  }

  @Test func `the answer carries state and issuer and leaks no referrer`() async throws {
    let harness = try await AccountsHarness()
    let (browser, _) = try await harness.code()
    let answer = try await browser.get("/oauth2/authorize?\(ClientAttempt().query())")
    let returned = ClientAttempt.returned(answer)
    #expect(returned["state"] == "af0ifjsldkj")
    #expect(returned["iss"] == AccountsHarness.origin)
    #expect(answer.headers["referrer-policy"] == "no-referrer")
    #expect(answer.headers["cache-control"] == "no-store")
  }

  @Test func `an ID token opens neither the API nor userInfo (ASVS 9.2.2)`() async throws {
    let harness = try await AccountsHarness()
    let id = try #require(try await harness.tokens()["id_token"]?.string)
    #expect(harness.identity(id) == nil)
    let info = try await harness.call(
      "userinfo", method: "GET", headers: [("authorization", "Bearer \(id)")])
    #expect(info.status == 401)
    #expect(info.headers["www-authenticate"]?.contains("invalid_token") == true)
  }

  @Test func `codes are stored as digests only`() async throws {
    let harness = try await AccountsHarness()
    let (_, code) = try await harness.code()
    #expect(try await harness.store.get(ItemKey("CODE#\(code)", "CODE")) == nil)
    let digest = SHA256.hash(code).base64URL
    #expect(try await harness.store.get(ItemKey("CODE#\(digest)", "CODE")) != nil)
  }

  @Test func `a first-party page gets its refresh token in a cookie of the token endpoint`()
    async throws
  {
    let harness = try await AccountsHarness()
    let attempt = ClientAttempt()
    let (browser, code) = try await harness.code(attempt)
    let exchanged = try await browser.send(attempt.exchange(code))
    #expect(exchanged.status == 200)
    #expect(exchanged.json["refresh_token"] == nil)
    let cookie = try #require(
      exchanged.headers.values("set-cookie").first { $0.contains("portico-rt-portico-web=") })
    for part in ["HttpOnly", "SameSite=Strict", "Path=/oauth2/token"] {
      #expect(cookie.contains(part))
    }
    // A reload: nothing but the cookie.
    let reload = try await browser.send("grant_type=refresh_token&client_id=portico-web")
    #expect(reload.status == 200)
    #expect(reload.json["access_token"]?.string != nil)
    #expect(reload.json["refresh_token"] == nil)
    // Another site's page does not reach it, even if a browser sent the cookie.
    let foreign = try await browser.send(
      "grant_type=refresh_token&client_id=portico-web", origin: "https://evil.example")
    #expect(foreign.status == 400)
  }

  @Test func `over TLS the cookies have the prefixes that browsers enforce`() {
    let cookies = Cookies(isSecure: true)
    #expect(cookies.session("v", lifetime: .seconds(1)).hasPrefix("__Host-sid=v; Path=/;"))
    #expect(cookies.refresh("web", "v", lifetime: .seconds(1)).hasPrefix("__Secure-rt-web=v"))
    for cookie in [
      cookies.session("v", lifetime: .seconds(1)), cookies.form("v"),
      cookies.refresh("web", "v", lifetime: .seconds(1)),
    ] {
      #expect(cookie.contains("; Secure"))
      #expect(cookie.contains("; HttpOnly"))
      #expect(!cookie.contains("Domain"))
    }
  }

  @Test func `a foreign application asks for consent once`() async throws {
    let client = OAuthClient(
      id: "tool", kind: .public, redirectURIs: ["https://tool.example/cb"], scopes: ["openid"])
    let harness = try await AccountsHarness { $0.clients.append(client) }
    var attempt = ClientAttempt(clientID: "tool", redirectURI: "https://tool.example/cb")
    attempt.scope = "openid"
    _ = try await harness.signedIn()
    let browser = Browser(harness)
    let login = try await browser.get("/login?\(attempt.query())")
    let consent = try await browser.submit(
      login, [("username", "alice"), ("password", AccountsHarness.password)])
    #expect(consent.status == 200)
    #expect(consent.text.contains("Allow access?"))
    #expect(consent.text.contains("tool at https://tool.example asks"))
    #expect(
      consent.headers["content-security-policy"]?.contains(
        "form-action 'self' https://tool.example") == true)
    let denied = try await browser.submit(consent, [("consent", "deny")])
    #expect(ClientAttempt.returned(denied)["error"] == "access_denied")
    let allowed = try await browser.submit(consent, [("consent", "allow")])
    #expect(ClientAttempt.returned(allowed)["code"] != nil)
    let later = try await browser.get("/oauth2/authorize?\(attempt.query())")
    #expect(ClientAttempt.returned(later)["code"] != nil)
    attempt.extra = [("prompt", "none")]
    let silent = try await browser.get("/oauth2/authorize?\(attempt.query())")
    #expect(ClientAttempt.returned(silent)["code"] != nil)
  }

  @Test func `prompt and max_age ask for the password again`() async throws {
    let harness = try await AccountsHarness()
    var attempt = ClientAttempt()
    attempt.extra = [("prompt", "none")]
    let nobody = try await Browser(harness).get("/oauth2/authorize?\(attempt.query())")
    #expect(ClientAttempt.returned(nobody)["error"] == "login_required")
    let (browser, _) = try await harness.code()
    attempt.extra = [("prompt", "login")]
    let forced = try await browser.get("/oauth2/authorize?\(attempt.query())")
    #expect(forced.headers["location"]?.hasPrefix("/login?") == true)
    attempt.extra = [("max_age", "60")]
    let recent = try await browser.get("/oauth2/authorize?\(attempt.query())")
    #expect(ClientAttempt.returned(recent)["code"] != nil)
    harness.clock.advance(by: .seconds(61))
    let stale = try await browser.get("/oauth2/authorize?\(attempt.query())")
    #expect(stale.headers["location"]?.hasPrefix("/login?") == true)
  }

  @Test func `a confidential client authenticates by Basic or by post`() async throws {
    let client = OAuthClient(
      id: "server", kind: .confidential, redirectURIs: ["https://server.example/cb"],
      scopes: ["openid"], secretDigest: SHA256.hash("s3cr et:x").hex, isFirstParty: true)
    let harness = try await AccountsHarness { $0.clients.append(client) }
    var attempt = ClientAttempt(clientID: "server", redirectURI: "https://server.example/cb")
    attempt.scope = "openid"
    let (_, code) = try await harness.code(attempt)
    let basic = Base64.encode(Array("server:s3cr+et%3Ax".utf8))
    let answer = try await harness.post(
      "token", attempt.exchange(code, without: ["client_id"]),
      headers: [("authorization", "Basic \(basic)")])
    #expect(answer.status == 200)
    let access = try #require(answer.json["access_token"]?.string)
    let told = try await harness.post(
      "introspect", "token=\(access)&client_id=server&client_secret=s3cr+et%3Ax")
    #expect(told.json["active"] == true)
    #expect(told.json["username"] == "alice")
    let other = try await harness.post(
      "introspect", "token=nonsense&client_id=server&client_secret=s3cr+et%3Ax")
    #expect(other.json == ["active": false])
    let wrong = try await harness.post(
      "introspect", "token=\(access)",
      headers: [
        ("authorization", "Basic \(Base64.encode(Array("server:no".utf8)))")
      ])
    #expect(wrong.status == 401)
    #expect(wrong.headers["www-authenticate"]?.hasPrefix("Basic") == true)
  }
}

extension Browser {
  /// A fetch of our own page to the token endpoint, with the browser's cookies.
  func send(_ body: String, origin: String = AccountsHarness.origin) async throws -> Response {
    let fields = RequestTarget(path: "/", query: body).queryItems.map { ($0.name, $0.value) }
    return try await post("/oauth2/token", fields, headers: [("origin", origin)])
  }
}
