import Diagnostics
import JSON
import Synchronization
import Testing
import Time

@testable import Tokens

@Suite("Keys of an issuer")
struct IssuerKeysTests {
  /// An issuer whose document, delay and failure a test sets.
  final class Issuer: Sendable {
    struct State {
      var calls = 0
      var isDown = false
      var delay: Duration = .zero
      var document: JSON = ["keys": []]
      var reports: [DiagnosticCode] = []
    }

    private struct Down: Error {}

    let state = Mutex(State())
    let clock = ManualClock()

    var calls: Int { state.withLock { $0.calls } }
    var reports: [DiagnosticCode] { state.withLock { $0.reports } }

    func publish(_ keys: SigningKey...) {
      let list = keys.compactMap { $0.publicKey.publicJSON }
      state.withLock { $0.document = ["keys": .array(list)] }
    }

    func keys() -> IssuerKeys {
      IssuerKeys(
        clock: clock, report: { finding in self.state.withLock { $0.reports.append(finding.code) } }
      ) { try await self.fetch() }
    }

    private func fetch() async throws -> FetchedKeys {
      let now = state.withLock { state in
        state.calls += 1
        return state
      }
      if now.delay > .zero { try await clock.sleep(for: now.delay) }
      if now.isDown { throw Down() }
      return FetchedKeys(document: now.document, maxAgeSeconds: 600)
    }

    /// Waits until that many tasks sleep on the clock.
    func sleepers(_ count: Int) async { while clock.sleeping < count { await Task.yield() } }
  }

  private func isFound(_ lookup: IssuerKeys.Lookup) -> Bool {
    if case .keys = lookup { return true }
    return false
  }

  private func made() async throws -> (Issuer, IssuerKeys, SigningKey) {
    let issuer = Issuer()
    let key = try #require(SigningKey.generate(.es256))
    issuer.publish(key)
    let keys = issuer.keys()
    await keys.warm()
    return (issuer, keys, key)
  }

  @Test func `the first token waits for the first fetch, the next does not`() async throws {
    let issuer = Issuer()
    let key = try #require(SigningKey.generate(.es256))
    issuer.publish(key)
    let keys = issuer.keys()
    guard case .wait = keys.lookup(key.keyID) else { Issue.record("no wait"); return }
    #expect(isFound(await keys.refreshed(key.keyID)))
    #expect(isFound(keys.lookup(key.keyID)))
    #expect(issuer.calls == 1)
    #expect(issuer.reports == [])
  }

