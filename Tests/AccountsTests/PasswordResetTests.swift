import HTTPExchange
import JSON
import Testing
import Time

@testable import Accounts

/// A code for a new password, the queue of the hashes, and whoever guesses beside its owner.
struct PasswordResetTests {
  private let mail = Mailbox()
  private static let fresh = "a quite different sentence"

  /// A provider with one thread for hashes, and alice with a confirmed address.
  private func harness(queue: Int) async throws -> AccountsHarness {
    let harness = try await mail.harness {
      $0.passwordThreads = 1
      $0.passwordQueue = queue
    }
    try await harness.signUp("alice", "alice@example.com")
    let confirmed = try await harness.json(
      "confirm-user", ["username": "alice", "code": .string(try await mail.newestCode(harness))])
    #expect(confirmed.status == 200)
    harness.clock.advance(by: .seconds(90))
    return harness
  }

  /// A code that alice asked for.
  private func asked(_ harness: AccountsHarness) async throws -> String {
    let answer = try await harness.json("forgot-password", ["username": "alice"])
    #expect(answer.status == 200)
    return try await mail.newestCode(harness)
  }

  private func reset(
    _ harness: AccountsHarness, _ code: String, _ password: String = Self.fresh
  ) async throws -> Response {
    try await harness.json(
      "confirm-forgot-password",
      ["username": "alice", "code": .string(code), "newPassword": .string(password)])
  }

  private func other(than code: String) -> String {
    code == "11111111" ? "22222222" : "11111111"
  }

  /// Takes the only thread, and with `filling` every place of the queue of one.
  private func occupy(_ harness: AccountsHarness, _ gate: Gate, filling: Bool) async -> Task<
    Void, any Error
  > {
    let pool = harness.service.hasher.pool
    let held = Task {
      async let first: Void = pool.run { gate.wait() }
      if filling {
        await gate.waitForEntry()
        try await pool.run {}
      }
      try await first
    }
    await gate.waitForEntry()
    while filling, pool.waiting < 1 { await Task.yield() }
    return held
  }

  @Test func `a queue without room costs no code and no try`() async throws {
    defer { mail.remove() }
    let harness = try await harness(queue: 1)
    let code = try await asked(harness)
    let gate = Gate()
    let held = await occupy(harness, gate, filling: true)
    for _ in 0..<8 {
      let busy = try await reset(harness, code)
      #expect(busy.status == 503)
      #expect(busy.headers["retry-after"] != nil)
    }
    gate.open()
    try await held.value
    let done = try await reset(harness, code)
    #expect(done.status == 200)
    _ = try await harness.signedIn(password: Self.fresh)
    #expect(try await reset(harness, code, "yet another sentence").status == 400)
  }

  @Test func `a wrong code buys no hash`() async throws {
    defer { mail.remove() }
    let harness = try await harness(queue: 1)
    let code = try await asked(harness)
    let gate = Gate()
    let held = await occupy(harness, gate, filling: true)
    // Whatever asked the full queue would be a 503.
    for _ in 0..<5 { #expect(try await reset(harness, other(than: code)).status == 400) }
    // And the tries are counted: the right one is a sixth.
    #expect(try await reset(harness, code).status == 400)
    gate.open()
    try await held.value
    #expect(try await reset(harness, code).status == 400)
  }

  @Test func `a guess beside the hash does not take the code from its owner`() async throws {
    defer { mail.remove() }
    let harness = try await harness(queue: 4)
    let code = try await asked(harness)
    let gate = Gate()
    let held = await occupy(harness, gate, filling: false)
    async let mine = reset(harness, code)
    while harness.service.hasher.pool.waiting < 1 { await Task.yield() }
    #expect(try await reset(harness, other(than: code)).status == 400)
    gate.open()
    try await held.value
    #expect(try await mine.status == 200)
  }

  @Test func `of two at once with one code, one sets the password`() async throws {
    defer { mail.remove() }
    let harness = try await harness(queue: 8)
    let code = try await asked(harness)
    let passwords = (0..<8).map { "sentence of somebody, number \($0)" }
    let gate = Gate()
    let held = await occupy(harness, gate, filling: false)
    try await withThrowingTaskGroup(of: (Int, String).self) { group in
      for password in passwords {
        group.addTask { (try await self.reset(harness, code, password).status, password) }
      }
      // Five have a try and wait for their hash; the others were refused.
      while harness.service.hasher.pool.waiting < 5 { await Task.yield() }
      gate.open()
      let answers = try await group.reduce(into: [(Int, String)]()) { $0.append($1) }
      let done = answers.filter { $0.0 == 200 }
      #expect(done.count == 1)
      #expect(answers.filter { $0.0 == 400 }.count == 7)
      harness.clock.advance(by: .seconds(1))
      _ = try await harness.signedIn(password: try #require(done.first).1)
    }
    try await held.value
  }

  @Test func `a newer code ends the older one while its password is hashed`() async throws {
    defer { mail.remove() }
    let harness = try await harness(queue: 4)
    let older = try await asked(harness)
    let gate = Gate()
    let held = await occupy(harness, gate, filling: false)
    async let mine = reset(harness, older)
    while harness.service.hasher.pool.waiting < 1 { await Task.yield() }
    harness.clock.advance(by: .seconds(2))
    let newer = try await asked(harness)
    gate.open()
    try await held.value
    let answer = try await mine
    // One in a hundred million is the same number.
    guard older != newer else { return }
    #expect(answer.status == 400)
    #expect(try await reset(harness, newer).status == 200)
  }
}
