import HTTPExchange
import NIOCore
import Testing
import Time

@testable import Gateway

@Suite("Response cache") struct ResponseCacheTests {
  @Test("a fresh answer is reused with its age, a stale one is not") func reuse() async throws {
    let rig = CacheRig()
    rig.origin([("cache-control", "max-age=10"), ("age", "2"), ("x", "y")])
    let first = try await rig.send()
    #expect(first.cacheStatus == "Portico; fwd=uri-miss; fwd-status=200; ttl=8; stored")
    #expect(first.headers["age"] == "2")
    rig.clock.advance(by: .seconds(7))
    let second = try await rig.send()
    #expect(second.cacheStatus == "Portico; hit; ttl=1")
    #expect(second.headers["age"] == "9")
    #expect(second.text == "hello" && second.headers["x"] == "y")
    #expect(second.headers["date"] == first.headers["date"])
    rig.clock.advance(by: .seconds(1))
    let third = try await rig.send()
    #expect(third.cacheStatus.contains("fwd=stale"))
    #expect(rig.calls == 2)
  }

  @Test("fields of one connection are not stored") func hopByHop() async throws {
    let rig = CacheRig()
    rig.origin([
      ("cache-control", "max-age=10"), ("connection", "x-hop, close"), ("x-hop", "1"),
      ("keep-alive", "1"), ("transfer-encoding", "chunked"), ("content-range", "bytes 0-1/2"),
      ("content-md5", "x"),
    ])
    _ = try await rig.send()
    let hit = try await rig.send()
    for name in ["connection", "x-hop", "keep-alive", "transfer-encoding"] {
      #expect(!hit.headers.contains(name))
    }
    #expect(hit.status == 200 && hit.headers.contains("content-md5"))
  }

  @Test("variants by Vary, several of one key") func vary() async throws {
    let rig = CacheRig()
    rig.origin { request in
      Response(
        status: 200,
        headers: HeaderFields([("cache-control", "max-age=10"), ("vary", "Foo"), ("vary", "bar")]),
        body: Body(request.headers["foo"] ?? "-"))
    }
    for value in ["1", "2", "1", "2"] {
      #expect(try await rig.send("/a", [("foo", value)]).text == value)
    }
    #expect(rig.calls == 2)
    #expect(try await rig.send().cacheStatus.contains("fwd=vary-miss"))
    #expect(try await rig.send("/a", [("x", "y")]).text == "-")
    #expect(rig.calls == 3)
    _ = try await rig.send("/a", [("foo", "1"), ("bar", "1")])
    #expect(rig.calls == 4)
  }

  @Test("preferences of language match without regard to order, case and space")
  func language() async throws {
    let rig = CacheRig()
    rig.origin([("cache-control", "max-age=10"), ("vary", "accept-language")])
    _ = try await rig.send("/a", [("accept-language", "en, DE;q=0.5")])
    _ = try await rig.send("/a", [("accept-language", "de;q=0.5,en")])
    #expect(rig.calls == 1)
  }

  @Test("a stale answer is validated, and what a 304 brings is merged") func validation()
    async throws
  {
    let rig = CacheRig()
    rig.origin([
      ("cache-control", "max-age=1"), ("etag", "W/\"v1\""), ("x", "old"), ("keep", "1"),
      ("content-type", "text/a"), ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ])
    _ = try await rig.send("/a", [("if-none-match", "\"other\"")])
    #expect(rig.requests[0].headers["if-none-match"] == nil)
    rig.clock.advance(by: .seconds(5))
    rig.origin(
      [("cache-control", "max-age=60"), ("x", "new"), ("content-type", "text/b")], body: "",
      status: 304)
    let merged = try await rig.send()
    #expect(rig.requests[1].headers["if-none-match"] == "W/\"v1\"")
    #expect(
      rig.requests[1].headers["if-modified-since"] == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(merged.status == 200 && merged.text == "hello")
    #expect(merged.headers["x"] == "new" && merged.headers["keep"] == "1")
    #expect(merged.headers["content-type"] == "text/a")
    rig.clock.advance(by: .seconds(30))
    let hit = try await rig.send()
    #expect(hit.headers["age"] == "30" && hit.headers["x"] == "new")
    #expect(rig.calls == 2)
  }

  @Test("no-cache is stored and never reused unasked") func noCache() async throws {
    let rig = CacheRig()
    rig.origin([("cache-control", "No-Cache, max-age=60"), ("etag", "\"a\"")])
    _ = try await rig.send()
    rig.origin([], body: "", status: 304)
    #expect(try await rig.send().text == "hello")
    #expect(try await rig.send().text == "hello")
    #expect(rig.calls == 3)
  }

