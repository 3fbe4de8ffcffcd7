import Cryptography
import HTTPExchange
import Synchronization
import TestSupport
import Testing
import Time

@testable import Gateway

/// Quotas over a journal: what restarts, crashes and a full disk do to them.
@Suite("Durable quotas") struct DurableUsageLedgerTests {
  private let keys = [APIKeyRecord(name: "k", sha256: "00", plan: "p")]
  private let now = CivilTime(year: 2026, month: 5, day: 28, hour: 20).timestamp

  /// Counts as a request does, waiting where it must.
  private static func count(
    _ ledger: DurableUsageLedger, _ plan: UsagePlan, _ now: Timestamp
  ) async -> QuotaVerdict {
    let verdict = ledger.count(key: "k", plan: plan, now: now)
    guard case .wait(let settle) = verdict else { return verdict }
    return await settle()
  }

  /// Counts until the quota is used up; nil stands for no end.
  private func admitted(_ ledger: DurableUsageLedger, _ plan: UsagePlan, upTo most: Int) async
    -> Int
  {
    var count = 0
    for _ in 0..<most {
      guard case .counted = await Self.count(ledger, plan, now) else { return count }
      count += 1
    }
    return count
  }

  @Test("a clean restart goes on where it ended") func restart() async throws {
    let journal = MemoryJournal()
    let plan = UsagePlan(name: "p", quota: 1_000, period: .day)
    let first = try await DurableUsageLedger(keys: keys, journal: journal)
    #expect(await admitted(first, plan, upTo: 123) == 123)
    try await first.close()
    let second = try await DurableUsageLedger(keys: keys, journal: journal)
    #expect(second.usage(key: "k", plan: plan, now: now) == Usage(used: 123, remaining: 877))
    #expect(await admitted(second, plan, upTo: 2_000) == 877)
  }

  /// Random crashes: what all lives together admitted never exceeds the quota, and each crash costs
  /// at most one block.
  @Test("no crash lets a client have more than its quota", arguments: 0..<20)
  func crashes(_ seed: UInt64) async throws {
    var random = SplitMix(state: seed &* 7919 &+ 3)
    let journal = MemoryJournal()
    let quota = Int(random.next() % 3_000) + 1
    let plan = UsagePlan(name: "p", quota: quota, period: .month)
    var total = 0
    var lives = 0
    while lives < 30 {
      let ledger = try await DurableUsageLedger(keys: keys, journal: journal)
      total += await admitted(ledger, plan, upTo: Int(random.next() % 200))
      lives += 1
    }
    #expect(total <= quota)
    let last = try await DurableUsageLedger(keys: keys, journal: journal)
    total += await admitted(last, plan, upTo: quota)
    let block = max(1, min(quota / 100, 1_000))
    #expect(total <= quota)
    #expect(total >= quota - (lives + 1) * (block - 1))
  }

  @Test("one commit serves a whole block, and whoever waits for it") func blocks() async throws {
    let journal = MemoryJournal()
    let plan = UsagePlan(name: "p", quota: 10_000, period: .day)
    let ledger = try await DurableUsageLedger(keys: keys, journal: journal)
    let now = now
    let admitted = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<500 {
        group.addTask {
          if case .counted = await Self.count(ledger, plan, now) { true } else { false }
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(admitted == 500)
    #expect(journal.writes == 5)
    guard case .wait = ledger.count(key: "k", plan: plan, now: now) else {
      Issue.record("the block is used up")
      return
    }
    _ = await Self.count(ledger, plan, now)
    guard case .counted = ledger.count(key: "k", plan: plan, now: now) else {
      Issue.record("inside a block nobody waits")
      return
    }
  }

  @Test("a new period begins anew, a clock that goes back begins none") func periods()
    async throws
  {
    let journal = MemoryJournal()
    let plan = UsagePlan(name: "p", quota: 2, period: .day)
    let ledger = try await DurableUsageLedger(keys: keys, journal: journal)
    #expect(await admitted(ledger, plan, upTo: 5) == 2)
    guard case .exhausted = await Self.count(ledger, plan, now - .seconds(86_400)) else {
      Issue.record("yesterday is over")
      return
    }
    #expect(await Self.count(ledger, plan, now + .seconds(86_400)).usage?.used == 1)
  }

  @Test("an offset is taken off the first period once, whatever restarts") func offset()
    async throws
  {
    let journal = MemoryJournal()
    let plan = UsagePlan(name: "p", quota: 5, period: .month, offset: 3)
    var total = 0
    for _ in 0..<4 {
      let ledger = try await DurableUsageLedger(keys: keys, journal: journal)
      total += await admitted(ledger, plan, upTo: 1)
    }
    #expect(total == 2)
  }

  @Test(
    "without its journal a plan fails closed, or open where it says so", arguments: [true, false])
  func journalLost(isOpen: Bool) async throws {
    let journal = MemoryJournal()
    let lines = Mutex<[String]>([])
    var plan = UsagePlan(name: "p", quota: 300, period: .day)
    plan.failsOpen = isOpen
    let ledger = try await DurableUsageLedger(keys: keys, journal: journal) { line in
      lines.withLock { $0.append(line) }
    }
    #expect(await admitted(ledger, plan, upTo: 3) == 3)
    journal.isBroken = true
    #expect(await admitted(ledger, plan, upTo: 1_000) == (isOpen ? 297 : 0))
    #expect(lines.withLock { $0.first?.contains("'k'") } == true)
    journal.isBroken = false
    #expect(await admitted(ledger, plan, upTo: 1_000) == (isOpen ? 0 : 297))
  }

  @Test("in the gateway: the quota's text, and 503 when nobody can say") func stage() async throws {
    let secret = "a-key-of-at-least-twenty-characters"
    let journal = MemoryJournal()
    let record = APIKeyRecord(
      name: "k", sha256: SHA256.hash(Array(secret.utf8)).hex, plan: "p")
    let plan = UsagePlan(name: "p", quota: 2, period: .day)
    func status() async throws -> (Int, String) {
      let ledger = try await DurableUsageLedger(keys: [record], journal: journal)
      let rig = try Rig(
        configure: {
          $0.keys = [record]
          $0.plans = [plan]
          $0.strictAWS = true
        }, assemble: { $0.usage = ledger })
      let response = try await rig.send(
        "GET", "/api/v1/keyed", headers: [("x-api-key", secret), ("Origin", "https://app.example")])
      #expect(response.headers["access-control-allow-origin"] == "https://app.example")
      return (response.status, response.text)
    }
    #expect(try await status().0 == 200)
    journal.isBroken = true
    #expect(try await status() == (503, #"{"message":"Service Unavailable"}"#))
    journal.isBroken = false
    #expect(try await status().0 == 200)
    #expect(try await status() == (429, #"{"message":"Limit Exceeded"}"#))
  }
}

/// A journal in memory that outlives the ledgers over it.
final class MemoryJournal: QuotaJournal {
  private struct Broken: Error {}

  private struct State {
    var records: [String: QuotaReservation] = [:]
    var writes = 0
    var isBroken = false
  }

  private let state = Mutex(State())

  var writes: Int { state.withLock { $0.writes } }

  var isBroken: Bool {
    get { state.withLock { $0.isBroken } }
    set { state.withLock { $0.isBroken = newValue } }
  }

  func load() async throws -> [QuotaReservation] { state.withLock { Array($0.records.values) } }

  func write(_ reservation: QuotaReservation) async throws {
    await Task.yield()
    try state.withLock { state in
      if state.isBroken { throw Broken() }
      state.writes += 1
      state.records["\(reservation.plan)#\(reservation.key)"] = reservation
    }
  }
}
