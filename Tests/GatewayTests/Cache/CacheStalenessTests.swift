import HTTPExchange
import Synchronization
import Testing
import Time

@testable import Gateway

@Suite("Staleness and collapsing") struct CacheStalenessTests {
  private struct Boom: Error {}

  @Test("stale-while-revalidate answers at once and asks once behind") func revalidate()
    async throws
  {
    let rig = CacheRig()
    rig.origin([("cache-control", "max-age=1, stale-while-revalidate=10")], body: "one")
    _ = try await rig.send()
    rig.clock.advance(by: .seconds(5))
    let gate = Gate()
    rig.origin { _ in
      await gate.wait()
      return Response(
        status: 200, headers: HeaderFields([("cache-control", "max-age=60")]), body: Body("two"))
    }
    for _ in 0..<5 {
      let response = try await rig.send()
      #expect(response.text == "one" && response.headers["age"] == "5")
      #expect(response.cacheStatus == "Portico; hit; ttl=-4")
    }
    gate.open()
    await rig.until { rig.cache.counts.entries == 1 && rig.calls == 2 }
    while try await rig.send().text == "one" { await Task.yield() }
    #expect(rig.calls == 2)
  }

  @Test("past the window the origin is waited for") func pastWindow() async throws {
    let rig = CacheRig()
    rig.origin([("cache-control", "max-age=1, stale-while-revalidate=10")], body: "one")
    _ = try await rig.send()
    rig.clock.advance(by: .seconds(12))
    rig.origin([], body: "two")
    #expect(try await rig.send().text == "two")
  }

  @Test(
    "an origin that cannot be reached is stood in for, unless the answer forbids it",
    arguments: [
      ("max-age=1", true), ("max-age=1, must-revalidate", false),
      ("max-age=1, proxy-revalidate", false), ("s-maxage=1", false), ("no-cache", false),
      ("max-age=1, stale-if-error=2", false), ("max-age=1, stale-if-error=60", true),
    ])
  func unreachable(control: String, stands: Bool) async throws {
    let rig = CacheRig()
    rig.origin([("cache-control", control), ("etag", "\"a\"")])
    _ = try await rig.send()
    rig.clock.advance(by: .seconds(10))
    rig.origin { _ in throw IntegrationFailure.unavailable("down") }
    if stands {
      let response = try await rig.send()
      #expect(response.text == "hello" && response.headers["age"] == "10")
      #expect(response.notes.cache == "stale")
    } else {
      await #expect(throws: IntegrationFailure.self) { _ = try await rig.send() }
    }
    rig.origin([], body: "", status: 304)
    #expect(try await rig.send().text == "hello", "an error must not delete what is stored")
  }

  @Test("an answer of 5xx is replaced only by permission", arguments: [true, false])
  func serverError(isAllowed: Bool) async throws {
    let rig = CacheRig()
    let control = isAllowed ? "max-age=1, stale-if-error=60" : "max-age=1"
    rig.origin([("cache-control", control)])
    _ = try await rig.send()
    rig.clock.advance(by: .seconds(10))
    rig.origin([], body: "bad", status: 503)
    #expect(try await rig.send().status == (isAllowed ? 200 : 503))
    rig.origin { _ in throw Boom() }
    if isAllowed { #expect(try await rig.send().status == 200) }
  }

  @Test("a thousand that wait for one cold key ask once") func collapsed() async throws {
    let rig = CacheRig()
    let gate = Gate()
    rig.origin { _ in
      await gate.wait()
      return Response(
        status: 200, headers: HeaderFields([("cache-control", "max-age=60")]), body: Body("one"))
    }
    try await withThrowingTaskGroup(of: Response.self) { group in
      for _ in 0..<1000 { group.addTask { try await rig.send() } }
      await rig.until { rig.cache.counts.collapsed == 999 }
      gate.open()
      var collapsed = 0
      for try await response in group {
        #expect(response.text == "one")
        if response.cacheStatus.contains("collapsed") { collapsed += 1 }
      }
      #expect(collapsed == 999)
    }
    #expect(rig.calls == 1)
  }

  @Test("expiry under load asks once") func expiry() async throws {
    let rig = CacheRig()
    rig.origin([("cache-control", "max-age=5"), ("etag", "\"a\"")])
    _ = try await rig.send()
    rig.clock.advance(by: .seconds(6))
    let gate = Gate()
    rig.origin { _ in
      await gate.wait()
      return Response(status: 304, headers: HeaderFields([("cache-control", "max-age=5")]))
    }
    try await withThrowingTaskGroup(of: Response.self) { group in
      for _ in 0..<1000 { group.addTask { try await rig.send() } }
      await rig.until { rig.cache.counts.collapsed == 999 }
      gate.open()
      for try await response in group { #expect(response.text == "hello") }
    }
    #expect(rig.calls == 2)
  }

  @Test("what cannot be shared is not waited for again") func unshared() async throws {
    let rig = CacheRig()
    let gate = Gate()
    rig.origin { _ in
      await gate.wait()
      return Response(
        status: 200, headers: HeaderFields([("cache-control", "private")]), body: Body("x"))
    }
    try await withThrowingTaskGroup(of: Response.self) { group in
      for _ in 0..<20 { group.addTask { try await rig.send() } }
      await rig.until { rig.cache.counts.collapsed == 19 }
      gate.open()
      try await group.waitForAll()
    }
    #expect(rig.calls == 20)
    _ = try await rig.send()
    #expect(rig.cache.counts.collapsed == 19)
  }

  @Test("an origin that is down fails everyone who waited by one question") func down() async throws
  {
    let rig = CacheRig()
    let gate = Gate()
    rig.origin { _ in
      await gate.wait()
      throw IntegrationFailure.unavailable("down")
    }
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<50 {
        group.addTask { (try? await rig.send()) == nil }
      }
      await rig.until { rig.cache.counts.collapsed == 49 }
      gate.open()
      for await failed in group { #expect(failed) }
    }
    #expect(rig.calls == 1)
  }

  @Test("a client that goes away leaves the question to the next") func abandoned() async throws {
    let rig = CacheRig()
    let first = Gate()
    rig.origin { _ in
      await first.wait()
      try Task.checkCancellation()
      return Response(
        status: 200, headers: HeaderFields([("cache-control", "max-age=60")]), body: Body("one"))
    }
    let leader = Task { try await rig.send() }
    await rig.until { rig.calls == 1 }
    let waiter = Task { try await rig.send() }
    await rig.until { rig.cache.counts.collapsed == 1 }
    leader.cancel()
    first.open()
    #expect(try await waiter.value.text == "one")
    #expect(rig.calls == 2)
  }
}

/// A door that stays open once it was opened.
final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }
}
