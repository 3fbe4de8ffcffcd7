import Cryptography
import HTTPExchange
import JSON
import Store
import Testing
import Time

@testable import Accounts

/// What the token endpoint and its neighbours refuse, each with the clause that asks for it.
struct TokenRefusalTests {
  private func exchange(
    _ harness: AccountsHarness, _ code: String, replacing: [String: String] = [:],
    without: Set<String> = []
  ) async throws -> Response {
    try await harness.post(
      "token", ClientAttempt().exchange(code, replacing: replacing, without: without))
  }

  @Test(arguments: [
    ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXj", "RFC 7636 4.6"),
    ("code_verifier", "short", "RFC 7636 4.1"),
    ("code_verifier", "dBjftJeZ4CVP mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "RFC 7636 4.1"),
    ("redirect_uri", "http://localhost:8080/callback/", "RFC 6749 4.1.3"),
    ("code", "b3RoZXIgY29kZSB0aGF0IGlzIGxvbmcgZW5vdWdoIQ", "RFC 6749 5.2"),
    ("code", "x", "RFC 6749 5.2"),
  ])
  func `one text for every bad grant`(name: String, value: String, clause: String) async throws {
    let harness = try await AccountsHarness()
    let (_, code) = try await harness.code()
    let answer = try await exchange(harness, code, replacing: [name: value])
    #expect(answer.status == 400, "\(clause)")
    #expect(answer.json["error"] == "invalid_grant", "\(clause)")
    #expect(
      answer.json["error_description"]
        == "The grant is invalid, expired, revoked or used", "\(clause)")
    #expect(answer.headers["cache-control"] == "no-store", "RFC 6749 5.2")
  }

  @Test func `a wrong verifier burns the code and takes nothing back`() async throws {
    let harness = try await AccountsHarness()
    let (browser, first) = try await harness.code()
    let tokens = try await exchange(harness, first)
    let again = try await browser.get("/oauth2/authorize?\(ClientAttempt().query())")
    let code = try #require(ClientAttempt.returned(again)["code"])
    let wrong = String(repeating: "w", count: 43)
    #expect(try await exchange(harness, code, replacing: ["code_verifier": wrong]).status == 400)
    #expect(try await exchange(harness, code).status == 400)
    // The leaked first code without its verifier signs nobody out, either.
    #expect(try await exchange(harness, first, replacing: ["code_verifier": wrong]).status == 400)
    let access = try #require(tokens.json["access_token"]?.string)
    #expect(harness.identity(access) != nil)
  }

  @Test func `a replayed code takes back what was made of it (RFC 6749 4.1.2, ASVS 10.4.2)`()
    async throws
  {
    let harness = try await AccountsHarness()
    let (_, code) = try await harness.code()
    let tokens = try await exchange(harness, code)
    let access = try #require(tokens.json["access_token"]?.string)
    #expect(harness.identity(access) != nil)
    let replay = try await exchange(harness, code)
    #expect(replay.json["error"] == "invalid_grant")
    #expect(harness.identity(access) == nil)
    let refresh = try #require(tokens.json["refresh_token"]?.string)
    let later = try await harness.post(
      "token", "grant_type=refresh_token&client_id=portico-web&refresh_token=\(refresh)")
    #expect(later.json["error"] == "invalid_grant")
  }

