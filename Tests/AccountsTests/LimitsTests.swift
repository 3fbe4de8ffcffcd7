import HTTPExchange
import JSON
import Store
import Testing
import Time

@testable import Accounts

/// Limits before any hashing: the lockout curve, addresses, uniform time (auth.md §3.3).
struct LimitsTests {
  @Test(arguments: [
    (0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (14, 512), (15, 900), (16, 900), (100, 900),
  ])
  func `the curve`(failures: Int, seconds: Int) {
    #expect(LockoutCurve().lock(afterFailures: failures) == .seconds(seconds))
  }

  @Test func `attempts within a lock are not counted, quiet time forgets`() {
    var counter = AttemptCounter()
    let curve = LockoutCurve()
    var now = Timestamp(seconds: 1_800_000_000)
    for _ in 0..<5 { #expect(counter.begin(at: now, curve: curve) == nil) }
    #expect(counter.begin(at: now, curve: curve) == .seconds(1))
    #expect(counter.begin(at: now, curve: curve) == .seconds(1))
    now = now + .seconds(1)
    #expect(counter.begin(at: now, curve: curve) == nil)
    #expect(counter.begin(at: now, curve: curve) == .seconds(2))
    now = now + .seconds(2 + 900)
    for _ in 0..<5 { #expect(counter.begin(at: now, curve: curve) == nil) }
    counter.succeed()
    #expect(counter == AttemptCounter())
  }

  @Test func `a locked name answers 429 for the right password, too, and then opens`() async throws
  {
    let harness = try await AccountsHarness()
    _ = try await harness.signedIn()
    for _ in 0..<5 {
      let answer = try await harness.json("login", ["username": "alice", "password": "wrong"])
      #expect(answer.status == 401)
    }
    let locked = try await harness.json(
      "login", ["username": "ALICE", "password": .string(AccountsHarness.password)])
    #expect(locked.status == 429)
    #expect(locked.headers["retry-after"] == "1")
    harness.clock.advance(by: .seconds(1))
    let open = try await harness.json(
      "login", ["username": "alice", "password": .string(AccountsHarness.password)])
    #expect(open.status == 200)
  }

  @Test func `a name without an account is locked alike`() async throws {
    let harness = try await AccountsHarness()
    var statuses: [Int] = []
    for _ in 0..<7 {
      statuses.append(
        try await harness.json("login", ["username": "ghost", "password": "wrong"]).status)
    }
    #expect(statuses == [401, 401, 401, 401, 401, 429, 429])
  }

  @Test func `a stranger cannot lock the owner out of a known browser (ASVS 6.1.1)`() async throws {
    let harness = try await AccountsHarness()
    let (browser, _) = try await harness.code()
    #expect(browser.cookies["portico-dev"] != nil)
    for _ in 0..<9 {
      _ = try await harness.json(
        "login", ["username": "alice", "password": "guess"], address: "198.51.100.7")
    }
    let fields = [("username", "alice"), ("password", AccountsHarness.password)]
    let stranger = Browser(harness)
    let locked = try await stranger.submit(try await stranger.get("/login"), fields)
    #expect(locked.status == 429)
    #expect(locked.headers["retry-after"] != nil)
    let owner = try await browser.submit(try await browser.get("/login"), fields)
    #expect(owner.status == 303)
    // The mark of one account is none for another, and guesses there count, too.
    let other = [("username", "bob"), ("password", "x")]
    var statuses: [Int] = []
    for _ in 0..<6 {
      statuses.append(try await browser.submit(try await browser.get("/login"), other).status)
    }
    #expect(statuses == [401, 401, 401, 401, 401, 429])
  }

  @Test func `a lock outlives a restart`() async throws {
    let key = MasterKey.random()
    let harness = try await AccountsHarness(masterKey: key)
    for _ in 0..<6 { _ = try await harness.json("login", ["username": "x1x", "password": "no"]) }
    let after = try await AccountsHarness(
      store: harness.store, masterKey: key, clock: harness.clock)
    #expect(try await after.json("login", ["username": "x1x", "password": "no"]).status == 429)
  }

  @Test func `parallel guesses share the five free attempts`() async throws {
    let harness = try await AccountsHarness { $0.passwordQueue = 64 }
    let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<20 {
        group.addTask {
          try await harness.json(
            "login", ["username": "alice", "password": .string("guess \(number)")]
          ).status
        }
      }
      return try await group.reduce(into: [Int]()) { $0.append($1) }
    }
    #expect(statuses.filter { $0 == 401 }.count == 5)
    #expect(statuses.filter { $0 == 429 }.count == 15)
  }

  @Test func `an address has a bucket of its own, asked before the hash`() async throws {
    let harness = try await AccountsHarness {
      $0.attemptsBurst = 3
      $0.attemptsPerMinute = 60
    }
    func attempt(_ address: String, _ name: String) async throws -> Int {
      try await harness.json(
        "login", ["username": .string(name), "password": "x"], address: address
      ).status
    }
    for number in 0..<3 { #expect(try await attempt("192.0.2.9", "user\(number)") == 401) }
    #expect(try await attempt("192.0.2.9", "user4") == 429)
    #expect(try await attempt("192.0.2.10", "user4") == 401)
    harness.clock.advance(by: .seconds(1))
    #expect(try await attempt("192.0.2.9", "user5") == 401)
  }

  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ("2001:DB8:1:2::9", "2001:db8:1:2::/64"), ("2001:db8::1", "2001:db8:0:0::/64"),
    ("::1", "0:0:0:0::/64"), ("::ffff:192.0.2.7", "192.0.2.7"),
    ("fe80::1%eth0", "fe80:0:0:0::/64"), ("2001:0db8:0001:0002::1", "2001:db8:1:2::/64"),
  ])
  func `an IPv6 network counts as one caller`(address: String, network: String) {
    #expect(AddressBuckets.network(of: address) == network)
  }

  @Test func `buckets of many addresses stay bounded`() {
    let buckets = AddressBuckets(.init(burst: 2, perMinute: 1))
    let now = MonotonicInstant(nanoseconds: 1_000_000_000)
    for number in 0..<(AddressBuckets.capacity * 2) {
      #expect(
        buckets.take("10.\(number >> 16).\(number >> 8 & 255).\(number & 255)", at: now) == nil)
    }
  }

  @Test func `every failure ends at a multiple of the budget`() async throws {
    let harness = try await AccountsHarness { $0.signInBudget = .milliseconds(600) }
    let done = Flag()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        let answer = try await harness.json("login", ["username": "ghost", "password": "wrong"])
        #expect(answer.status == 401)
        done.set()
      }
      while harness.clock.sleeping == 0 { await Task.yield() }
      harness.clock.advance(by: .milliseconds(599))
      for _ in 0..<100 { await Task.yield() }
      #expect(!done.isSet)
      harness.clock.advance(by: .milliseconds(1))
      try await group.waitForAll()
      #expect(done.isSet)
    }
  }
}
