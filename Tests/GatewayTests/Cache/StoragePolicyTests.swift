import HTTPExchange
import Testing
import Time

@testable import Gateway

@Suite("Storing") struct StoragePolicyTests {
  private let received = Timestamp(seconds: 784_111_777)

  private func decide(
    _ fields: [(String, String)], rule: CacheRule = CacheRule(), status: Int = 200,
    request: [(String, String)] = [], method: String = "GET"
  ) -> StoragePolicy {
    StoragePolicy.decide(
      rule: rule,
      request: Request(
        method: method, target: RequestTarget(path: "/a"), headers: HeaderFields(request)),
      status: status, headers: HeaderFields(fields), received: received)
  }

  private func seconds(_ policy: StoragePolicy) -> Int? {
    if case .store(let lifetime) = policy { return lifetime.seconds }
    return nil
  }

  @Test(
    "RFC 9111 §3",
    arguments: [
      (200, "max-age=5", 5), (299, "max-age=5", 5), (499, "max-age=5", 5), (599, "max-age=5", 5),
      (302, "max-age=5", 5), (200, "no-store, max-age=5", nil), (200, "private, max-age=5", nil),
      (200, "private=\"x\", max-age=5", nil), (200, "", nil), (201, "", nil),
      (200, "must-understand, no-store, max-age=5", 5),
      (599, "must-understand, no-store, max-age=5", nil), (206, "max-age=5", nil),
      (304, "max-age=5", nil), (200, "no-cache", nil), (200, "max-age=0", nil),
    ] as [(Int, String, Int?)])
  func standard(status: Int, control: String, expected: Int?) {
    #expect(seconds(decide([("cache-control", control)], status: status)) == expected)
  }

  @Test("with a validator what is stale at once is stored too") func validators() {
    for control in ["", "no-cache", "max-age=0", "public"] {
      let policy = decide([("cache-control", control), ("etag", "\"a\"")])
      #expect(seconds(policy) == 0)
    }
    #expect(seconds(decide([("etag", "\"a\"")], status: 201)) == nil)
  }

  @Test("what is never stored") func never() {
    let good = ("cache-control", "max-age=5")
    #expect(decide([good, ("vary", "a, *")]) == .pass("vary"))
    #expect(decide([good, ("vary", "a"), ("vary", "*")]) == .pass("vary"))
    #expect(decide([good, ("set-cookie", "a=b")]) == .pass("set-cookie"))
    #expect(decide([good], request: [("cache-control", "no-store")]) == .pass("request"))
    #expect(decide([good], method: "POST") == .pass("method"))
    #expect(decide([good, ("access-control-allow-origin", "https://a")]) == .pass("origin"))
    let varied = [good, ("access-control-allow-origin", "https://a"), ("vary", "Origin")]
    #expect(seconds(decide(varied)) == 5)
    var cookies = CacheRule()
    cookies.storesCookies = true
    #expect(seconds(decide([good, ("set-cookie", "a=b")], rule: cookies)) == 5)
  }

  @Test(
    "with Authorization only by the origin's word or with the identity in the key",
    arguments: [
      ("max-age=5", nil), ("max-age=5, public", 5), ("max-age=5, must-revalidate", 5),
      ("s-maxage=5", 5),
    ] as [(String, Int?)])
  func authorization(control: String, expected: Int?) {
    let request = [("authorization", "Bearer x")]
    #expect(seconds(decide([("cache-control", control)], request: request)) == expected)
    var rule = CacheRule()
    rule.identity = true
    #expect(seconds(decide([("cache-control", control)], rule: rule, request: request)) == 5)
  }

  @Test(
    "CloudFront's truth table",
    arguments: [
      // minimum, default, maximum, status, Cache-Control, seconds
      (0, 60, 100, 200, "max-age=50", 50), (0, 60, 100, 200, "max-age=500", 100),
      (0, 60, 100, 200, "", 60), (0, 60, 100, 200, "max-age=0", nil),
      (0, 60, 100, 200, "s-maxage=9, max-age=50", 9), (0, 60, 100, 200, "no-store", nil),
      (0, 60, 100, 200, "no-cache", nil), (0, 60, 100, 200, "private", nil),
      (10, 60, 100, 200, "max-age=5", 10), (10, 60, 100, 200, "max-age=50", 50),
      (10, 60, 100, 200, "max-age=500", 100), (10, 60, 100, 200, "", 60),
      (10, 5, 100, 200, "", 10), (10, 60, 100, 200, "no-store", 10),
      (10, 60, 100, 200, "private", 10), (10, 60, 100, 200, "no-cache", 10),
      (0, 60, 100, 404, "", 10), (0, 60, 100, 503, "max-age=30", 30), (0, 60, 100, 400, "", nil),
      (0, 60, 100, 400, "max-age=30", 30), (0, 60, 100, 401, "max-age=30", nil),
    ] as [(Int, Int, Int, Int, String, Int?)])
  func cloudFront(
    minimum: Int, usual: Int, maximum: Int, status: Int, control: String, expected: Int?
  ) {
    var rule = CacheRule(mode: .cloudfront)
    rule.minimumTTLSeconds = minimum
    rule.defaultTTLSeconds = usual
    rule.maximumTTLSeconds = maximum
    #expect(seconds(decide([("cache-control", control)], rule: rule, status: status)) == expected)
  }

  @Test("the stage cache asks the origin nothing") func stage() {
    var rule = CacheRule(mode: .stage)
    #expect(seconds(decide([("cache-control", "no-store, private")], rule: rule)) == 300)
    #expect(seconds(decide([], rule: rule, status: 404)) == nil)
    rule.ttlSeconds = 0
    #expect(seconds(decide([], rule: rule)) == nil)
  }
}
