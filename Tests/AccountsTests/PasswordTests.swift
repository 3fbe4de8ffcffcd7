import Cryptography
import HTTPExchange
import JSON
import Store
import Testing
import Time

@testable import Accounts

/// Passwords: storage forms, policy, the pool (auth.md §3).
struct PasswordTests {
  static let bytesRow =
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=:"
    + "Ux0vqOqPVVfjuKr7dDS/IQFJRvhsi/rs4ogbdsGKDsuxVS9vTeGqjE7DJKmncj0PzDcYoio3aqxE2mhL1QshSQ=="
  static let stringRow =
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=:"
    + "EteSHzlQw+mlCI+DyaN75QE/TxjPqz0tFAAhAfY8qJwf/+BD+7eJwB3LV5QXlRTH1IZirG2HlkrIzcwRyFa4HA=="

  @Test(arguments: [
    (bytesRow, LegacySalt.bytes, true), (bytesRow, .string, false), (bytesRow, .auto, true),
    (stringRow, .bytes, false), (stringRow, .string, true), (stringRow, .auto, true),
  ])
  func `rows of document 004 verify in both readings of the salt`(
    row: String, reading: LegacySalt, matches: Bool
  ) throws {
    let stored = try #require(StoredPassword(parsing: row))
    #expect(stored.text == row)
    let found = PasswordHasher.matches(
      AccountsHarness.password, stored, legacySalt: reading)
    #expect(found == matches)
    #expect(!PasswordHasher.matches("wrong horse", stored, legacySalt: reading))
  }

  @Test func `a legacy row signs in, is upgraded once and keeps its name`() async throws {
    let harness = try await AccountsHarness()
    // The row exactly as document 004 wrote it, with a name that today's rule would not take.
    try await harness.store.write(
      .put(
        Item(
          ItemKey("USER#Al", "PROFILE"),
          JSONObject([
            ("username", "Al"), ("passwordHash", .string(Self.stringRow)),
            ("createdAt", "2024-01-02T03:04:05.678Z"),
          ]))))
    let login = try await harness.json(
      "login", ["username": "Al", "password": .string(AccountsHarness.password)])
    #expect(login.status == 200)
    #expect(login.json["username"] == "Al")
    let item = try #require(try await harness.store.get(ItemKey("USER#Al", "PROFILE")))
    #expect(item["passwordHash"]?.string?.hasPrefix("$scrypt$") == true)
    let again = try await harness.json(
      "login", ["username": "Al", "password": .string(AccountsHarness.password)])
    #expect(again.status == 200)
    let after = try #require(try await harness.store.get(ItemKey("USER#Al", "PROFILE")))
    #expect(after["passwordHash"] == item["passwordHash"])
  }

  @Test(arguments: [
    "", "x", "$scrypt$", "$scrypt$ln=15,r=8,p=3$AAAA$BBBB", "$argon2id$v=19$m=1,t=1,p=1$AA$BB",
    "$scrypt$ln=31,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    "$scrypt$ln=15,r=8,p=99$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    "$scrypt$ln=015,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    "AAECAwQF:AAECAwQF", "a:b:c",
  ])
  func `a malformed or greedy row is no password`(row: String) {
    #expect(StoredPassword(parsing: row) == nil)
  }

  @Test func `the vectors of RFC 7914 section 12`() throws {
    let first = Scrypt.derive(password: [], salt: [], n: 16, r: 1, p: 1)
    #expect(first.map(Hex.encode)?.hasPrefix("77d6576238657b203b19ca42c18a0497") == true)
    let second = Scrypt.derive(
      password: Array("pleaseletmein".utf8), salt: Array("SodiumChloride".utf8), n: 16_384, r: 8,
      p: 1)
    #expect(second.map(Hex.encode)?.hasPrefix("7023bdcb3afd7348461c06cd81fd38eb") == true)
  }

  @Test func `composed and decomposed spellings are one new password`() async throws {
    let harness = try await AccountsHarness()
    let composed = "cr\u{E8}me br\u{FB}l\u{E9}e at midnight"
    let decomposed = "cre\u{300}me bru\u{302}le\u{301}e at midnight"
    _ = try await harness.signedIn(password: decomposed)
    let login = try await harness.json(
      "login", ["username": "alice", "password": .string(composed)])
    #expect(login.status == 200)
  }

  @Test(arguments: [
    "fourteen chars", "aaaaaaaaaaaaaaaa", "abcabcabcabcabcabc", "abcdefghijklmnopq",
    "1234567890123456", "qwertyuiopasdfghjkl", "password1234567890", "PasswordPassword1",
    "letmeinletmein2024", "aliceportico2026", "alicealicealice12345",
  ])
  func `first guesses are refused`(password: String) {
    let findings = PasswordPolicy().findings(password, username: "alice", email: nil)
    #expect(!findings.isEmpty)
  }

  @Test(arguments: [
    "correct horse battery staple", "a sentence that i like", "xK9 mortar pelican 4411",
    "пароль из нескольких слов", "thirteen llamas dance",
  ])
  func `long and unlikely passwords pass without rules of composition`(password: String) {
    #expect(PasswordPolicy().findings(password, username: "alice", email: nil).isEmpty)
  }

  @Test func `a full pool refuses at once and takes work again later`() async throws {
    let clock = ManualClock()
    let pool = PasswordPool(threads: 1, queue: 2, deadline: .seconds(5), clock: clock)
    let gate = Gate()
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          do {
            try await pool.run { gate.wait() }
            return true
          } catch is PasswordPool.Overloaded {
            gate.refused()
            return false
          }
        }
      }
      await gate.waitForRefusals(5)
      gate.open()
      let done = try await group.reduce(into: [Bool]()) { $0.append($1) }
      #expect(done.filter { $0 }.count <= 3)
      #expect(done.filter { $0 }.count >= 2)
    }
    #expect(try await pool.run { 7 } == 7)
    pool.stop()
    await #expect(throws: PasswordPool.Overloaded.self) { try await pool.run { 8 } }
  }

  @Test func `work that waited beyond the deadline is not begun`() async throws {
    let clock = ManualClock()
    let pool = PasswordPool(threads: 1, queue: 4, deadline: .seconds(5), clock: clock)
    let gate = Gate()
    async let first: Void = pool.run { gate.wait() }
    await gate.waitForEntry()
    async let second: Bool = isRefused(pool)
    // The second has joined the queue once its time of arrival is taken; give it room to.
    while pool.waiting < 1 { await Task.yield() }
    clock.advance(by: .seconds(6))
    gate.open()
    try await first
    let refused = await second
    #expect(refused)
  }

  private func isRefused(_ pool: PasswordPool) async -> Bool {
    do {
      try await pool.run {}
      return false
    } catch {
      return error is PasswordPool.Overloaded
    }
  }

  @Test func `an overloaded pool is a 503 with Retry-After`() async throws {
    let harness = try await AccountsHarness()
    harness.service.stop()
    let answer = try await harness.json("login", ["username": "alice", "password": "whatever"])
    #expect(answer.status == 503)
    #expect(answer.headers["retry-after"] != nil)
  }
}