  @Test(
    "a client's conditions are answered from the store",
    arguments: [
      ([("if-none-match", "\"a\"")], 304), ([("if-none-match", "\"x\", W/\"a\"")], 304),
      ([("if-none-match", "*")], 304), ([("if-none-match", "\"x\"")], 200),
      ([("if-modified-since", "Mon, 07 Nov 1994 08:49:37 GMT")], 304),
      ([("if-modified-since", "Monday, 07-Nov-94 08:49:37 GMT")], 304),
      ([("if-modified-since", "Sat, 05 Nov 1994 08:49:37 GMT")], 200),
      (
        [("if-none-match", "\"x\""), ("if-modified-since", "Mon, 07 Nov 1994 08:49:37 GMT")], 200
      ),
    ] as [([(String, String)], Int)])
  func conditions(fields: [(String, String)], status: Int) async throws {
    let rig = CacheRig()
    rig.origin([
      ("cache-control", "max-age=10"), ("etag", "\"a\""),
      ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ])
    #expect(try await rig.send("/a", fields).status == status)
    let hit = try await rig.send("/a", fields)
    #expect(hit.status == status && rig.calls == 1)
    #expect(hit.headers["etag"] == "\"a\"" && hit.headers["age"] == "0")
  }

  @Test(
    "single ranges are cut from the whole",
    arguments: [
      ("bytes=0-1", 206, "he", "bytes 0-1/5"), ("bytes=3-", 206, "lo", "bytes 3-4/5"),
      ("bytes=-2", 206, "lo", "bytes 3-4/5"), ("bytes=9-", 416, "", "bytes */5"),
      ("bytes=0-1,3-4", 200, "hello", ""), ("lines=1-2", 200, "hello", ""),
    ])
  func ranges(range: String, status: Int, text: String, contentRange: String) async throws {
    let rig = CacheRig()
    rig.origin([("cache-control", "max-age=10"), ("etag", "\"a\""), ("x", "y")])
    for _ in 0..<2 {
      let response = try await rig.send("/a", [("range", range)])
      #expect(response.status == status && response.text == text)
      #expect(response.headers["content-range"] ?? "" == contentRange)
    }
    #expect(rig.calls == 1 && rig.requests[0].headers["range"] == nil)
    let other = try await rig.send("/a", [("range", range), ("if-range", "\"b\"")])
    #expect(other.status == 200)
  }

  @Test(
    "unsafe methods that worked remove what is stored, on every base path",
    arguments: [
      ("POST", 200, 2), ("PUT", 204, 2), ("DELETE", 302, 2), ("M-SEARCH", 200, 2),
      ("POST", 400, 1), ("POST", 500, 1), ("OPTIONS", 200, 1),
    ])
  func invalidation(method: String, status: Int, calls: Int) async throws {
    let rig = CacheRig()
    rig.origin([("cache-control", "max-age=10")])
    _ = try await rig.send("/api/v1/a?q=1", stage: "api/v1")
    rig.origin([], status: status)
    _ = try await rig.send(
      "/Prod/a", method: method, rule: CacheRule(mode: .off), stage: "Prod")
    rig.origin([("cache-control", "max-age=10")])
    _ = try await rig.send("/api/v1/a?q=1", stage: "api/v1")
    #expect(rig.calls == calls + 1)
  }

  @Test("Location and Content-Location of the same origin are removed too") func locations()
    async throws
  {
    let rig = CacheRig()
    rig.origin([("cache-control", "max-age=10")])
    for path in ["/b", "/c", "/d"] { _ = try await rig.send(path) }
    rig.origin(
      [
        ("location", "http://localhost:8080/b"), ("content-location", "/c"),
      ], status: 201)
    _ = try await rig.send("/x", method: "POST", rule: CacheRule(mode: .off))
    rig.origin([("cache-control", "max-age=10"), ("location", "http://evil/d")])
    _ = try await rig.send("/x", method: "POST", rule: CacheRule(mode: .off))
    let before = rig.calls
    for path in ["/b", "/c", "/d"] { _ = try await rig.send(path) }
    #expect(rig.calls == before + 2)
  }

  @Test(
    "what clients wish",
    arguments: [
      ("no-cache", 2), ("max-age=0", 2), ("max-age=3", 2), ("max-age=30", 1), ("min-fresh=9", 2),
      ("min-fresh=2", 1), ("no-store", 1), ("only-if-cached", 1),
    ])
  func wishes(control: String, calls: Int) async throws {
    let rig = CacheRig()
    rig.origin([("cache-control", "max-age=10")])
    _ = try await rig.send()
    rig.clock.advance(by: .seconds(5))
    _ = try await rig.send("/a", [("cache-control", control)])
    #expect(rig.calls == calls)
    var deaf = CacheRule()
    deaf.heedsRequest = false
    _ = try await rig.send("/a", [("cache-control", control)], rule: deaf)
    #expect(rig.calls == calls)
  }

  @Test("only-if-cached without anything is 504, max-stale takes what is stale") func stale()
    async throws
  {
    let rig = CacheRig()
    rig.origin([("cache-control", "max-age=10")])
    #expect(try await rig.send("/a", [("cache-control", "only-if-cached")]).status == 504)
    _ = try await rig.send()
    rig.clock.advance(by: .seconds(15))
    #expect(try await rig.send("/a", [("cache-control", "max-stale=5")]).headers["age"] == "15")
    #expect(rig.calls == 1)
    _ = try await rig.send("/a", [("cache-control", "max-stale=4")])
    #expect(rig.calls == 2)
  }

