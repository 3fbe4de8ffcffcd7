import HTTPExchange
import JSON
import Store
import Testing
import Time

@testable import Accounts

/// The hosted pages: headers, forms, CSRF, sign-up and sign-out (auth.md §2.7, §2.8).
struct HostedPagesTests {
  @Test(arguments: [
    "/login", "/signup", "/confirmUser", "/forgotPassword", "/confirmForgotPassword", "/logout",
    "/error",
  ])
  func `pages have no script, a strict policy and no cache`(path: String) async throws {
    let harness = try await AccountsHarness()
    let page = try await Browser(harness).get(path)
    let policy = try #require(page.headers["content-security-policy"])
    #expect(policy.contains("default-src 'none'"))
    #expect(policy.contains("frame-ancestors 'none'"))
    #expect(policy.contains("base-uri 'none'"))
    #expect(policy.contains("form-action 'self'"))
    #expect(!policy.contains("unsafe"))
    #expect(page.headers["cache-control"] == "no-store")
    #expect(page.headers["referrer-policy"] == "same-origin")
    #expect(page.headers["x-content-type-options"] == "nosniff")
    #expect(!page.text.contains("<script"))
    #expect(!page.text.contains(" style="))
    #expect(!page.text.contains(" onclick"))
    #expect(page.text.contains("<html lang=\"en\">"))
    #expect(page.text.contains("<main>"))
    #expect(page.text.contains("<h1"))
  }

  @Test(arguments: [
    "/login", "/signup", "/confirmUser", "/forgotPassword", "/confirmForgotPassword",
  ])
  func `every input has a label and a purpose`(path: String) async throws {
    let harness = try await AccountsHarness()
    let html = try await Browser(harness).get(path).text
    for tag in html.split(separator: "<input ").dropFirst() where !tag.hasPrefix("type=\"hidden\"")
    {
      let input = "<input " + tag.prefix { $0 != ">" }
      let id = try #require(Browser.attribute("id", of: input, in: "<input"))
      #expect(html.contains("<label for=\"\(id)\">"))
      #expect(input.contains(" autocomplete=\""))
      #expect(!input.contains("onpaste"))
    }
  }

  @Test func `a form from elsewhere is refused, the sign-in form too`() async throws {
    let harness = try await AccountsHarness()
    _ = try await harness.signedIn()
    let browser = Browser(harness)
    let page = try await browser.get("/login")
    let good = Browser.hiddenFields(page.text)
    let fields = [("username", "alice"), ("password", AccountsHarness.password)]
    let refused: [([(String, String)], [(String, String)])] = [
      (good + fields, [("origin", "https://evil.example")]), (good + fields, [("origin", "null")]),
      (good + fields, []), (good + fields, [("sec-fetch-site", "cross-site")]),
      (fields, [("origin", AccountsHarness.origin)]),
      ([("csrf", "wrong")] + fields, [("origin", AccountsHarness.origin)]),
    ]
    for (body, headers) in refused {
      let answer = try await browser.post("/login", body, headers: headers)
      #expect(answer.status == 403)
      #expect(browser.cookies["portico-sid"] == nil)
    }
    let other = Browser(harness)
    _ = try await other.get("/login")
    #expect(try await other.post("/login", good + fields).status == 403)
    // A token of one form is none of another.
    #expect(try await browser.post("/signup", good + fields).status == 403)
    let sameSite = try await browser.post(
      "/login", good + fields, headers: [("sec-fetch-site", "same-origin")])
    #expect(sameSite.status == 303)
    #expect(browser.cookies["portico-sid"] != nil)
  }

  @Test func `what somebody typed comes back escaped`() async throws {
    let harness = try await AccountsHarness()
    let browser = Browser(harness)
    let page = try await browser.get("/login")
    let answer = try await browser.submit(
      page, [("username", "\"><script>alert(1)</script>"), ("password", "x")])
    #expect(answer.status == 401)
    #expect(!answer.text.contains("<script>"))
    #expect(answer.text.contains("&lt;script&gt;"))
    #expect(!answer.text.contains("value=\"x\""))
    var attempt = ClientAttempt()
    attempt.extra = [("login_hint", "'\"><b>")]
    let hinted = try await browser.get("/login?\(attempt.query())")
    #expect(!hinted.text.contains("<b>"))
  }

  @Test func `sign-up on the page leads back to the application`() async throws {
    let harness = try await AccountsHarness()
    let browser = Browser(harness)
    let login = try await browser.get("/login?\(ClientAttempt().query())")
    #expect(login.text.contains("/signup?"))
    let page = try await browser.get("/signup?\(ClientAttempt().query())")
    let weak = try await browser.submit(page, [("username", "bob"), ("password", "short")])
    #expect(weak.status == 400)
    #expect(weak.text.contains("role=\"alert\""))
    let done = try await browser.submit(
      weak, [("username", "bob"), ("email", ""), ("password", AccountsHarness.password)])
    #expect(done.status == 303)
    #expect(ClientAttempt.returned(done)["code"] != nil)
    let taken = try await browser.submit(
      page, [("username", "Bob"), ("password", AccountsHarness.password)])
    #expect(taken.status == 409)
  }

