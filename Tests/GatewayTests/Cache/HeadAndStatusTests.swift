import HTTPExchange
import Testing
import Time

@testable import Gateway

/// What HEAD does to a stored GET (RFC 9111 §4.3.5), and what answers and counters tell of the cache.
@Suite("HEAD and Cache-Status") struct HeadAndStatusTests {
  private static let fresh = [
    ("cache-control", "max-age=10"), ("etag", "\"a\""), ("x", "old"),
  ]

  /// A stored GET that is stale, and then a HEAD that is answered with these fields.
  private static func head(_ fields: [(String, String)], status: Int = 200) async throws -> CacheRig
  {
    let rig = CacheRig()
    rig.origin(fresh)
    _ = try await rig.send()
    rig.clock.advance(by: .seconds(20))
    rig.origin(fields, body: "", status: status)
    _ = try await rig.send("/a", method: "HEAD")
    #expect(rig.calls == 2)
    return rig
  }

  @Test("an answer to HEAD that agrees makes the stored GET good again") func refreshes()
    async throws
  {
    let rig = try await Self.head([
      ("cache-control", "max-age=60"), ("etag", "\"a\""), ("content-length", "5"), ("x", "new"),
    ])
    rig.clock.advance(by: .seconds(30))
    let hit = try await rig.send()
    #expect(hit.text == "hello" && hit.headers["x"] == "new" && hit.headers["age"] == "30")
    #expect(rig.calls == 2)
  }

  @Test(
    "one that disagrees removes it",
    arguments: [
      [("cache-control", "max-age=60"), ("etag", "\"b\"")],
      [("cache-control", "max-age=60"), ("etag", "\"a\""), ("content-length", "6")],
      [("cache-control", "no-store"), ("etag", "\"a\"")],
    ] as [[(String, String)]])
  func removes(fields: [(String, String)]) async throws {
    let rig = try await Self.head(fields)
    #expect(rig.cache.counts.entries == 0)
  }

  @Test("another status removes it, an error of the server does not", arguments: [404, 503])
  func otherStatus(status: Int) async throws {
    let rig = try await Self.head([], status: status)
    #expect(rig.cache.counts.entries == (status == 404 ? 0 : 1))
  }

  @Test("nobody who wants the whole waits for a HEAD") func noCompany() async throws {
    let rig = CacheRig()
    let gate = Gate()
    rig.origin { request in
      if request.method == "HEAD" { await gate.wait() }
      return Response(
        status: 200, headers: HeaderFields([("cache-control", "max-age=9")]), body: Body("x"))
    }
    let head = Task { try await rig.send("/a", method: "HEAD") }
    await rig.until { rig.calls == 1 }
    #expect(try await rig.send().text == "x")
    gate.open()
    _ = try await head.value
    #expect(try await rig.send().cacheStatus.contains("hit"))
    #expect(rig.cache.counts.collapsed == 0)
  }

  @Test("a 206 is never stored, and a range is cut from the whole only") func partial()
    async throws
  {
    let rig = CacheRig()
    rig.origin(
      [("cache-control", "max-age=60"), ("content-range", "bytes 0-1/5")], body: "he", status: 206)
    let first = try await rig.send("/a", [("range", "bytes=0-1")])
    #expect(first.status == 206 && first.cacheStatus.hasSuffix("detail=status"))
    #expect(rig.requests[0].headers["range"] == nil)
    rig.origin([("cache-control", "max-age=60")])
    #expect(try await rig.send().text == "hello")
    #expect(rig.calls == 2)
  }

  @Test("the language that is liked best matches what was stored in it") func language()
    async throws
  {
    let rig = CacheRig()
    rig.origin([
      ("cache-control", "max-age=10"), ("vary", "accept-language"), ("content-language", "de"),
    ])
    _ = try await rig.send("/a", [("accept-language", "de")])
    for field in ["de, en;q=0.5", "en;q=0.4, de;q=0.9", "DE;q=0.1"] {
      #expect(try await rig.send("/a", [("accept-language", field)]).cacheStatus.contains("hit"))
    }
    #expect(rig.calls == 1)
    for field in ["en, de;q=0.5", "de, en", "de;q=0"] {
      _ = try await rig.send("/a", [("accept-language", field)])
    }
    #expect(rig.calls == 4)
  }

