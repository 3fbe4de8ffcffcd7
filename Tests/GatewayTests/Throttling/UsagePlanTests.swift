import Cryptography
import HTTPExchange
import Testing
import Time

@testable import Gateway

/// Keys, plans and quotas.
@Suite struct UsagePlanTests {
  private static let secret = "a-key-of-at-least-twenty-characters"

  private func rig(
    plan: UsagePlan, enabled: Bool = true, strict: Bool = true
  ) throws -> Rig {
    try Rig(configure: {
      $0.strictAWS = strict
      $0.plans = [plan]
      $0.keys = [
        APIKeyRecord(
          name: "partner", sha256: SHA256.hash(Array(Self.secret.utf8)).hex, plan: plan.name,
          enabled: enabled)
      ]
    })
  }

  private func call(_ rig: Rig) async throws -> Response {
    try await rig.send("GET", "/api/v1/keyed", headers: [("X-Api-Key", Self.secret)])
  }

  @Test func aKnownKeyPasses() async throws {
    #expect(try await call(rig(plan: UsagePlan(name: "p"))).status == 200)
    #expect(try await call(rig(plan: UsagePlan(name: "p"), enabled: false)).status == 403)
  }

  @Test func theKeyIsThrottledAtItsPlansRate() async throws {
    let rig = try rig(
      plan: UsagePlan(name: "p", throttle: RateLimit(ratePerSecond: 1, burst: 2)))
    #expect(try await call(rig).status == 200)
    #expect(try await call(rig).status == 200)
    let refused = try await call(rig)
    #expect(refused.status == 429)
    #expect(refused.text == #"{"message":"Too Many Requests"}"#)
  }

  @Test func aUsedQuotaHasAnotherText() async throws {
    let rig = try rig(plan: UsagePlan(name: "p", quota: 2, period: .day))
    #expect(try await call(rig).status == 200)
    #expect(try await call(rig).status == 200)
    let refused = try await call(rig)
    #expect(refused.status == 429)
    #expect(refused.text == #"{"message":"Limit Exceeded"}"#)
    rig.clock.advance(by: .seconds(86_400))
    #expect(try await call(rig).status == 200)
  }

  @Test func windowsBeginWhereAWSsDo() {
    let now = CivilTime(year: 2026, month: 5, day: 28, hour: 20).timestamp
    #expect(UsagePlan(name: "d", period: .day).window(at: now) == "2026-05-28")
    #expect(UsagePlan(name: "w", period: .week).window(at: now) == "2026-05-24")
    #expect(UsagePlan(name: "m", period: .month).window(at: now) == "2026-05-01")
  }

  @Test func theOffsetIsTakenOffTheFirstPeriod() {
    let plan = UsagePlan(name: "p", quota: 3, period: .day, offset: 2)
    let ledger = LocalUsageLedger()
    let now = Timestamp(seconds: 1_780_000_000)
    #expect(ledger.count(key: "k", plan: plan, now: now).usage == Usage(used: 3, remaining: 0))
    #expect(ledger.count(key: "k", plan: plan, now: now).usage == nil)
    let tomorrow = now + .seconds(86_400)
    #expect(ledger.count(key: "k", plan: plan, now: tomorrow).usage?.used == 1)
    #expect(ledger.usage(key: "k", plan: plan, now: tomorrow).remaining == 2)
  }
}
