import HTTPExchange
import JSON
import Store
import Testing
import Time

@testable import Accounts

/// What the authorization endpoint refuses, each with the clause that asks for it.
struct AuthorizeRefusalTests {
  /// Answered with a page of our own: nothing is sent to an address that is not registered.
  @Test(arguments: [
    ("client_id", "nobody", "RFC 6749 4.1.2.1, ASVS 10.4.1"),
    ("redirect_uri", "https://evil.example/callback", "RFC 9700 2.1"),
    ("redirect_uri", "http://localhost:8080/callback/", "RFC 9700 2.1 exact match"),
    ("redirect_uri", "http://localhost:8080/callback?x=1", "RFC 9700 2.1 exact match"),
    ("redirect_uri", "http://localhost:8080/callback#f", "RFC 6749 3.1.2"),
    ("redirect_uri", "http://LOCALHOST:8080/callback", "RFC 9700 2.1 exact match"),
    ("redirect_uri", "http://localhost:8081/callback", "RFC 8252 7.3 only for native clients"),
    ("redirect_uri", "http://127.0.0.1:8080/callback", "RFC 9700 2.1 exact match"),
    ("redirect_uri", "http://localhost:8080/callback\u{301}", "RFC 3629, bytes not graphemes"),
    ("redirect_uri", "javascript:alert(1)", "RFC 9700 4.1"),
    ("redirect_uri", "", "RFC 9700 4.1.3"),
  ])
  func `never redirected`(name: String, value: String, clause: String) async throws {
    let harness = try await AccountsHarness()
    let query = ClientAttempt().query(replacing: [name: value])
    for path in ["/oauth2/authorize", "/login", "/signup"] {
      let answer = try await Browser(harness).get("\(path)?\(query)")
      #expect(answer.status == 400, "\(clause) at \(path)")
      #expect(answer.headers["location"] == nil, "\(clause)")
      #expect(!answer.text.contains("evil.example"), "\(clause)")
    }
  }

  /// Told to the client, with state and issuer (RFC 9207).
  @Test(
    arguments: [
      (["code_challenge"], [:], "invalid_request", "RFC 7636 4.4.1"),
      (["code_challenge_method"], [:], "invalid_request", "RFC 7636 4.3: absent is plain"),
      ([], ["code_challenge_method": "plain"], "invalid_request", "RFC 9700 2.1.1, ASVS 10.4.6"),
      ([], ["code_challenge_method": "s256"], "invalid_request", "RFC 7636 4.3"),
      ([], ["code_challenge": "short"], "invalid_request", "RFC 7636 4.2"),
      (
        [], ["code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"], "invalid_request",
        "RFC 7636 4.2"
      ),
      (["response_type"], [:], "invalid_request", "RFC 6749 3.1.1"),
      ([], ["response_type": "token"], "unsupported_response_type", "RFC 9700 2.1.2"),
      ([], ["response_type": "code id_token"], "unsupported_response_type", "RFC 9700 2.1.2"),
      ([], ["scope": "openid admin"], "invalid_scope", "RFC 6749 3.3, ASVS 10.4.11"),
      ([], ["scope": "   "], "invalid_scope", "RFC 6749 3.3"),
    ] as [([String], [String: String], String, String)])
  func `told to the client`(
    without: [String], replacing: [String: String], error: String, clause: String
  ) async throws {
    let harness = try await AccountsHarness()
    let query = ClientAttempt().query(without: Set(without), replacing: replacing)
    let answer = try await Browser(harness).get("/oauth2/authorize?\(query)")
    #expect(answer.status == 303, "\(clause)")
    let returned = ClientAttempt.returned(answer)
    #expect(returned["error"] == error, "\(clause)")
    #expect(returned["state"] == "af0ifjsldkj", "\(clause)")
    #expect(returned["iss"] == AccountsHarness.origin, "RFC 9207 2")
    #expect(returned["code"] == nil)
  }