  @Test func `of parallel exchanges one wins and then all is taken back`() async throws {
    let harness = try await AccountsHarness()
    let (_, code) = try await harness.code()
    let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<8 { group.addTask { try await self.exchange(harness, code).status } }
      return try await group.reduce(into: [Int]()) { $0.append($1) }
    }
    #expect(statuses.filter { $0 == 200 }.count == 1)
    #expect(statuses.filter { $0 == 400 }.count == 7)
    #expect(try await harness.service.families(of: "alice").isEmpty)
  }

  @Test func `a code lives a minute (ASVS 10.4.3)`() async throws {
    let harness = try await AccountsHarness()
    let (_, code) = try await harness.code()
    harness.clock.advance(by: .seconds(61))
    #expect(try await exchange(harness, code).json["error"] == "invalid_grant")
  }

  @Test(arguments: [
    ("", "invalid_request"), ("grant_type=authorization_code", "invalid_client"),
    ("grant_type=authorization_code&client_id=nobody", "invalid_client"),
    ("grant_type=password&client_id=portico-web&username=a&password=b", "unsupported_grant_type"),
    ("grant_type=client_credentials&client_id=portico-web", "unsupported_grant_type"),
    (
      "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&client_id=portico-web",
      "unsupported_grant_type"
    ),
    ("client_id=portico-web", "invalid_request"),
    ("grant_type=authorization_code&client_id=portico-web", "invalid_request"),
    ("grant_type=authorization_code&client_id=portico-web&code=x", "invalid_request"),
    ("grant_type=refresh_token&client_id=portico-web", "invalid_request"),
    ("grant_type=refresh_token&grant_type=refresh_token&client_id=portico-web", "invalid_request"),
    ("grant_type=refresh_token&client_id=portico-web&refresh_token=%ff", "invalid_request"),
    ("grant_type=refresh_token&client_id=portico-web&refresh_token=%0", "invalid_request"),
    ("grant_type=refresh_token&client_id=portico-web&refresh_token=a%00b", "invalid_request"),
    (
      "grant_type=refresh_token&client_id=portico-web&client_secret=x&refresh_token=y",
      "invalid_client"
    ),
  ])
  func `malformed requests get the error of RFC 6749 5.2`(body: String, error: String) async throws
  {
    let harness = try await AccountsHarness()
    let answer = try await harness.post("token", body)
    // An empty form lacks its client first of all.
    let expected = body.isEmpty ? "invalid_client" : error
    #expect(answer.json["error"] == .string(expected))
    #expect(answer.status == (expected == "invalid_client" ? 401 : 400))
    #expect(answer.headers["cache-control"] == "no-store")
  }

  @Test func `only POST of a form, of bounded size (RFC 6749 3.2)`() async throws {
    let harness = try await AccountsHarness()
    let get = try await harness.call(
      "token", method: "GET", query: "grant_type=refresh_token&client_id=portico-web")
    #expect(get.json["error"] == "invalid_request")
    let json = try await harness.json("token", ["grant_type": "refresh_token"])
    #expect(json.json["error"] == "invalid_request")
    let huge = try await harness.post("token", "x=" + String(repeating: "y", count: 17_000))
    #expect(huge.json["error"] == "invalid_request")
    #expect(huge.status == 400)
  }

  @Test func `a client may not authenticate in two ways (RFC 6749 2.3)`() async throws {
    let harness = try await AccountsHarness()
    let answer = try await harness.post(
      "token", "grant_type=refresh_token&client_id=portico-web&client_secret=x",
      headers: [("authorization", "Basic \(Base64.encode(Array("portico-web:x".utf8)))")])
    #expect(answer.json["error"] == "invalid_request")
  }

  @Test func `a grant that the client may not use (RFC 6749 5.2)`() async throws {
    let client = OAuthClient(
      id: "once", redirectURIs: ["https://once.example/"], grants: ["authorization_code"])
    let harness = try await AccountsHarness { $0.clients.append(client) }
    let answer = try await harness.post(
      "token", "grant_type=refresh_token&client_id=once&refresh_token=x")
    #expect(answer.json["error"] == "unauthorized_client")
  }

  @Test func `answers open only to the client's own origin (auth.md 2.3)`() async throws {
    let harness = try await AccountsHarness()
    let body = "grant_type=refresh_token&client_id=portico-web&refresh_token=x"
    let own = try await harness.post("token", body, headers: [("origin", AccountsHarness.origin)])
    #expect(own.headers["access-control-allow-origin"] == AccountsHarness.origin)
    #expect(own.headers["access-control-allow-credentials"] == nil)
    #expect(own.headers["vary"] == "Origin")
    let foreign = try await harness.post("token", body, headers: [("origin", "https://e.example")])
    #expect(foreign.headers["access-control-allow-origin"] == nil)
    let preflight = try await harness.call(
      "token", method: "OPTIONS", headers: [("origin", AccountsHarness.origin)])
    #expect(preflight.status == 204)
    #expect(preflight.headers["access-control-allow-origin"] == AccountsHarness.origin)
    let page = try await harness.call(
      "authorize", method: "OPTIONS", headers: [("origin", AccountsHarness.origin)])
    #expect(page.headers["access-control-allow-origin"] == nil)
  }

  @Test(
    arguments: [
      (nil, 401, "Bearer"), ("Basic eDp5", 401, "invalid_token"),
      ("Bearer nonsense", 401, "invalid_token"), ("Bearer ", 401, "invalid_token"),
      ("Bearer eyJhbGciOiJub25lIn0.e30.", 401, "invalid_token"),
    ] as [(String?, Int, String)])
  func `userInfo challenges as RFC 6750 3 says`(header: String?, status: Int, part: String)
    async throws
  {
    let harness = try await AccountsHarness()
    let answer = try await harness.call(
      "userinfo", method: "GET", headers: header.map { [("authorization", $0)] } ?? [])
    #expect(answer.status == status)
    let challenge = try #require(answer.headers["www-authenticate"])
    #expect(challenge.contains(part))
    if header == nil { #expect(challenge == "Bearer", "RFC 6750 3.1: no error without a token") }
  }

  @Test func `userInfo needs openid, and no token in the query (RFC 6750 3.1, RFC 9700 4.3.2)`()
    async throws
  {
    let harness = try await AccountsHarness()
    var attempt = ClientAttempt()
    attempt.scope = "email"
    let tokens = try await harness.tokens(attempt)
    #expect(tokens["id_token"] == nil)
    let access = try #require(tokens["access_token"]?.string)
    let narrow = try await harness.call(
      "userinfo", method: "GET", headers: [("authorization", "Bearer \(access)")])
    #expect(narrow.status == 403)
    #expect(narrow.headers["www-authenticate"]?.contains("scope=\"openid\"") == true)
    let query = try await harness.call(
      "userinfo", method: "GET", query: "access_token=\(access)")
    #expect(query.status == 401)
  }

  @Test func `an expired token is refused to the second`() async throws {
    let harness = try await AccountsHarness()
    let access = try #require(try await harness.tokens()["access_token"]?.string)
    harness.clock.advance(by: .seconds(900))
    let answer = try await harness.call(
      "userinfo", method: "GET", headers: [("authorization", "Bearer \(access)")])
    #expect(answer.status == 401)
  }

  @Test func `introspection is for confidential clients (RFC 7662 2.1)`() async throws {
    let harness = try await AccountsHarness()
    let answer = try await harness.post("introspect", "client_id=portico-web&token=x")
    #expect(answer.status == 401)
    #expect(answer.json["error"] == "invalid_client")
  }
}
