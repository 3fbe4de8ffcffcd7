import HTTPExchange
import NIOCore
import TestSupport
import Testing
import Time

@testable import Gateway

@Suite("Cache store") struct CacheStoreTests {
  @Test("bytes, keys and variants stay within their bounds, the oldest goes first") func bounds()
    async throws
  {
    let rig = CacheRig { settings in
      settings.entries = 3
      settings.variants = 2
    }
    rig.origin([("cache-control", "max-age=60"), ("vary", "x")])
    for path in ["/1", "/2", "/3"] { _ = try await rig.send(path) }
    _ = try await rig.send("/1")
    _ = try await rig.send("/4")
    #expect(rig.cache.counts.entries == 3 && rig.calls == 4)
    _ = try await rig.send("/1")
    #expect(rig.calls == 4)
    _ = try await rig.send("/2")
    #expect(rig.calls == 5)
    for value in ["a", "b", "c"] { _ = try await rig.send("/2", [("x", value)]) }
    _ = try await rig.send("/2", [("x", "c")])
    #expect(rig.calls == 8)
    _ = try await rig.send("/2")
    #expect(rig.calls == 9)
  }

  @Test("memory is bounded whatever is stored") func memory() async throws {
    let rig = CacheRig { $0.bytes = 100_000 }
    rig.origin([("cache-control", "max-age=60")], body: String(repeating: "x", count: 1000))
    for number in 0..<500 {
      _ = try await rig.send("/\(number)")
      #expect(rig.cache.counts.bytes <= 100_000)
    }
    #expect(rig.cache.counts.entries > 30 && rig.cache.counts.evictions > 400)
    rig.cache.purgeAll()
    #expect(rig.cache.counts.bytes == 0 && rig.cache.counts.entries == 0)
  }

  @Test("answers over the limit of one entry pass") func large() async throws {
    let rig = CacheRig { $0.entryBytes = 10 }
    rig.origin([("cache-control", "max-age=60")], body: "12345678901")
    #expect(try await rig.send().cacheStatus.hasSuffix("detail=size"))
    _ = try await rig.send()
    #expect(rig.calls == 2)
  }

  @Test("purging by path, by tag and all") func purging() async throws {
    let rig = CacheRig()
    rig.origin { request in
      Response(
        status: 200,
        headers: HeaderFields([
          ("cache-control", "max-age=60"),
          ("cache-tag", request.target.path == "/c" ? "other" : "stock, symbol"),
        ]))
    }
    let targets = ["/a", "/a?x=1", "/b", "/c"]
    for target in targets { _ = try await rig.send(target) }
    #expect(rig.cache.purge(path: "/a") == 2)
    #expect(rig.cache.purge(path: "/a") == 0)
    #expect(rig.cache.purge(tag: "stock") == 1)
    #expect(rig.cache.counts.entries == 1)
    for target in targets { _ = try await rig.send(target) }
    #expect(rig.calls == 7)
    #expect(rig.cache.purge(tag: "other") == 1)
    #expect(rig.cache.purgeAll() == 3)
  }

  @Test("the list of recency keeps its order under any sequence") func recency() {
    var list = RecencyList()
    var slots: [String: Int] = [:]
    var order: [String] = []
    var random = SplitMix(state: 7)
    for step in 0..<2000 {
      switch random.next() % 3 {
      case 0:
        let key = "k\(step)"
        slots[key] = list.append(key)
        order.append(key)
      case 1:
        guard let key = order.randomElement(using: &random), let slot = slots[key] else { continue }
        list.touch(slot)
        order.removeAll { $0 == key }
        order.append(key)
      default:
        guard let key = order.randomElement(using: &random), let slot = slots[key] else { continue }
        list.remove(slot)
        slots[key] = nil
        order.removeAll { $0 == key }
      }
      #expect(list.first == order.first)
    }
  }
}
