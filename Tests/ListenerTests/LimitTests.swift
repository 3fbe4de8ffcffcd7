import Foundation
import HTTPExchange
import Settings
import Synchronization
import TestSupport
import Testing
import Time

@testable import Listener

/// Every limit of `edge.listener`: it is a setting with its unit in its name, it has a default, and
/// it holds through a real socket (spec/gateway.md §4.1). Those of deadlines are in `ConnectionTests`.
@Suite("Limits")
struct LimitTests {
  static let request = "GET /static HTTP/1.1\r\nHost: a\r\n\r\n"

  // MARK: Settings

  struct Knob: Sendable, CustomTestStringConvertible {
    let name: String
    let value: @Sendable (ConnectionLimits) -> Int
    var testDescription: String { name }

    init(_ name: String, _ value: @escaping @Sendable (ConnectionLimits) -> Int) {
      self.name = name
      self.value = value
    }
  }

  static let knobs = [
    Knob("head_bytes") { $0.headBytes }, Knob("header_count") { $0.headerCount },
    Knob("target_bytes") { $0.targetBytes },
    Knob("head_timeout_ms") { $0.headTimeoutMS }, Knob("idle_timeout_ms") { $0.idleTimeoutMS },
    Knob("body_bytes_per_second") { $0.bodyBytesPerSecond },
    Knob("body_grace_ms") { $0.bodyGraceMS },
    Knob("body_timeout_ms") { $0.bodyTimeoutMS }, Knob("api_timeout_ms") { $0.apiTimeoutMS },
    Knob("bodies_bytes") { $0.bodiesBytes }, Knob("write_timeout_ms") { $0.writeTimeoutMS },
    Knob("connections") { $0.connections },
    Knob("connections_per_address") { $0.connectionsPerAddress },
    Knob("requests_per_connection") { $0.requestsPerConnection },
    Knob("lame_duck_ms") { $0.lameDuckMS },
    Knob("drain_idle_ms") { $0.drainIdleMS }, Knob("drain_timeout_ms") { $0.drainTimeoutMS },
    Knob("linger_timeout_ms") { $0.lingerTimeoutMS }, Knob("discard_bytes") { $0.discardBytes },
  ]

  @Test(arguments: knobs)
  func `a limit is a setting with a default and bounds`(knob: Knob) throws {
    func read(_ yaml: String) throws -> ConnectionLimits {
      let root = try SettingsDocument(yaml: yaml).reader()
      let settings = ListenerSettings(root.section("edge").section("listener"))
      try root.finish()
      return settings.limits
    }
    let fallback = knob.value(ConnectionLimits())
    let silent = try read("edge: {}")
    #expect(knob.value(silent) == fallback)
    let told = try read("edge: { listener: { \(knob.name): \(fallback + 1) } }")
    #expect(knob.value(told) == fallback + 1)
    #expect(throws: (any Error).self) { try read("edge: { listener: { \(knob.name): -1 } }") }
  }

  @Test func `no limit is without a knob`() {
    let members = Mirror(reflecting: ConnectionLimits()).children.count
    #expect(members == Self.knobs.count)
  }

  // MARK: Sizes

  @Test func `a head up to its bound is taken, one beyond is 431`() async throws {
    try await withListener({ $0.limits.headBytes = 2_000 }) { port, _ in
      for (size, status) in [(1_500, "200"), (2_000, "431")] {
        let client = try #require(RawClient(port: port))
        let field = "X-A: \(String(repeating: "a", count: size))\r\n"
        client.send("GET /static HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(field)\r\n")
        #expect(client.readToEnd().hasPrefix("HTTP/1.1 \(status) "))
      }
    }
  }

  @Test func `a head without an end is 431 as soon as it is too long`() async throws {
    try await withListener({ $0.limits.headBytes = 2_000 }) { port, _ in
      let client = try #require(RawClient(port: port))
      client.send("GET /static HTTP/1.1\r\nHost: a\r\nX-A: \(String(repeating: "a", count: 3_000))")
      #expect(client.readToEnd().hasPrefix("HTTP/1.1 431 "))
    }
  }

