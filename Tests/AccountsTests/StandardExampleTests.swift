import Cryptography
import HTTPExchange
import JSON
import Testing
import Time

@testable import Accounts

/// The examples that RFC 6749, 6750, 7009 and 7662 print, sent as they are printed; those of RFC 7636
/// and 7914 stand in `CodeFlowTests` and `PasswordTests`.
struct StandardExampleTests {
  /// RFC 6749 §2.3.1's client.
  private static let basic = [
    ("authorization", "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3")
  ]

  private func harness() async throws -> AccountsHarness {
    try await AccountsHarness {
      $0.clients.append(
        OAuthClient(
          id: "s6BhdRkqt3", kind: .confidential,
          redirectURIs: ["https://client.example.com/cb"], scopes: ["openid"],
          secretDigest: SHA256.hash("7Fjfp0ZBr1KtDRbnfVdmIw").hex))
    }
  }

  @Test func `RFC 6749 4.1.1, with the PKCE that RFC 9700 adds`() async throws {
    let harness = try await harness()
    let example =
      "response_type=code&client_id=s6BhdRkqt3&state=xyz"
      + "&redirect_uri=https%3A%2F%2Fclient%2Eexample%2Ecom%2Fcb"
    let bare = try await Browser(harness).get("/oauth2/authorize?\(example)")
    #expect(
      bare.headers["location"]?.hasPrefix("https://client.example.com/cb?error=invalid_request")
        == true)
    #expect(ClientAttempt.returned(bare)["state"] == "xyz")
    let challenge =
      "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    let whole = try await Browser(harness).get("/oauth2/authorize?\(example)\(challenge)")
    #expect(whole.status == 303)
    #expect(whole.headers["location"]?.hasPrefix("/login?") == true)
  }

  @Test func `RFC 6749 4.1.2.1, access_denied with the state`() async throws {
    let harness = try await harness()
    _ = try await harness.signedIn()
    let attempt = ClientAttempt(
      clientID: "s6BhdRkqt3", redirectURI: "https://client.example.com/cb", state: "xyz",
      scope: "openid")
    let browser = Browser(harness)
    let login = try await browser.get("/login?\(attempt.query())")
    let consent = try await browser.submit(
      login, [("username", "alice"), ("password", AccountsHarness.password)])
    let denied = try await browser.submit(consent, [("consent", "deny")])
    #expect(
      denied.headers["location"]?.hasPrefix("https://client.example.com/cb?error=access_denied")
        == true)
    #expect(ClientAttempt.returned(denied)["state"] == "xyz")
  }

  @Test(arguments: [
    (
      "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA"
        + "&redirect_uri=https%3A%2F%2Fclient%2Eexample%2Ecom%2Fcb"
        + "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "invalid_grant", "4.1.3"
    ),
    ("grant_type=password&username=johndoe&password=A3ddj3w", "unsupported_grant_type", "4.3.2"),
    ("grant_type=client_credentials", "unsupported_grant_type", "4.4.2"),
    ("grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA", "invalid_grant", "6"),
  ])
  func `RFC 6749, requests of the token endpoint`(body: String, error: String, section: String)
    async throws
  {
    let harness = try await harness()
    let answer = try await harness.post("token", body, headers: Self.basic)
    #expect(answer.status == 400, "\(section)")
    #expect(answer.json["error"] == .string(error), "\(section)")
    #expect(answer.headers["content-type"]?.hasPrefix("application/json") == true, "5.2")
    #expect(answer.headers["cache-control"] == "no-store", "5.2")
  }

  @Test func `RFC 6749 2.3.1, the same client in the body`() async throws {
    let harness = try await harness()
    let answer = try await harness.post(
      "token",
      "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA&client_id=s6BhdRkqt3"
        + "&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw")
    #expect(answer.json["error"] == "invalid_grant")
  }

  @Test func `RFC 6749 5.1, the members and fields of a success`() async throws {
    let harness = try await harness()
    let (_, code) = try await harness.code()
    let answer = try await harness.post("token", ClientAttempt().exchange(code))
    #expect(answer.json["token_type"] == "Bearer")
    #expect(answer.json["expires_in"] == 900)
    for member in ["access_token", "refresh_token", "scope"] {
      #expect(answer.json[member]?.string?.isEmpty == false)
    }
    #expect(answer.headers["cache-control"] == "no-store")
    #expect(answer.headers["pragma"] == "no-cache")
  }

  @Test func `RFC 6750 3 and 3.1, the challenges`() async throws {
    let harness = try await harness()
    let none = try await harness.call("userinfo", method: "GET")
    #expect(none.status == 401)
    #expect(none.headers["www-authenticate"] == "Bearer")
    let bad = try await harness.call(
      "userinfo", method: "GET", headers: [("authorization", "Bearer mF_9.B5f-4.1JqM")])
    #expect(bad.status == 401)
    #expect(bad.headers["www-authenticate"]?.contains(#"error="invalid_token""#) == true)
    // §2.2 and §2.3, the forms that RFC 9700 §4.3.2 takes away.
    let query = try await harness.call(
      "userinfo", method: "GET", query: "access_token=mF_9.B5f-4.1JqM")
    #expect(query.status == 401)
    #expect(query.headers["www-authenticate"] == "Bearer")
    let form = try await harness.post("userinfo", "access_token=mF_9.B5f-4.1JqM")
    #expect(form.status == 401)
  }

  @Test func `RFC 7009 2.1, revocation of what is not known`() async throws {
    let harness = try await harness()
    let answer = try await harness.post(
      "revoke", "token=45ghiukldjahdnhzdauz&token_type_hint=refresh_token", headers: Self.basic)
    #expect(answer.status == 200)
    #expect(answer.text.isEmpty)
  }

  @Test func `RFC 7662 2.1 and 2.2, a token that is not active`() async throws {
    let harness = try await harness()
    let answer = try await harness.post(
      "introspect", "token=mF_9.B5f-4.1JqM&token_type_hint=access_token", headers: Self.basic)
    #expect(answer.status == 200)
    #expect(answer.json == ["active": false])
  }
}
