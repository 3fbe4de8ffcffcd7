import HTTPExchange
import TestSupport
import Testing
import Time

@testable import Gateway

/// Buckets on a clock that moves only when told to.
@Suite struct TokenBucketTests {
  /// In every window of a run of random arrivals, no more than burst + rate·t were admitted.
  @Test(arguments: 0..<40)
  func neverAdmitsMoreThanBurstAndRate(_ seed: UInt64) {
    var random = SplitMix(state: seed &* 7919 &+ 1)
    let limit = RateLimit(
      ratePerSecond: Double(random.next() % 5_000 + 1) / 10, burst: Int(random.next() % 50) + 1)
    var bucket = TokenBucket()
    var now: UInt64 = 1_000_000_000
    var admitted: [UInt64] = []
    for _ in 0..<2_000 {
      now += random.next() % 40_000_000
      if case .admitted = bucket.take(limit, now: MonotonicInstant(nanoseconds: now)) {
        admitted.append(now)
      }
    }
    for first in stride(from: 0, to: admitted.count, by: 7) {
      for last in stride(from: first, to: admitted.count, by: 11) {
        let seconds = Double(admitted[last] - admitted[first]) / 1e9
        let most = Double(limit.burst) + limit.ratePerSecond * seconds
        #expect(Double(last - first + 1) <= most + 1e-6)
      }
    }
  }

  @Test func admitsTheWholeBurstAtOnceAndThenTheRate() {
    let limit = RateLimit(ratePerSecond: 10, burst: 5)
    var bucket = TokenBucket()
    let start = MonotonicInstant(nanoseconds: 1_000)
    for left in [4, 3, 2, 1, 0] {
      #expect(bucket.take(limit, now: start) == .admitted(remaining: left))
    }
    #expect(bucket.take(limit, now: start) == .refused(retryAfter: .milliseconds(100)))
    #expect(bucket.take(limit, now: start + .milliseconds(99)) != .admitted(remaining: 0))
    #expect(bucket.take(limit, now: start + .milliseconds(100)) == .admitted(remaining: 0))
    #expect(bucket.isFull(at: start + .seconds(1)))
  }

  @Test func aRateOfNothingAdmitsTheBurstOnly() {
    var bucket = TokenBucket()
    let limit = RateLimit(ratePerSecond: 0, burst: 1)
    #expect(bucket.take(limit, now: MonotonicInstant(nanoseconds: 5)) == .admitted(remaining: 0))
    guard case .refused = bucket.take(limit, now: MonotonicInstant(nanoseconds: 1 << 60)) else {
      Issue.record("admitted")
      return
    }
  }

  @Test func theLedgerIsBounded() {
    let ledger = LocalBucketLedger(capacity: 64)
    let limit = RateLimit(ratePerSecond: 1, burst: 1)
    for index in 0..<10_000 {
      _ = ledger.take(
        BucketKey(.address, "a\(index)"), limit, now: MonotonicInstant(nanoseconds: 1))
    }
    #expect(ledger.count <= 64)
  }

  @Test func theRecencyMapForgetsTheOldest() {
    var map = RecencyMap<Int, Int>(capacity: 3)
    for key in 1...3 { map.update(key, makingNew: 0) { $0 = key } }
    #expect(map.value(1) == 1)
    map.update(4, makingNew: 0) { $0 = 4 }
    #expect(map.value(2) == nil)
    #expect(map.value(1) == 1)
    #expect(map.value(3) == 3)
    #expect(map.value(4) == 4)
    #expect(map.count == 3)
  }

  @Test func aClientOfIPv6OwnsA64() {
    #expect(bucketAddress("192.0.2.1") == "192.0.2.1")
    #expect(bucketAddress("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64")
    #expect(bucketAddress("2001:db8:1:2::9") == "2001:db8:1:2::/64")
    #expect(bucketAddress("::1") == "0:0:0:0::/64")
  }
}

/// Throttling through the gateway: layers, bodies, fields.
@Suite struct ThrottleStageTests {
  static func one(_ configure: @escaping (inout ThrottlePolicy) -> Void, strict: Bool = false)
    throws -> Rig
  {
    try Rig(configure: {
      configure(&$0.throttle)
      $0.strictAWS = strict
    })
  }

  private let single = RateLimit(ratePerSecond: 1, burst: 1)

  @Test func theStageIsThrottledWithAWSsBody() async throws {
    let rig = try Self.one({ $0.stage = RateLimit(ratePerSecond: 1, burst: 1) }, strict: true)
    #expect(try await rig.send("GET", "/api/v1/check").status == 200)
    let refused = try await rig.send("GET", "/api/v1/check")
    #expect(refused.status == 429)
    #expect(refused.text == #"{"message":"Too Many Requests"}"#)
    #expect(refused.headers["retry-after"] == nil)
    #expect(refused.headers["ratelimit"] == nil)
    rig.clock.advance(by: .seconds(1))
    #expect(try await rig.send("GET", "/api/v1/check").status == 200)
  }

  @Test func addressesAreApart() async throws {
    let rig = try Self.one { $0.address = self.single }
    #expect(try await rig.send("GET", "/api/v1/check", address: "192.0.2.1").status == 200)
    #expect(try await rig.send("GET", "/api/v1/check", address: "192.0.2.2").status == 200)
    let refused = try await rig.send("GET", "/api/v1/check", address: "192.0.2.1")
    #expect(refused.status == 429)
    #expect(refused.headers["retry-after"] == "1")
    #expect(refused.headers["ratelimit-policy"] == #""address";q=1;w=1"#)
    #expect(refused.headers["ratelimit"] == #""address";r=0;t=1"#)
  }

  @Test func routesAreApart() async throws {
    let rig = try Self.one {
      $0.routes = ["GET /check": ThrottlePolicy.RouteLimits(all: self.single)]
    }
    #expect(try await rig.send("GET", "/api/v1/check").status == 200)
    #expect(try await rig.send("GET", "/api/v1/check").status == 429)
    #expect(try await rig.send("GET", "/api/v1/stocks/A").status == 200)
  }

  @Test func usersAreThrottledAfterTheirTokenIsKnown() async throws {
    let rig = try Self.one { $0.user = self.single }
    let token = [("Authorization", "good")]
    #expect(try await rig.send("POST", "/api/v1/buy", headers: token).status == 200)
    #expect(try await rig.send("POST", "/api/v1/buy", headers: token).status == 429)
    let other = [("Authorization", "unscoped")]
    #expect(try await rig.send("POST", "/api/v1/buy", headers: other).status == 200)
    #expect(try await rig.send("POST", "/api/v1/buy").status == 401)
  }

  @Test func throttlingComesBeforeTheAuthorizer() async throws {
    let rig = try Self.one { $0.address = self.single }
    #expect(try await rig.send("POST", "/api/v1/buy").status == 401)
    #expect(try await rig.send("POST", "/api/v1/buy").status == 429)
  }

  @Test func anAnswerTellsTheNearestBucket() async throws {
    let rig = try Self.one {
      $0.stage = RateLimit(ratePerSecond: 100, burst: 100)
      $0.address = RateLimit(ratePerSecond: 1, burst: 5)
    }
    let response = try await rig.send("GET", "/api/v1/check")
    #expect(response.headers["ratelimit"] == #""address";r=4;t=1"#)
  }
}
