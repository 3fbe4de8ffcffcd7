import HTTPExchange
import JSON
import Store
import Testing
import Time
import Tokens

@testable import Accounts

/// Rotation with an idempotent successor, reuse, revocation (auth.md §2.6, §2.7).
struct RefreshTests {
  @Test(arguments: [
    (5, 5, 0, RefreshDecision.rotate), (5, 5, 604_800, .rotate), (5, 5, 604_801, .idle),
    (4, 5, 0, .repeatSuccessor), (4, 5, 10, .repeatSuccessor), (4, 5, 11, .reuse),
    (3, 5, 0, .reuse), (0, 5, 5, .reuse), (6, 5, 0, .unknown), (0, 0, 3, .rotate),
  ])
  func `what a presented generation leads to`(
    presented: Int, current: Int, secondsAgo: Int, decision: RefreshDecision
  ) {
    let now = Timestamp(seconds: 1_800_000_000)
    #expect(
      RefreshDecision(
        presented: presented, current: current, rotatedAt: now - .seconds(secondsAgo), now: now,
        idleLimit: .seconds(604_800)) == decision)
  }

  private func refresh(_ harness: AccountsHarness, _ token: String, _ more: String = "")
    async throws -> Response
  {
    try await harness.post(
      "token", "grant_type=refresh_token&client_id=portico-web&refresh_token=\(token)\(more)")
  }

  @Test func `two tabs at once get the same successor and both stay signed in`() async throws {
    let harness = try await AccountsHarness()
    let first = try #require(try await harness.tokens()["refresh_token"]?.string)
    let answers = try await withThrowingTaskGroup(of: (Int, String?, String?).self) { group in
      for _ in 0..<6 {
        group.addTask {
          let answer = try await self.refresh(harness, first)
          return (
            answer.status, answer.json["refresh_token"]?.string,
            answer.json["access_token"]?.string
          )
        }
      }
      return try await group.reduce(into: [(Int, String?, String?)]()) { $0.append($1) }
    }
    #expect(answers.allSatisfy { $0.0 == 200 })
    #expect(Set(answers.map(\.1)).count == 1)
    #expect(answers.allSatisfy { $0.2.flatMap(harness.identity) != nil })
    let next = try #require(answers[0].1)
    #expect(next != first)
    #expect(try await refresh(harness, next).status == 200)
  }

  @Test func `the predecessor after its grace ends family, session and access tokens`() async throws
  {
    let harness = try await AccountsHarness()
    let tokens = try await harness.tokens()
    let first = try #require(tokens["refresh_token"]?.string)
    let second = try await refresh(harness, first)
    #expect(second.status == 200)
    harness.clock.advance(by: .seconds(11))
    let reused = try await refresh(harness, first)
    #expect(reused.status == 400)
    #expect(reused.json["error"] == "invalid_grant")
    let successor = try #require(second.json["refresh_token"]?.string)
    #expect(try await refresh(harness, successor).status == 400)
    for body in [tokens, second.json] {
      #expect(harness.identity(try #require(body["access_token"]?.string)) == nil)
    }
  }

  @Test func `a grandparent has no grace`() async throws {
    let harness = try await AccountsHarness()
    let first = try #require(try await harness.tokens()["refresh_token"]?.string)
    let second = try #require(try await refresh(harness, first).json["refresh_token"]?.string)
    let third = try #require(try await refresh(harness, second).json["refresh_token"]?.string)
    #expect(try await refresh(harness, first).status == 400)
    #expect(try await refresh(harness, third).status == 400)
  }

  @Test func `scope may shrink and not grow (RFC 6749 section 6)`() async throws {
    let harness = try await AccountsHarness()
    var attempt = ClientAttempt()
    attempt.scope = "openid email"
    let token = try #require(try await harness.tokens(attempt)["refresh_token"]?.string)
    let grown = try await refresh(harness, token, "&scope=openid+profile")
    #expect(grown.json["error"] == "invalid_scope")
    let shrunk = try await refresh(harness, token, "&scope=openid")
    #expect(shrunk.json["scope"] == "openid")
    #expect(shrunk.status == 200)
  }

  @Test func `forged and foreign tokens change nothing`() async throws {
    let client = OAuthClient(
      id: "other", redirectURIs: ["https://o.example/"], isFirstParty: true)
    let harness = try await AccountsHarness { $0.clients.append(client) }
    let token = try #require(try await harness.tokens()["refresh_token"]?.string)
    let parts = try #require(RefreshTokenParts(parsing: token))
    var forged = parts
    forged.generation += 1
    let mac = String(parts.mac.dropLast()) + (parts.mac.hasSuffix("A") ? "B" : "A")
    let altered = RefreshTokenParts(
      keyVersion: 1, family: parts.family, generation: 0, mac: mac)
    for text in [forged.text, altered.text, "rt1.1.x.0.y", "nonsense", token + "="] {
      #expect(try await refresh(harness, text).json["error"] == "invalid_grant")
    }
    let foreign = try await harness.post(
      "token", "grant_type=refresh_token&client_id=other&refresh_token=\(token)")
    #expect(foreign.json["error"] == "invalid_grant")
    #expect(try await refresh(harness, token).status == 200)
  }

  @Test func `idle and old families end`() async throws {
    let harness = try await AccountsHarness()
    let idle = try #require(try await harness.tokens()["refresh_token"]?.string)
    harness.clock.advance(by: .seconds(7 * 86_400 + 1))
    #expect(try await refresh(harness, idle).json["error"] == "invalid_grant")
    var token = try #require(try await harness.tokens()["refresh_token"]?.string)
    for _ in 0..<5 {
      harness.clock.advance(by: .seconds(6 * 86_400 - 60))
      let answer = try await refresh(harness, token)
      guard answer.status == 200 else { break }
      token = try #require(answer.json["refresh_token"]?.string)
    }
    harness.clock.advance(by: .seconds(86_400))
    #expect(try await refresh(harness, token).json["error"] == "invalid_grant")
  }

  @Test func `revocation ends the family and its access tokens, and only for its client`()
    async throws
  {
    let client = OAuthClient(id: "other", redirectURIs: ["https://o.example/"])
    let harness = try await AccountsHarness { $0.clients.append(client) }
    let tokens = try await harness.tokens()
    let token = try #require(tokens["refresh_token"]?.string)
    let access = try #require(tokens["access_token"]?.string)
    for body in ["client_id=other&token=\(token)", "client_id=portico-web&token=unknown"] {
      let answer = try await harness.post("revoke", body)
      #expect(answer.status == 200)
      #expect(answer.text.isEmpty)
    }
    #expect(harness.identity(access) != nil)
    _ = try await harness.post("revoke", "client_id=portico-web&token=\(token)")
    #expect(harness.identity(access) == nil)
    #expect(try await refresh(harness, token).status == 400)
  }

  @Test func `an access token is revoked by its id at once`() async throws {
    let harness = try await AccountsHarness()
    let tokens = try await harness.tokens()
    let access = try #require(tokens["access_token"]?.string)
    _ = try await harness.post("revoke", "client_id=portico-web&token=\(access)")
    #expect(harness.identity(access) == nil)
    let token = try #require(tokens["refresh_token"]?.string)
    #expect(try await refresh(harness, token).status == 200)
  }

  @Test func `one session keeps at most twenty families`() async throws {
    let harness = try await AccountsHarness()
    let (browser, first) = try await harness.code()
    let oldest = try await harness.post("token", ClientAttempt().exchange(first)).json
    for _ in 0..<AccountsService.familyLimit {
      harness.clock.advance(by: .seconds(1))
      let again = try await browser.get("/oauth2/authorize?\(ClientAttempt().query())")
      let code = try #require(ClientAttempt.returned(again)["code"])
      #expect(try await harness.post("token", ClientAttempt().exchange(code)).status == 200)
    }
    #expect(try await harness.service.families(of: "alice").count == AccountsService.familyLimit)
    let token = try #require(oldest["refresh_token"]?.string)
    #expect(try await refresh(harness, token).status == 400)
  }

  @Test func `revocations outlive a restart`() async throws {
    let key = MasterKey.random()
    let harness = try await AccountsHarness(masterKey: key)
    let token = try await harness.signedIn()
    let identity = try #require(harness.identity(token))
    #expect(try await harness.call("logout", identity: identity).status == 200)
    #expect(harness.identity(token) == nil)
    let after = try await AccountsHarness(
      store: harness.store, masterKey: key, clock: harness.clock)
    #expect(after.identity(token) == nil)
    #expect(after.service.keySet.keys.count == 1)
  }
}