  @Test(
    "references are resolved before what they name is removed",
    arguments: [
      ("/x/b", true), ("b", true), ("./b", true), ("../x/b", true), ("//localhost:8080/x/b", true),
      ("HTTP://LOCALHOST:8080/x/b", true), ("/x/b?y=1", true), ("/x/b#top", true),
      ("https://localhost:8080/x/b", false), ("http://other/x/b", false), ("//other/x/b", false),
      ("/x/bb", false), ("mailto:b", false),
    ])
  func references(location: String, isRemoved: Bool) async throws {
    let rig = CacheRig()
    rig.origin([("cache-control", "max-age=10")])
    _ = try await rig.send("/x/b")
    rig.origin([("content-location", location)], status: 201)
    _ = try await rig.send("/x/a", method: "POST", rule: CacheRule(mode: .off))
    #expect(rig.cache.counts.entries == (isRemoved ? 0 : 1))
  }

  @Test("the key is told when the settings say so, the identity only as a word") func key()
    async throws
  {
    let rig = CacheRig { $0.tellsKey = true }
    rig.origin([("cache-control", "max-age=10")])
    var rule = CacheRule()
    rule.headers = ["x-tier"]
    rule.identity = true
    let response = try await rig.send(
      "/a?q=\"1", [("x-tier", "secret")], rule: rule, user: "alice")
    #expect(
      response.cacheStatus
        == #"Portico; fwd=uri-miss; fwd-status=200; ttl=10; stored; key="http://localhost:8080/a?q=\"1 x-tier identity""#
    )
    #expect(try await CacheRig { $0.tellsKey = false }.emptyKey())
  }

  @Test("the log's words: what was asked anew is never called stale or a hit") func words()
    async throws
  {
    let rig = CacheRig()
    rig.origin(Self.fresh)
    #expect(try await rig.send().notes.cache == "uri-miss")
    #expect(try await rig.send().notes.cache == "hit")
    rig.clock.advance(by: .seconds(20))
    rig.origin([("cache-control", "max-age=10")], body: "", status: 304)
    #expect(try await rig.send().notes.cache == "revalidated")
    rig.clock.advance(by: .seconds(20))
    rig.origin(Self.fresh, body: "new")
    #expect(try await rig.send().notes.cache == "expired")
    rig.clock.advance(by: .seconds(20))
    rig.origin { _ in throw IntegrationFailure.unavailable("down") }
    #expect(try await rig.send().notes.cache == "stale")
    rig.origin([])
    #expect(try await rig.send("/a", [("x-http-method", "PUT")]).notes.cache == "bypass")
  }

  @Test(
    "metrics: a bypassed cache is no miss",
    arguments: [
      ("hit", 1, 0), ("stale", 1, 0), ("uri-miss", 0, 1), ("vary-miss", 0, 1), ("expired", 0, 1),
      ("revalidated", 0, 1), ("request", 0, 1), ("bypass", 0, 0), ("method", 0, 0), ("", 0, 0),
    ])
  func metrics(word: String, hits: Int, misses: Int) {
    let metrics = Metrics()
    var notes = ResponseNotes()
    notes.routeKey = "GET /a"
    notes.cache = word
    metrics.record(
      CompletedExchange(
        method: "GET", path: "/a", query: nil, authority: "h", headers: HeaderFields(),
        httpVersion: "HTTP/1.1",
        context: RequestContext(requestID: "R", sourceAddress: "192.0.2.1", clock: ManualClock()),
        status: 200, notes: notes, bytesIn: 0, bytesOut: 0, nanoseconds: 1, aborted: false))
    let text = metrics.render()
    #expect(text.contains("apigateway_cache_hit_total{route=\"GET /a\"} \(hits)"), "\(text)")
    #expect(text.contains("apigateway_cache_miss_total{route=\"GET /a\"} \(misses)"))
  }

  @Test(
    "CloudFront's X-Cache",
    arguments: [(200, "Miss"), (404, "Error"), (304, "RefreshHit")])
  func cloudFront(status: Int, word: String) async throws {
    let rig = CacheRig()
    let rule = CacheRule(mode: .cloudfront)
    rig.origin(Self.fresh)
    _ = try await rig.send("/a", rule: rule)
    #expect(try await rig.send("/a", rule: rule).headers["x-cache"] == "Hit from cloudfront")
    rig.clock.advance(by: .seconds(20))
    rig.origin([("cache-control", "max-age=10")], body: "", status: status)
    #expect(try await rig.send("/a", rule: rule).headers["x-cache"] == "\(word) from cloudfront")
  }
}

extension CacheRig {
  /// Whether no key is told.
  fileprivate func emptyKey() async throws -> Bool {
    origin([("cache-control", "max-age=10")])
    return try await !send().cacheStatus.contains("key")
  }
}
