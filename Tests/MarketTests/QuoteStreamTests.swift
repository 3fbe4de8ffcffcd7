import HTTPExchange
import Diagnostics
import Foundation
import JSON
import NIOCore
import Synchronization
import TestSupport
import Testing
import Time

@testable import Market

/// One symbol whose price the test moves.
private final class MovingQuotes: QuoteSource {
  let name = "moving"
  private let clock: ManualClock
  private let prices = Mutex<[String: Int]>([:])

  init(clock: ManualClock) { self.clock = clock }

  /// How often a price was asked for.
  let reads = Mutex(0)

  func set(_ symbol: String, _ price: Int) { prices.withLock { $0[symbol] = price } }

  func quote(_ symbol: String) async throws -> Quote? {
    reads.withLock { $0 += 1 }
    guard let price = prices.withLock({ $0[symbol] }) else { throw QuoteError.unavailable("") }
    return Quote(
      symbol: symbol, name: symbol, price: price, bid: price - 100, ask: price + 100,
      previousClose: 1_000_000, volume: 1, asOf: clock.now(), source: name)
  }

  func history(_ symbol: String, _ resolution: Resolution, from: Timestamp, to: Timestamp)
    async throws -> [Bar]?
  { nil }
}

/// A reader of one stream that moves the clock while it waits.
private final class Reader {
  private var iterator: BodyStream.AsyncIterator
  private let clock: ManualClock

  init(_ stream: BodyStream, clock: ManualClock) {
    iterator = stream.makeAsyncIterator()
    self.clock = clock
  }

  func next() async throws -> String? {
    try await withThrowingTaskGroup(of: Void.self) { group in
      let clock = clock
      group.addTask {
        while !Task.isCancelled {
          if clock.sleeping > 0 { clock.advance(by: .seconds(1)) }
          await Task.yield()
        }
      }
      defer { group.cancelAll() }
      return try await iterator.next().map { String(buffer: $0) }
    }
  }
}

@Suite("Quote streams")
struct QuoteStreamTests {
  private let clock = ManualClock()
  private let source: MovingQuotes
  private let streams: QuoteStreams

  init() {
    var settings = MarketSettings()
    settings.streams = 2
    source = MovingQuotes(clock: clock)
    streams = QuoteStreams(source: source, settings: settings, clock: clock)
    source.set("A", 1_010_000)
    source.set("B", 2_000_000)
  }

  private func open(_ symbols: [String], after last: Int? = nil) throws -> Reader {
    Reader(try #require(streams.open(symbols, after: last)), clock: clock)
  }

  @Test func `the first chunk has every symbol`() async throws {
    let reader = try open(["A", "B"])
    let first = try #require(try await reader.next())
    #expect(first.hasPrefix("retry: 3000\n\n"))
    let events = first.components(separatedBy: "\n\n").filter { $0.contains("event: quote") }
    #expect(events.count == 2)
    #expect(events[0].hasPrefix("id: 1780000000000\nevent: quote\ndata: {\"symbol\":\"A\","))
    #expect(events[0].contains("\"price\":101.00,\"change\":\"1.00\""))
  }

  @Test func `only what changed follows, and silence is broken by a comment`() async throws {
    let reader = try open(["A", "B"])
    _ = try await reader.next()
    source.set("B", 2_000_100)
    let second = try #require(try await reader.next())
    #expect(second.contains("\"symbol\":\"B\""))
    #expect(!second.contains("\"symbol\":\"A\""))
    let before = clock.now()
    #expect(try await reader.next() == ": still here\n\n")
    #expect((clock.now() - before).wholeMilliseconds >= 15_000)
  }

  @Test func `the heartbeat does not wait for a long tick`() async throws {
    var settings = MarketSettings()
    settings.tickMilliseconds = 60_000
    settings.heartbeatMilliseconds = 2_000
    let slow = QuoteStreams(source: source, settings: settings, clock: clock)
    let reader = Reader(try #require(slow.open(["A"], after: nil)), clock: clock)
    _ = try await reader.next()
    let before = clock.now()
    #expect(try await reader.next() == ": still here\n\n")
    #expect((clock.now() - before).wholeMilliseconds < 5_000)
  }

  @Test func `streams share a quote for half a tick`() async throws {
    // A source may look into its store for each read.
    for _ in 0..<1_000 {
      _ = await streams.event("A")
      clock.advance(by: .milliseconds(1))
    }
    #expect(source.reads.withLock { $0 } == 2)
    source.set("A", 1_020_000)
    clock.advance(by: .milliseconds(500))
    #expect(await streams.event("A")?.quote.price == 1_020_000)
  }

  @Test func `a slow reader gets one quote of a symbol, the newest`() async throws {
    let reader = try open(["A"])
    _ = try await reader.next()
    for step in 1...50 {
      source.set("A", 1_010_000 + step * 100)
      clock.advance(by: .seconds(1))
    }
    let next = try #require(try await reader.next())
    #expect(next.components(separatedBy: "event: quote").count == 2)
    #expect(next.contains("\"price\":101.50,"))
  }

  @Test func `a reader that comes back gets only what is newer`() async throws {
    _ = try await open(["A"]).next()
    let seen = clock.now().milliseconds
    let back = try open(["A"], after: seen)
    #expect(try await back.next() == "retry: 3000\n\n")
    source.set("A", 1_020_000)
    #expect(try await back.next()?.contains("\"price\":102.00") == true)
  }

  @Test func `streams are counted, bounded and given back`() async throws {
    var first: BodyStream? = streams.open(["A"], after: nil)
    let second = streams.open(["A"], after: nil)
    #expect(streams.open(["A"], after: nil) == nil)
    #expect(streams.openStreams == 2)
    #expect(first != nil && second != nil)
    first = nil
    #expect(streams.openStreams == 1)
    #expect(streams.open(["A"], after: nil) != nil)
  }

  @Test func `a stream ends at its age and when the program does`() async throws {
    let reader = try open(["A"])
    _ = try await reader.next()
    clock.advance(by: .seconds(7201))
    #expect(try await reader.next() == nil)
    let other = try open(["A"])
    _ = try await other.next()
    streams.finish()
    #expect(try await other.next() == nil)
    #expect(streams.open(["A"], after: nil) == nil)
  }

  @Test func `a source that is away leaves the stream open`() async throws {
    let reader = try open(["GONE"])
    #expect(try await reader.next() == "retry: 3000\n\n")
    #expect(try await reader.next() == ": still here\n\n")
  }

  @Test func `the handler answers an event stream`() async throws {
    let stall = Stall()
    let response = try await stall.call(
      "streamQuotes", "/stream", query: "symbols=AAPL",
      headers: [("Last-Event-ID", "1")])
    #expect(response.status == 200)
    #expect(response.headers["content-type"] == "text/event-stream")
    #expect(response.headers["cache-control"] == "no-store")
    guard case .stream(let stream) = response.body else {
      Issue.record("the body is no stream")
      return
    }
    let first = try await Reader(stream, clock: stall.clock).next()
    #expect(first?.contains("\"symbol\":\"AAPL\"") == true)
  }
}
