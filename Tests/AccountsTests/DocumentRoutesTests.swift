import HTTPExchange
import JSON
import Store
import Testing
import Time

@testable import Accounts

/// Document 004's routes, shapes and keys (spec/apps.md §2.4, auth.md §2.1).
struct DocumentRoutesTests {
  @Test func `sign-up, sign-in and profile have the document's shapes`() async throws {
    let harness = try await AccountsHarness()
    let up = try await harness.json(
      "signup", ["username": "alice", "password": .string(AccountsHarness.password)])
    #expect(up.status == 201)
    #expect(up.json["username"] == "alice")
    #expect(up.json["message"] == "User created successfully")

    let login = try await harness.json(
      "login", ["username": "alice", "password": .string(AccountsHarness.password)])
    #expect(login.status == 200)
    #expect(login.json["username"] == "alice")
    #expect(login.headers["cache-control"] == "no-store")
    let token = try #require(login.json["token"]?.string)

    let identity = try #require(harness.identity(token))
    let user = try await harness.call("get-user", method: "GET", identity: identity)
    #expect(user.status == 200)
    #expect(user.json["username"] == "alice")
    #expect(user.json["passwordHash"] == nil)
    #expect(user.json["pk"] == nil)
    #expect(!user.text.contains("scrypt"))
  }

  @Test func `the store has the document's keys and the items that make them unique`() async throws
  {
    let harness = try await AccountsHarness()
    _ = try await harness.json(
      "signup",
      [
        "username": "Alice", "password": .string(AccountsHarness.password),
        "email": "Alice@Example.com",
      ])
    let item = try #require(try await harness.store.get(ItemKey("USER#alice", "PROFILE")))
    #expect(item["username"] == "alice")
    #expect(item["createdAt"]?.string?.hasSuffix("Z") == true)
    let hash = try #require(item["passwordHash"]?.string)
    #expect(hash.hasPrefix("$scrypt$ln=10,r=8,p=1$"))
    let subject = try #require(item["sub"]?.string)
    let owner = try await harness.store.get(ItemKey("SUB#\(subject)", "UNIQ"))
    #expect(owner?["username"] == "alice")
    let email = try await harness.store.get(ItemKey("UNIQ#EMAIL#alice@example.com", "UNIQ"))
    #expect(email?["username"] == "alice")
  }

  @Test func `the token has the claims that both kinds of verifier ask for`() async throws {
    let harness = try await AccountsHarness()
    let token = try await harness.signedIn()
    let claims = try #require(harness.identity(token)).claims
    #expect(claims["iss"] == .string(AccountsHarness.origin))
    #expect(claims["aud"] == "portico-api")
    #expect(claims["client_id"] == "portico-web")
    #expect(claims["token_use"] == "access")
    #expect(claims["username"] == "alice")
    #expect(claims["nbf"] == nil)
    #expect((claims["exp"]?.int ?? 0) - (claims["iat"]?.int ?? 0) == 86_400)
    for name in ["sub", "jti", "sid", "scope", "auth_time"] { #expect(claims[name] != nil) }
  }

  @Test func `of sixteen sign-ups at once one is created and fifteen conflict`() async throws {
    let harness = try await AccountsHarness()
    let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<16 {
        group.addTask {
          try await harness.json(
            "signup", ["username": "race", "password": .string(AccountsHarness.password)]
          ).status
        }
      }
      return try await group.reduce(into: [Int]()) { $0.append($1) }
    }
    #expect(statuses.filter { $0 == 201 }.count == 1)
    #expect(statuses.filter { $0 == 409 }.count == 15)
  }

  @Test(arguments: [
    ("", "Missing request body"), ("{", "Invalid JSON in request body"),
    ("\u{FFFD}", "Invalid JSON in request body"),
    (#"{"a":1,"a":2}"#, "Invalid JSON in request body"), ("[]", "Invalid request body"),
    ("{}", "Invalid request body"), (#"{"username":1,"password":"x"}"#, "Invalid request body"),
    (#"{"username":"a#b","password":"correct horse battery staple"}"#, "Invalid request body"),
    (#"{"username":"alice","password":"short"}"#, "Invalid request body"),
    (#"{"username":"alice","password":"a\u0000bcdefghijklmnop"}"#, "Invalid request body"),
    (#"{"username":"alice","password":"x","email":"no"}"#, "Invalid request body"),
  ])
  func `a bad sign-up is a 400 that says what is wrong`(body: String, message: String) async throws
  {
    let harness = try await AccountsHarness()
    let answer = try await harness.call("signup", body: body)
    #expect(answer.status == 400)
    #expect(answer.json["message"] == .string(message))
    if message == "Invalid request body" {
      let errors = try #require(answer.json["errors"]?.array)
      #expect(!errors.isEmpty)
      #expect(errors.allSatisfy { $0["path"]?.array != nil && $0["message"]?.string != nil })
    }
  }

  @Test func `an oversized body is refused unread and an oversized password unhashed`() async throws
  {
    let harness = try await AccountsHarness()
    let huge = String(repeating: "x", count: 20_000)
    #expect(try await harness.call("login", body: huge).status == 413)
    let long = try await harness.json(
      "login", ["username": "alice", "password": .string(String(repeating: "y", count: 300))])
    #expect(long.status == 400)
  }

  @Test func `a wrong password and an unknown name get one answer`() async throws {
    let harness = try await AccountsHarness()
    _ = try await harness.signedIn()
    let wrong = try await harness.json("login", ["username": "alice", "password": "wrong"])
    let unknown = try await harness.json("login", ["username": "nobody", "password": "wrong"])
    let impossible = try await harness.json("login", ["username": "a#b\u{1}", "password": "wrong"])
    #expect(wrong.status == 401)
    #expect(wrong.text == unknown.text)
    #expect(wrong.text == impossible.text)
    #expect(wrong.headers == unknown.headers)
    #expect(unknown.status == 401)
  }

  @Test func `without the gateway's identity nothing is told`() async throws {
    let harness = try await AccountsHarness()
    for name in ["get-user", "list-sessions", "get-settings", "logout", "refresh"] {
      let answer = try await harness.call(name, method: "GET")
      #expect(answer.status == 401)
      #expect(answer.headers["www-authenticate"] == "Bearer")
    }
  }

  @Test func `a profile that is gone is 404`() async throws {
    let harness = try await AccountsHarness()
    let identity = Identity(subject: "s", username: "gone")
    #expect(try await harness.call("get-user", method: "GET", identity: identity).status == 404)
  }
}