  @Test func `a new sign-in gets a new session cookie (ASVS 7.2.4)`() async throws {
    let harness = try await AccountsHarness()
    let (browser, _) = try await harness.code()
    let first = try #require(browser.cookies["portico-sid"])
    let page = try await browser.get("/login")
    _ = try await browser.submit(
      page, [("username", "alice"), ("password", AccountsHarness.password)])
    let second = try #require(browser.cookies["portico-sid"])
    #expect(first != second)
    browser.cookies["portico-sid"] = first
    let answer = try await browser.get("/oauth2/authorize?\(ClientAttempt().query())")
    #expect(answer.headers["location"]?.hasPrefix("/login?") == true)
  }

  @Test func `a posted password is never posted on (RFC 9700 4.12)`() async throws {
    let harness = try await AccountsHarness()
    let (browser, _) = try await harness.code()
    #expect(browser.cookies["portico-sid"] != nil)
    let page = try await browser.get("/login?\(ClientAttempt().query())")
    let answer = try await browser.submit(
      page, [("username", "alice"), ("password", AccountsHarness.password)])
    #expect(answer.status == 303)
    #expect(
      page.headers["content-security-policy"]?.contains(
        "form-action 'self' http://localhost:8080") == true)
  }

  // MARK: Sign-out

  @Test func `with a hint of this session sign-out is at once and takes everything along`()
    async throws
  {
    let harness = try await AccountsHarness()
    let (browser, code) = try await harness.code()
    let tokens = try await harness.post("token", ClientAttempt().exchange(code)).json
    let hint = try #require(tokens["id_token"]?.string)
    // The hint may have expired (RP-Initiated Logout 1.0 §2).
    harness.clock.advance(by: .seconds(2000))
    let answer = try await browser.get(
      "/logout?id_token_hint=\(hint)&state=xyz&post_logout_redirect_uri="
        + PercentEncoding.encode("\(AccountsHarness.origin)/"))
    #expect(answer.status == 303)
    #expect(answer.headers["location"] == "\(AccountsHarness.origin)/?state=xyz")
    #expect(browser.cookies["portico-sid"] == nil)
    let access = try #require(tokens["access_token"]?.string)
    #expect(harness.identity(access) == nil)
    let refresh = try #require(tokens["refresh_token"]?.string)
    let later = try await harness.post(
      "token", "grant_type=refresh_token&client_id=portico-web&refresh_token=\(refresh)")
    #expect(later.status == 400)
  }

  @Test func `without a hint a person confirms (ASVS 10.6.2), Cognito's parameters too`()
    async throws
  {
    let harness = try await AccountsHarness()
    let (browser, _) = try await harness.code()
    let target =
      "/logout?client_id=portico-web&logout_uri="
      + PercentEncoding.encode(AccountsHarness.origin)
    let page = try await browser.get(target)
    #expect(page.status == 200)
    #expect(page.text.contains("Sign out?"))
    #expect(browser.cookies["portico-sid"] != nil)
    let forged = try await browser.post(target, [], headers: [("origin", "https://evil.example")])
    #expect(forged.status == 403)
    #expect(browser.cookies["portico-sid"] != nil)
    let done = try await browser.submit(page, [])
    #expect(done.headers["location"] == AccountsHarness.origin)
    #expect(browser.cookies["portico-sid"] == nil)
    // Without a session there is nothing to confirm.
    #expect(try await browser.get(target).headers["location"] == AccountsHarness.origin)
  }

  @Test(arguments: [
    "/logout?client_id=portico-web&logout_uri=https%3A%2F%2Fevil.example",
    "/logout?post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A8080%2F",
    "/logout?client_id=nobody&logout_uri=http%3A%2F%2Flocalhost%3A8080",
    "/logout?client_id=nobody", "/logout?client_id=portico-web&client_id=portico-web",
  ])
  func `sign-out leads to registered addresses only`(target: String) async throws {
    let harness = try await AccountsHarness()
    let answer = try await Browser(harness).get(target)
    #expect(answer.status == 400)
    #expect(answer.headers["location"] == nil)
  }

  @Test func `sign-out without any parameter asks and then says so`() async throws {
    let harness = try await AccountsHarness()
    let (browser, _) = try await harness.code()
    let page = try await browser.get("/logout")
    #expect(Browser.attribute("action", of: page.text, in: "<form") == "/logout")
    let done = try await browser.submit(page, [])
    #expect(done.status == 200)
    #expect(done.text.contains("You are signed out"))
    #expect(try await harness.service.sessions(of: "alice").count == 0)
  }

  @Test func `sign-out with a redirect signs in again, as Cognito does`() async throws {
    let harness = try await AccountsHarness()
    let answer = try await Browser(harness).get("/logout?\(ClientAttempt().query())")
    #expect(answer.headers["location"]?.hasPrefix("/login?") == true)
  }
}