  @Test(arguments: [
    ("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported", "OIDC Core 6.1"),
    ("request_uri", "https://evil.example/r", "request_uri_not_supported", "OIDC Core 6.2"),
    ("response_mode", "fragment", "invalid_request", "RFC 9700 4.3.1"),
    ("prompt", "none login", "invalid_request", "OIDC Core 3.1.2.1"),
    ("prompt", "everything", "invalid_request", "OIDC Core 3.1.2.1"),
    ("max_age", "-1", "invalid_request", "OIDC Core 3.1.2.1"),
    ("resource", "https://other.example", "invalid_target", "RFC 8707 2"),
  ])
  func `parameters that are refused`(name: String, value: String, error: String, clause: String)
    async throws
  {
    let harness = try await AccountsHarness()
    var attempt = ClientAttempt()
    attempt.extra = [(name, value)]
    let answer = try await Browser(harness).get("/oauth2/authorize?\(attempt.query())")
    #expect(ClientAttempt.returned(answer)["error"] == error, "\(clause)")
  }

  @Test(arguments: [
    ("&state=second", "RFC 6749 3.1 duplicate"), ("&client_id=portico-web", "RFC 6749 3.1"),
    ("&x=%zz", "broken escape"), ("&x=%ff", "broken UTF-8"), ("&x=%00", "NUL"),
  ])
  func `a query that two readers would read differently`(more: String, reason: String) async throws
  {
    let harness = try await AccountsHarness()
    let answer = try await Browser(harness).get(
      "/oauth2/authorize?\(ClientAttempt().query())\(more)")
    #expect(answer.status == 400, "\(reason)")
    #expect(answer.headers["location"] == nil)
  }

  @Test func `unknown parameters are ignored (RFC 6749 section 3.1)`() async throws {
    let harness = try await AccountsHarness()
    let answer = try await Browser(harness).get(
      "/oauth2/authorize?\(ClientAttempt().query())&utm_source=x&identity_provider=Google")
    #expect(answer.headers["location"]?.hasPrefix("/login?") == true)
  }

  @Test func `a native client chooses its port on a loopback address (RFC 8252 7.3)`() {
    let native = OAuthClient(id: "cli", kind: .native, redirectURIs: ["http://127.0.0.1/cb"])
    #expect(native.allows(redirect: "http://127.0.0.1:49152/cb"))
    #expect(!native.allows(redirect: "http://127.0.0.1:49152/other"))
    #expect(!native.allows(redirect: "http://127.0.0.1.evil.example/cb"))
    #expect(!native.allows(redirect: "http://127.0.0.1:@evil.example/cb"))
    #expect(!native.allows(redirect: "http://127.0.0.1:80evil/cb"))
    #expect(!native.allows(redirect: "http://localhost:49152/cb"))
    let page = OAuthClient(id: "web", redirectURIs: ["http://127.0.0.1/cb"])
    #expect(!page.allows(redirect: "http://127.0.0.1:49152/cb"))
  }

  @Test(arguments: [
    "http://example.com/cb", "https://e.example/*", "https://e.example/cb#f", "javascript:x",
    "/relative", "data://x", "https://e.example/ cb",
  ])
  func `redirect URIs that may not be registered`(uri: String) {
    #expect(OAuthClient.refusal(ofRedirect: uri) != nil)
  }

  @Test func `the error page tells the developer which address is nearest`() async throws {
    let harness = try await AccountsHarness()
    for uri in ["http://localhost:8080/callback/", "http://127.0.0.1:8080/callback"] {
      let query = ClientAttempt().query(replacing: ["redirect_uri": uri])
      let page = try await Browser(harness).get("/oauth2/authorize?\(query)")
      #expect(page.text.contains("http://localhost:8080/callback"))
      #expect(page.text.contains("For the developer"))
    }
  }

  @Test func `the error page says nothing that a stranger wrote`() async throws {
    let harness = try await AccountsHarness()
    let page = try await Browser(harness).get(
      "/error?error=<script>&error_description=Call+0900-EVIL")
    #expect(page.status == 400)
    #expect(!page.text.contains("EVIL"))
    #expect(!page.text.contains("<script"))
  }
}
