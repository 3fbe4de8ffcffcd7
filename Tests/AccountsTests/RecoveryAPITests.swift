import HTTPExchange
import JSON
import Store
import Testing
import Time

@testable import Accounts

/// Confirmation and recovery as JSON: `/auth/confirm`, `/auth/resend-confirmation`,
/// `/auth/forgot-password`, `/auth/confirm-forgot-password`.
struct RecoveryAPITests {
  private let mail = Mailbox()
  private static let fresh = "a quite different sentence"

  private func confirmed(_ harness: AccountsHarness) async throws {
    try await harness.signUp("alice", "alice@example.com")
    let answer = try await harness.json(
      "confirm-user", ["username": "alice", "code": .string(try await mail.newestCode(harness))])
    #expect(answer.status == 200)
    #expect(answer.headers["cache-control"] == "no-store")
    harness.clock.advance(by: .seconds(90))
  }

  @Test func `the whole way back with JSON alone`() async throws {
    defer { mail.remove() }
    let harness = try await mail.harness()
    try await confirmed(harness)
    let token = try await harness.signedIn()
    let identity = try #require(harness.identity(token))
    let profile = try await harness.call("get-user", method: "GET", identity: identity)
    #expect(profile.json["emailVerified"] == true)
    let asked = try await harness.json("forgot-password", ["username": "alice@example.com"])
    #expect(asked.status == 200)
    let code = try await mail.newestCode(harness)
    let weak = try await harness.json(
      "confirm-forgot-password",
      ["username": "alice", "code": .string(code), "newPassword": "short"])
    #expect(weak.status == 400)
    #expect(weak.json["errors"]?[0]?["path"] == ["newPassword"])
    let done = try await harness.json(
      "confirm-forgot-password",
      ["username": "alice", "code": .string(code), "newPassword": .string(Self.fresh)])
    #expect(done.status == 200)
    #expect(harness.identity(token) == nil)
    harness.clock.advance(by: .seconds(1))
    _ = try await harness.signedIn(password: Self.fresh)
    let used = try await harness.json(
      "confirm-forgot-password",
      ["username": "alice", "code": .string(code), "newPassword": "yet another sentence"])
    #expect(used.json["error"] == "invalid_code")
  }

  @Test func `another code replaces the first`() async throws {
    defer { mail.remove() }
    let harness = try await mail.harness()
    try await harness.signUp("alice", "alice@example.com")
    let first = try await mail.newestCode(harness)
    harness.clock.advance(by: .seconds(1))
    let again = try await harness.json("resend-confirmation", ["username": "alice"])
    #expect(again.status == 200)
    let second = try await mail.newestCode(harness)
    let old = try await harness.json(
      "confirm-user", ["username": "alice", "code": .string(first)])
    #expect(first == second || old.status == 400)
    let new = try await harness.json(
      "confirm-user", ["username": "alice", "code": .string(second)])
    #expect(new.status == 200)
  }

  @Test(arguments: [
    "confirm-user", "resend-confirmation", "forgot-password", "confirm-forgot-password",
  ])
  func `every name gets one answer`(function: String) async throws {
    defer { mail.remove() }
    let harness = try await mail.harness { $0.signInBudget = .milliseconds(600) }
    try await confirmed(harness)
    try await harness.signUp("waiting", "w@example.com")
    var answers: Set<String> = []
    for name in ["alice", "waiting", "nobody", "nobody@example.com", "a#b", "alice@example.com"] {
      let answer = try await waitingOut(harness) {
        try await harness.json(
          function,
          [
            "username": .string(name), "code": "12345678", "newPassword": .string(Self.fresh),
          ])
      }
      answers.insert("\(answer.status) \(answer.text)")
      #expect(!answer.text.contains(name))
    }
    #expect(answers.count == 1)
  }

  /// The answer of work that must wait until the budget is over: the time tells nothing, either.
  private func waitingOut(
    _ harness: AccountsHarness, _ work: @escaping @Sendable () async throws -> Response
  ) async throws -> Response {
    let done = Flag()
    let answer = Task {
      defer { done.set() }
      return try await work()
    }
    while harness.clock.sleeping == 0, !done.isSet { await Task.yield() }
    #expect(!done.isSet, "answered before the budget was over")
    harness.clock.advance(by: .milliseconds(600))
    return try await answer.value
  }

  @Test func `an address that asks too often waits`() async throws {
    let harness = try await mail.harness { $0.attemptsBurst = 2 }
    var last = Response(status: 0)
    for _ in 0..<3 {
      last = try await harness.json("forgot-password", ["username": "nobody"])
    }
    #expect(last.status == 429)
    #expect(last.headers["retry-after"] != nil)
  }
}