  @Test func `fields up to their number are taken, one more is 431`() async throws {
    try await withListener({ $0.limits.headerCount = 10 }) { port, _ in
      for (count, status) in [(8, "200"), (9, "431")] {
        let client = try #require(RawClient(port: port))
        let fields = String(repeating: "X-A: b\r\n", count: count)
        client.send("GET /static HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(fields)\r\n")
        #expect(client.readToEnd().hasPrefix("HTTP/1.1 \(status) "))
      }
    }
  }

  @Test func `a target up to its bound is taken, one beyond is 414`() async throws {
    try await withListener({ $0.limits.targetBytes = 300 }) { port, _ in
      for (count, status) in [(299, "200"), (300, "414")] {
        let client = try #require(RawClient(port: port))
        let path = String(repeating: "a", count: count)
        client.send("GET /\(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(client.readToEnd().hasPrefix("HTTP/1.1 \(status) "))
      }
    }
  }

  // MARK: Bodies

  @Test func `a body that keeps its rate still ends with its time`() async throws {
    try await withListener({
      $0.limits.bodyTimeoutMS = 150
      $0.limits.bodyBytesPerSecond = 1
    }) { port, _ in
      let client = try #require(RawClient(port: port))
      client.send(
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n"
          + String(repeating: "a", count: 800))
      #expect(client.readToEnd().hasPrefix("HTTP/1.1 408"))
    }
  }

  @Test func `bodies beyond what all together may hold are 503, and give their room back`()
    async throws
  {
    try await withListener({ $0.limits.bodiesBytes = 1_000 }) { port, _ in
      let head = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 800\r\n\r\n"
      let holding = try #require(RawClient(port: port))
      holding.send(head + String(repeating: "a", count: 700))
      var refused = ""
      // The first body's part may still be on its way: then the second is taken whole.
      while !refused.hasPrefix("HTTP/1.1 503") {
        let other = try #require(RawClient(port: port))
        other.send(head + String(repeating: "b", count: 800))
        refused = other.readAnswer()
        #expect(refused.hasPrefix("HTTP/1.1 503") || refused.hasPrefix("HTTP/1.1 200"))
      }
      holding.send(String(repeating: "a", count: 100))
      #expect(holding.readAnswer().hasPrefix("HTTP/1.1 200"))
      let later = try #require(RawClient(port: port))
      later.send(head + String(repeating: "c", count: 800))
      #expect(later.readAnswer().hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test func `an unread body is read over up to its bound`() async throws {
    try await withListener({ $0.limits.discardBytes = 1_000 }) { port, _ in
      let kept = try #require(RawClient(port: port))
      let body = String(repeating: "a", count: 900)
      kept.send("POST /static HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n\(body)")
      kept.send("GET /static HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      #expect(kept.readToEnd().components(separatedBy: "HTTP/1.1 200").count == 3)
      let closed = try #require(RawClient(port: port))
      closed.send("POST /static HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n")
      closed.send(String(repeating: "a", count: 5_000) + Self.request)
      #expect(closed.readToEnd().components(separatedBy: "HTTP/1.1 200").count == 2)
    }
  }

  @Test func `an answer to a large body that nobody reads still arrives`() async throws {
    try await withListener { port, _ in
      let client = try #require(RawClient(port: port))
      client.send("POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n")
      client.send([UInt8](repeating: 97, count: 4_000_000))
      #expect(client.readToEnd().hasPrefix("HTTP/1.1 413 "))
    }
  }

  // MARK: Connections

  @Test func `connections of one address beyond the bound are shed`() async throws {
    try await withListener({ $0.limits.connectionsPerAddress = 1 }) { port, _ in
      let first = try #require(RawClient(port: port))
      first.send(Self.request)
      #expect(first.readAnswer().hasSuffix("static"))
      let second = try #require(RawClient(port: port))
      #expect(second.readToEnd().hasPrefix("HTTP/1.1 503"))
    }
  }

  @Test func `a connection ends after its number of requests and says so`() async throws {
    try await withListener({ $0.limits.requestsPerConnection = 2 }) { port, _ in
      let client = try #require(RawClient(port: port))
      client.send(Self.request)
      #expect(!client.readAnswer().contains("connection: close"))
      client.send(Self.request + Self.request)
      let answer = client.readToEnd()
      #expect(answer.contains("connection: close"))
      #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2)
    }
  }

  @Test(arguments: ["/large", "/endless"])
  func `a reader that takes nothing is let go`(path: String) async throws {
    try await withListener({ $0.limits.writeTimeoutMS = 200 }) { port, edge in
      let client = try #require(RawClient(port: port))
      client.send("GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      // The server ends the connection although not a byte is read here.
      while edge.finished.withLock({ $0.isEmpty }) { await Task.yield() }
      let received = client.readToEnd().utf8.count
      #expect(received < 16 << 20)
    }
  }

  @Test(arguments: [
    // soft, hard, wanted: asked of the system, connections that fit
    (1_024, 1_048_576, 20_000, 20_128, 20_000), (1_024, 4_096, 20_000, 4_096, 3_968),
    (65_536, 65_536, 20_000, 65_536, 20_000), (100, 100, 20_000, 100, 1),
    (1_024, Int.max, Int.max, Int.max, Int.max - 128),
  ])
  func `connections fit into the open files that the system allows`(
    row: (soft: Int, hard: Int, wanted: Int, asked: Int, connections: Int)
  ) {
    let fit = DescriptorLimit(soft: row.soft, hard: row.hard, wanted: row.wanted)
    #expect(fit.soft == row.asked && fit.connections == row.connections)
  }

  // MARK: Drain

  @Test func `while draining a kept connection answers once more and says it is the last`()
    async throws
  {
    var settings = ListenerSettings()
    settings.port = 0
    settings.threads = 1
    settings.limits.drainIdleMS = 5_000
    let listener = try await Listener.start(settings, edge: EchoEdge(), clock: SystemClock())
    let client = try #require(RawClient(port: listener.port))
    client.send(Self.request)
    #expect(client.readAnswer().hasSuffix("static"))
    async let drained: Void = listener.drain()
    // Every request is answered; the first after the drain has begun is told that it is the last.
    var answer = ""
    repeat {
      client.send(Self.request)
      answer = client.readAnswer()
      #expect(answer.hasPrefix("HTTP/1.1 200"))
    } while answer.hasPrefix("HTTP/1.1 200") && !answer.contains("connection: close")
    #expect(client.readToEnd() == "")
    await drained
  }

  @Test func `a drain ends what does not end by itself`() async throws {
    var settings = ListenerSettings()
    settings.port = 0
    settings.threads = 1
    settings.limits.drainTimeoutMS = 200
    let edge = EchoEdge()
    let listener = try await Listener.start(settings, edge: edge, clock: SystemClock())
    let client = try #require(RawClient(port: listener.port))
    client.send("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n")
    while edge.seen.withLock({ $0.isEmpty }) { await Task.yield() }
    await listener.drain()
    #expect(client.readToEnd() == "")
    #expect(edge.finished.withLock { $0.map(\.aborted) } == [true])
  }

  @Test func `a lame duck still answers who comes`() async throws {
    var settings = ListenerSettings()
    settings.port = 0
    settings.threads = 1
    settings.limits.lameDuckMS = 10_000
    let clock = ManualClock()
    let listener = try await Listener.start(settings, edge: EchoEdge(), clock: clock)
    async let drained: Void = listener.drain()
    while clock.sleeping == 0 { await Task.yield() }
    let client = try #require(RawClient(port: listener.port))
    client.send(Self.request.replacing("\r\n\r\n", with: "\r\nConnection: close\r\n\r\n"))
    #expect(client.readToEnd().hasPrefix("HTTP/1.1 200"))
    clock.advance(by: .seconds(10))
    await drained
  }
}