  @Test("the stage cache: declared parameters, its own time, max-age=0 by permission")
  func stage() async throws {
    let rig = CacheRig()
    var rule = CacheRule(mode: .stage)
    rule.query = .named(["symbol"])
    rig.origin([("cache-control", "no-store")])
    _ = try await rig.send("/a?symbol=A&x=1", rule: rule)
    _ = try await rig.send("/a?x=2&symbol=A", rule: rule)
    #expect(rig.calls == 1)
    _ = try await rig.send("/a?symbol=B", rule: rule)
    #expect(rig.calls == 2)
    rule.invalidation = .ignored
    _ = try await rig.send("/a?symbol=A", [("cache-control", "max-age=0")], rule: rule)
    rule.invalidation = .warned
    let warned = try await rig.send("/a?symbol=A", [("cache-control", "max-age=0")], rule: rule)
    #expect(warned.headers.contains("warning") && rig.calls == 2)
    rule.invalidation = .refused
    let refused = try await rig.send("/a?symbol=A", [("cache-control", "max-age=0")], rule: rule)
    #expect(refused.status == 403 && rig.calls == 2)
    rule.invalidation = .allowed
    _ = try await rig.send("/a?symbol=A", [("cache-control", "max-age=0")], rule: rule)
    #expect(rig.calls == 3)
    rig.clock.advance(by: .seconds(300))
    _ = try await rig.send("/a?symbol=A", rule: rule)
    #expect(rig.calls == 4)
  }

  @Test("strict_aws says nothing of the cache") func strict() async throws {
    let rig = CacheRig(strictAWS: true)
    rig.origin([("cache-control", "max-age=10")])
    _ = try await rig.send()
    let hit = try await rig.send()
    #expect(!hit.headers.contains("cache-status") && hit.notes.cache == "hit")
  }

  @Test("streams are stored, whether their length is known or not", arguments: [5, nil])
  func streams(length: Int?) async throws {
    let rig = CacheRig()
    rig.origin { _ in
      let parts = AsyncStream { continuation in
        continuation.yield(ByteBuffer(string: "hel"))
        continuation.yield(ByteBuffer(string: "lo"))
        continuation.finish()
      }
      return Response(
        status: 200, headers: HeaderFields([("cache-control", "max-age=10")]),
        body: .stream(BodyStream(parts, length: length)))
    }
    for _ in 0..<2 {
      let whole = try await rig.send().body.collect(upTo: 10)
      #expect(String(buffer: whole) == "hello")
    }
    #expect(rig.calls == 1)
  }

  @Test(
    "a stream of unknown length that fails or is too long is not stored", arguments: [true, false])
  func broken(fails: Bool) async throws {
    let rig = CacheRig { $0.entryBytes = 4 }
    rig.origin { _ in
      let parts = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
        continuation.yield(ByteBuffer(string: "he"))
        if !fails { continuation.yield(ByteBuffer(string: "llo")) }
        continuation.finish(throwing: fails ? IntegrationFailure.unavailable("cut") : nil)
      }
      return Response(
        status: 200, headers: HeaderFields([("cache-control", "max-age=10")]),
        body: .stream(BodyStream(parts)))
    }
    _ = try? await rig.send().body.collect(upTo: 10)
    #expect(rig.cache.counts.entries == 0)
  }

  @Test("an answer that a write has overtaken is not stored") func overtaken() async throws {
    let rig = CacheRig()
    let gate = Gate()
    rig.origin { request in
      if request.method == "GET" { await gate.wait() }
      return Response(
        status: 200, headers: HeaderFields([("cache-control", "max-age=10")]), body: Body("old"))
    }
    let reader = Task { try await rig.send() }
    await rig.until { rig.calls == 1 }
    _ = try await rig.send("/a", method: "POST", rule: CacheRule(mode: .off))
    gate.open()
    #expect(try await reader.value.text == "old")
    #expect(rig.cache.counts.entries == 0)
    _ = try await rig.send()
    #expect(rig.calls == 3 && rig.cache.counts.entries == 1)
  }

  @Test("HEAD is answered from GET and never stored") func head() async throws {
    let rig = CacheRig()
    rig.origin([("cache-control", "max-age=10")])
    _ = try await rig.send("/a", method: "HEAD")
    #expect(rig.cache.counts.entries == 0)
    _ = try await rig.send()
    #expect(try await rig.send("/a", method: "HEAD").cacheStatus.contains("hit"))
    #expect(rig.calls == 2)
  }

  @Test("a body that ends early is never stored") func short() async throws {
    let rig = CacheRig()
    rig.origin { _ in
      let parts = AsyncStream { continuation in
        continuation.yield(ByteBuffer(string: "hel"))
        continuation.finish()
      }
      return Response(
        status: 200, headers: HeaderFields([("cache-control", "max-age=10")]),
        body: .stream(BodyStream(parts, length: 5)))
    }
    await #expect(throws: IntegrationFailure.self) { _ = try await rig.send() }
    #expect(rig.cache.counts.entries == 0)
  }
}
