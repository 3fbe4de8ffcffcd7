import HTTPExchange
import JSON
import Store
import Testing
import Time
import Tokens

@testable import Accounts

/// Sessions, settings and the change of a password.
struct SessionTests {
  @Test func `a signed-out token is refused at once`() async throws {
    let harness = try await AccountsHarness()
    let token = try await harness.signedIn()
    let identity = try #require(harness.identity(token))
    #expect(try await harness.call("logout", identity: identity).status == 200)
    #expect(harness.identity(token) == nil)
  }

  @Test func `refresh makes a new token of the same session and refuses the old`() async throws {
    let harness = try await AccountsHarness()
    let old = try await harness.signedIn()
    let identity = try #require(harness.identity(old))
    let answer = try await harness.call("refresh", identity: identity)
    #expect(answer.status == 200)
    let token = try #require(answer.json["token"]?.string)
    let next = try #require(harness.identity(token))
    #expect(next.sessionID == identity.sessionID)
    #expect(harness.identity(old) == nil)
    _ = try await harness.call("logout", identity: next)
    #expect(try await harness.call("refresh", identity: next).status == 401)
  }

  @Test func `sessions are listed, ended one by one and all at once`() async throws {
    let harness = try await AccountsHarness()
    var identities: [Identity] = []
    for _ in 0..<4 {
      identities.append(try #require(harness.identity(try await harness.signedIn())))
    }
    let mallory = try #require(harness.identity(try await harness.signedIn("mallory")))
    let list = try await harness.call("list-sessions", method: "GET", identity: identities[0])
    #expect(list.json["count"] == 4)
    let current = list.json["sessions"]?.array?.filter { $0["current"] == true }
    #expect(current?.first?["sid"]?.string == identities[0].sessionID)

    let target = try #require(identities[1].sessionID)
    let foreign = try await harness.call(
      "revoke-session", method: "DELETE", identity: mallory, parameters: [("sid", target)])
    #expect(foreign.status == 404)
    let own = try await harness.call(
      "revoke-session", method: "DELETE", identity: identities[0],
      parameters: [("sid", target)])
    #expect(own.status == 200)
    #expect(
      harness.service.revocations.isRevoked(
        subject: "", sessionID: target, tokenID: nil, issuedAt: nil))

    _ = try await harness.call(
      "revoke-sessions", method: "DELETE", query: "keep=current", identity: identities[0])
    let kept = try await harness.call("list-sessions", method: "GET", identity: identities[0])
    #expect(kept.json["count"] == 1)
    let token = try await harness.signedIn()
    _ = try await harness.call("revoke-sessions", method: "DELETE", identity: identities[0])
    #expect(harness.identity(token) == nil)
    #expect(try await harness.service.sessions(of: "alice").isEmpty)
    #expect(try await harness.service.sessions(of: "mallory").count == 1)
  }

  @Test func `after signing out everywhere a new sign-in works`() async throws {
    let harness = try await AccountsHarness()
    let identity = try #require(harness.identity(try await harness.signedIn()))
    _ = try await harness.call("revoke-sessions", method: "DELETE", identity: identity)
    harness.clock.advance(by: .seconds(1))
    #expect(harness.identity(try await harness.signedIn()) != nil)
  }

  @Test func `settings are flat, bounded and the person's own`() async throws {
    let harness = try await AccountsHarness()
    let alice = Identity(subject: "a", username: "alice")
    let bob = Identity(subject: "b", username: "bob")
    let put = try await harness.json(
      "put-settings", ["settings": ["theme": "dark", "rows": 20, "sound": false]], identity: alice)
    #expect(put.status == 200)
    let mine = try await harness.call("get-settings", method: "GET", identity: alice)
    #expect(mine.json["settings"]?["theme"] == "dark")
    let theirs = try await harness.call("get-settings", method: "GET", identity: bob)
    #expect(theirs.json["settings"] == [:])
    for bad: JSON in [
      ["settings": ["deep": ["x": 1]]],
      ["settings": ["long": .string(String(repeating: "x", count: 2000))]],
      ["settings": [.init(repeating: "n", count: 65): 1] as JSON],
    ] {
      #expect(try await harness.json("put-settings", bad, identity: alice).status == 400)
    }
  }

  @Test func `a changed password ends the other sessions and keeps this one`() async throws {
    let harness = try await AccountsHarness()
    let here = try await harness.signedIn()
    let there = try await harness.signedIn()
    let identity = try #require(harness.identity(here))
    let fresh = "another long sentence to remember"
    let wrong = try await harness.json(
      "change-password", ["currentPassword": "nope", "newPassword": .string(fresh)],
      identity: identity)
    #expect(wrong.status == 403)
    let weak = try await harness.json(
      "change-password",
      ["currentPassword": .string(AccountsHarness.password), "newPassword": "short"],
      identity: identity)
    #expect(weak.status == 400)
    let done = try await harness.json(
      "change-password",
      ["currentPassword": .string(AccountsHarness.password), "newPassword": .string(fresh)],
      identity: identity)
    #expect(done.status == 200)
    #expect(harness.identity(here) != nil)
    #expect(harness.identity(there) == nil)
    let old = try await harness.json(
      "login", ["username": "alice", "password": .string(AccountsHarness.password)])
    #expect(old.status == 401)
    let new = try await harness.json("login", ["username": "alice", "password": .string(fresh)])
    #expect(new.status == 200)
  }
}
