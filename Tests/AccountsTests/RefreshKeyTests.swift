import HTTPExchange
import JSON
import Store
import Testing
import Time

@testable import Accounts

/// Rotation of the key that refresh tokens are made with (auth.md §2.5, §2.6).
struct RefreshKeyTests {
  private static let day: Duration = .seconds(86_400)

  private func refresh(_ harness: AccountsHarness, _ token: String) async throws -> Response {
    try await harness.post(
      "token", "grant_type=refresh_token&client_id=portico-web&refresh_token=\(token)")
  }

  private func version(_ token: String) -> Int? { RefreshTokenParts(parsing: token)?.keyVersion }

  @Test func `the schedule keeps two versions live at most`() {
    let schedule = RefreshKeySchedule(retiredFor: .seconds(7 * 86_400))
    var keys: [(version: Int, since: Timestamp)] = []
    var most = 0
    for hour in 0..<(24 * 400) {
      let now = Timestamp(seconds: 1_800_000_000 + hour * 3600)
      let due = schedule.due(keys, now: now)
      keys.removeAll { due.expired.contains($0.version) }
      if due.makesNext { keys.append(((keys.last?.version ?? 0) + 1, now)) }
      most = max(most, keys.count)
    }
    #expect(most == 2)
    #expect(keys.last?.version == 5)
    // Tokens that live longer than a key is active stretch its time.
    let slow = RefreshKeySchedule(retiredFor: .seconds(200 * 86_400))
    #expect(slow.activeFor == slow.retiredFor)
  }

  @Test func `tokens of the last version are accepted and their successors are of the new`()
    async throws
  {
    let harness = try await AccountsHarness { $0.refreshIdle = .seconds(20 * 86_400) }
    harness.clock.advance(by: .seconds(80 * 86_400))
    let old = try #require(try await harness.tokens()["refresh_token"]?.string)
    #expect(version(old) == 1)
    harness.clock.advance(by: .seconds(10 * 86_400))
    try await harness.service.refreshKeys.maintain()
    #expect(harness.service.refreshKeys.versions == [1, 2])
    let answer = try await refresh(harness, old)
    #expect(answer.status == 200)
    let next = try #require(answer.json["refresh_token"]?.string)
    #expect(version(next) == 2)
    #expect(try await refresh(harness, next).status == 200)
  }

  @Test func `a retry across the rotation gets the same words`() async throws {
    let harness = try await AccountsHarness()
    harness.clock.advance(by: .seconds(90 * 86_400 - 5))
    let first = try #require(try await harness.tokens()["refresh_token"]?.string)
    let second = try await refresh(harness, first).json["refresh_token"]?.string
    harness.clock.advance(by: .seconds(5))
    try await harness.service.refreshKeys.maintain()
    #expect(harness.service.refreshKeys.current == 2)
    #expect(try await refresh(harness, first).json["refresh_token"]?.string == second)
  }

  @Test func `a version that is gone opens nothing`() async throws {
    let harness = try await AccountsHarness {
      // A family that outlives the key by far, were it not for the key.
      $0.refreshIdle = .seconds(7 * 86_400)
    }
    harness.clock.advance(by: .seconds(89 * 86_400))
    let token = try #require(try await harness.tokens()["refresh_token"]?.string)
    harness.clock.advance(by: .seconds(86_400))
    try await harness.service.refreshKeys.maintain()
    harness.clock.advance(by: .seconds(8 * 86_400))
    try await harness.service.refreshKeys.maintain()
    #expect(harness.service.refreshKeys.versions == [2])
    #expect(try await refresh(harness, token).json["error"] == "invalid_grant")
    var renamed = try #require(RefreshTokenParts(parsing: token))
    renamed.keyVersion = 2
    #expect(try await refresh(harness, renamed.text).json["error"] == "invalid_grant")
    renamed.keyVersion = 3
    #expect(try await refresh(harness, renamed.text).json["error"] == "invalid_grant")
  }

  @Test func `keys outlive a restart, sealed`() async throws {
    let key = MasterKey.random()
    let harness = try await AccountsHarness(masterKey: key)
    let token = try #require(try await harness.tokens()["refresh_token"]?.string)
    let again = try await AccountsHarness(
      store: harness.store, masterKey: key, clock: harness.clock)
    #expect(try await refresh(again, token).status == 200)
    let item = try #require(try await harness.store.get(RefreshKeys.itemKey))
    let sealed = try #require(item["keys"]?.array?.first?["sealed"]?.string)
    #expect(sealed.utf8.count > 43)
    // The signing key is taken away, so that this one has to refuse the other master key itself.
    try await harness.store.write(.delete(KeyRing.ringKey))
    await #expect(throws: (any Error).self) {
      try await AccountsHarness(store: harness.store, masterKey: .random(), clock: harness.clock)
    }
  }

  @Test func `after an emergency no token made before opens anything`() async throws {
    let harness = try await AccountsHarness()
    let tokens = try await harness.tokens()
    let access = try #require(tokens["access_token"]?.string)
    let token = try #require(tokens["refresh_token"]?.string)
    #expect(harness.identity(access) != nil)
    try await harness.service.rotateKeysInEmergency()
    #expect(harness.identity(access) == nil)
    #expect(try await refresh(harness, token).json["error"] == "invalid_grant")
    #expect(harness.service.refreshKeys.versions == [2])
    let new = try await harness.tokens()
    #expect(harness.identity(try #require(new["access_token"]?.string)) != nil)
  }
}