  @Test func `a thousand waiters share one fetch`() async throws {
    let issuer = Issuer()
    let key = try #require(SigningKey.generate(.es256))
    issuer.publish(key)
    issuer.state.withLock { $0.delay = .seconds(1) }
    let keys = issuer.keys()
    let found = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<1_000 {
        group.addTask {
          let lookup = keys.lookup(key.keyID)
          if case .wait = lookup { return self.isFound(await keys.refreshed(key.keyID)) }
          return self.isFound(lookup)
        }
      }
      group.addTask {
        // The fetch and its deadline.
        await issuer.sleepers(2)
        for _ in 0..<2_000 { await Task.yield() }
        issuer.clock.advance(by: .seconds(1))
        return false
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(issuer.calls == 1)
    #expect(found == 1_000)
  }

  @Test func `a storm of unknown ids costs one fetch in thirty seconds`() async throws {
    let (issuer, keys, key) = try await made()
    issuer.clock.advance(by: .seconds(31))
    for index in 0..<2_000 {
      if case .wait = keys.lookup("unknown-\(index)") {
        guard case .unknownKey = await keys.refreshed("unknown-\(index)") else {
          Issue.record("found"); return
        }
      }
      if index % 100 == 99 { issuer.clock.advance(by: .seconds(1)) }
    }
    // 20 seconds have passed.
    #expect(issuer.calls == 2)
    #expect(isFound(keys.lookup(key.keyID)))
  }

  @Test func `a rotation is followed at once and known keys stay`() async throws {
    let (issuer, keys, old) = try await made()
    let before = keys.current.generation
    let new = try #require(SigningKey.generate(.es256))
    issuer.publish(old, new)
    issuer.clock.advance(by: .seconds(31))
    guard case .wait = keys.lookup(new.keyID) else { Issue.record("no wait"); return }
    #expect(isFound(keys.lookup(old.keyID)))
    #expect(isFound(await keys.refreshed(new.keyID)))
    #expect(keys.current.generation == before + 1)
  }

  @Test func `keys that did not change keep their generation`() async throws {
    let (issuer, keys, key) = try await made()
    let before = keys.current.generation
    issuer.clock.advance(by: .seconds(480))
    #expect(isFound(keys.lookup(key.keyID)))
    _ = await keys.refreshed(key.keyID)
    #expect(issuer.calls == 2)
    #expect(keys.current.generation == before)
  }

  @Test func `an issuer that is down keeps its last good keys for a day`() async throws {
    let (issuer, keys, key) = try await made()
    issuer.state.withLock { $0.isDown = true }
    issuer.clock.advance(by: .seconds(3_600))
    guard case .wait = keys.lookup(key.keyID) else { Issue.record("no try"); return }
    #expect(isFound(await keys.refreshed(key.keyID)))
    #expect(isFound(keys.lookup(key.keyID)))
    #expect(issuer.reports == [.keySetUnavailable])
    issuer.clock.advance(by: .seconds(86_400))
    guard case .wait = keys.lookup(key.keyID) else { Issue.record("stale keys served"); return }
    guard case .unavailable = await keys.refreshed(key.keyID) else {
      Issue.record("stale keys served after the failure"); return
    }
    issuer.state.withLock { $0.isDown = false }
    issuer.clock.advance(by: .seconds(30))
    guard case .wait = keys.lookup(key.keyID) else { Issue.record("no second try"); return }
    #expect(isFound(await keys.refreshed(key.keyID)))
  }

  @Test func `without keys nothing passes`() async throws {
    let issuer = Issuer()
    issuer.state.withLock { $0.isDown = true }
    let keys = issuer.keys()
    guard case .wait = keys.lookup("k") else { Issue.record("no wait"); return }
    guard case .unavailable = await keys.refreshed("k") else { Issue.record("passed"); return }
    guard case .unavailable = keys.lookup("k") else { Issue.record("passed"); return }
  }

  @Test func `a set without a usable key does not replace one that works`() async throws {
    let (issuer, keys, key) = try await made()
    issuer.publish()
    issuer.clock.advance(by: .seconds(31))
    _ = keys.lookup("other")
    guard case .unknownKey = await keys.refreshed("other") else { Issue.record("found"); return }
    #expect(isFound(keys.lookup(key.keyID)))
    #expect(issuer.reports == [.keySetUseless])
  }

  @Test func `a document that is no key set is a failed fetch`() async throws {
    let (issuer, keys, key) = try await made()
    issuer.state.withLock { $0.document = ["error": "maintenance"] }
    issuer.clock.advance(by: .seconds(31))
    _ = keys.lookup("other")
    _ = await keys.refreshed("other")
    #expect(isFound(keys.lookup(key.keyID)))
    #expect(issuer.reports == [.keySetUnavailable])
  }

  @Test func `an issuer that hangs is given up after five seconds`() async throws {
    let issuer = Issuer()
    issuer.state.withLock { $0.delay = .seconds(3_600) }
    let keys = issuer.keys()
    guard case .wait = keys.lookup("k") else { Issue.record("no wait"); return }
    async let looked = keys.refreshed("k")
    await issuer.sleepers(2)
    issuer.clock.advance(by: .seconds(5))
    guard case .unavailable = await looked else { Issue.record("passed"); return }
    #expect(issuer.reports == [.keySetUnavailable])
  }

  @Test func `keys left out are told once`() async throws {
    let (issuer, keys, key) = try await made()
    let odd: JSON = ["kty": "new", "kid": "odd"]
    let good = try #require(key.publicKey.publicJSON)
    let other = try #require(SigningKey.generate(.edDSA)?.publicKey.publicJSON)
    issuer.state.withLock { $0.document = ["keys": [good, other, odd]] }
    for _ in 0..<3 {
      issuer.clock.advance(by: .seconds(480))
      _ = keys.lookup(key.keyID)
      _ = await keys.refreshed(key.keyID)
    }
    #expect(issuer.calls == 4)
    #expect(issuer.reports == [.keyLeftOut])
  }

  @Test(arguments: [
    ("max-age=300", 300), ("public, max-age=600, must-revalidate", 600), ("no-store", 0),
    ("private,no-cache", 0), ("Max-Age=\"60\"", 60), ("s-maxage=5", nil), ("", nil),
    ("max-age=x", nil),
  ])
  func `Cache-Control is read`(field: String, seconds: Int?) {
    #expect(FetchedKeys.maxAge(field) == seconds)
  }

  @Test func `a document over the bound is refused`() {
    let body = Array("{\"keys\":[\"\(String(repeating: "a", count: 150_000))\"]}".utf8)
    #expect(throws: JSONSyntaxError.self) { try FetchedKeys(body: body) }
    #expect(throws: Never.self) {
      try FetchedKeys(body: Array(#"{"keys":[]}"#.utf8), cacheControl: "max-age=1")
    }
  }
}
