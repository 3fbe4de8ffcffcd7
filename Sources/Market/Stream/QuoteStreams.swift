import HTTPExchange
import JSON
import NIOCore
import Synchronization
import Time

/// Quotes as Server-Sent Events (WHATWG HTML §9.2).
///
/// There is no queue: a stream is asked for its next chunk when the one before has been written,
/// and then looks at the prices of that moment. A slow reader so gets fewer and newer quotes, at
/// most one of each symbol at a time, and never holds memory.
package final class QuoteStreams: Sendable {
  private struct State {
    var open = 0
    var isFinished = false
    /// The newest event of each symbol, shared by all streams.
    var events: [String: QuoteEvent] = [:]
  }

  private let state = Mutex(State())
  private let source: any QuoteSource
  let settings: MarketSettings
  let clock: any TimeSource

  init(source: any QuoteSource, settings: MarketSettings, clock: any TimeSource) {
    self.source = source
    self.settings = settings
    self.clock = clock
  }

  /// How many streams are open.
  package var openStreams: Int { state.withLock { $0.open } }

  /// A stream of these symbols, or nil when there are too many or the program is ending. `last` is
  /// the id of the last event the client saw: only newer quotes follow.
  func open(_ symbols: [String], after last: Int?) -> BodyStream? {
    let admitted = state.withLock { state -> Bool in
      guard !state.isFinished, state.open < settings.streams else { return false }
      state.open += 1
      return true
    }
    guard admitted else { return nil }
    return BodyStream(QuoteEvents(streams: self, symbols: symbols, last: last))
  }

  fileprivate func close() { state.withLock { $0.open -= 1 } }

  var isFinished: Bool { state.withLock { $0.isFinished } }

  func finish() { state.withLock { $0.isFinished = true } }

  /// The newest event of a symbol; the quote is turned into bytes once for all streams.
  func event(_ symbol: String) async -> QuoteEvent? {
    let now = clock.now()
    let known = state.withLock { $0.events[symbol] }
    if let known, known.readAt == now { return known }
    // A source that is away leaves the stream silent; its comments keep it open.
    guard let quote = try? await source.quote(symbol) else { return nil }
    var event = QuoteEvent(quote: quote, bytes: ByteBuffer(), readAt: now)
    if let known, known.isSame(quote) {
      event.quote = known.quote
      event.bytes = known.bytes
    } else {
      event.bytes = Self.bytes(quote)
    }
    let kept = event
    state.withLock { $0.events[symbol] = kept }
    return event
  }

  private static func bytes(_ quote: Quote) -> ByteBuffer {
    var text: [UInt8] = Array("id: \(quote.asOf.milliseconds)\nevent: quote\ndata: ".utf8)
    JSON.object(QuoteAnswers.checked(quote)).append(to: &text)
    text.append(contentsOf: [0x0A, 0x0A])
    return ByteBuffer(bytes: text)
  }
}

/// A quote with the bytes that tell of it.
struct QuoteEvent: Sendable {
  var quote: Quote
  var bytes: ByteBuffer
  var readAt: Timestamp

  /// Whether nothing that a reader sees has changed but the time.
  func isSame(_ other: Quote) -> Bool {
    quote.price == other.price && quote.stale == other.stale
      && quote.previousClose == other.previousClose
  }
}

/// Counts a stream as long as anything of it lives.
private final class StreamTicket: Sendable {
  private let streams: QuoteStreams

  init(_ streams: QuoteStreams) { self.streams = streams }

  deinit { streams.close() }
}

/// The chunks of one stream.
private struct QuoteEvents: AsyncSequence, Sendable {
  typealias Element = ByteBuffer

  private let streams: QuoteStreams
  private let symbols: [String]
  private let last: Int?
  private let ticket: StreamTicket

  init(streams: QuoteStreams, symbols: [String], last: Int?) {
    self.streams = streams
    self.symbols = symbols
    self.last = last
    ticket = StreamTicket(streams)
  }

  func makeAsyncIterator() -> Iterator {
    Iterator(streams: streams, symbols: symbols, last: last, ticket: ticket)
  }

  struct Iterator: AsyncIteratorProtocol {
    private let streams: QuoteStreams
    private let symbols: [String]
    private let ticket: StreamTicket
    /// When the newest quote that was sent of each symbol was made.
    private var sent: [String: Timestamp] = [:]
    private let openedAt: MonotonicInstant
    private var lastWrite: MonotonicInstant
    private var hasBegun = false

    init(streams: QuoteStreams, symbols: [String], last: Int?, ticket: StreamTicket) {
      self.streams = streams
      self.symbols = symbols
      self.ticket = ticket
      openedAt = streams.clock.monotonic()
      lastWrite = openedAt
      if let last {
        for symbol in symbols { sent[symbol] = Timestamp(milliseconds: last) }
      }
    }

    mutating func next() async throws -> ByteBuffer? {
      if !hasBegun {
        hasBegun = true
        var chunk = ByteBuffer(string: "retry: 3000\n\n")
        await appendNew(to: &chunk)
        return wrote(chunk)
      }
      while true {
        if streams.isFinished || age >= streams.settings.streamAgeMilliseconds { return nil }
        try await streams.clock.sleep(for: .milliseconds(pause))
        var chunk = ByteBuffer()
        await appendNew(to: &chunk)
        if chunk.readableBytes > 0 { return wrote(chunk) }
        let silence = (streams.clock.monotonic() - lastWrite).wholeMilliseconds
        if silence >= streams.settings.heartbeatMilliseconds {
          return wrote(ByteBuffer(string: ": still here\n\n"))
        }
      }
    }

    /// A tick, or what is left until the heartbeat.
    private var pause: Int {
      let silence = (streams.clock.monotonic() - lastWrite).wholeMilliseconds
      let beat = streams.settings.heartbeatMilliseconds - silence
      return Swift.max(1, Swift.min(streams.settings.tickMilliseconds, beat))
    }

    private var age: Int { (streams.clock.monotonic() - openedAt).wholeMilliseconds }

    private mutating func wrote(_ chunk: ByteBuffer) -> ByteBuffer {
      lastWrite = streams.clock.monotonic()
      return chunk
    }

    private mutating func appendNew(to chunk: inout ByteBuffer) async {
      for symbol in symbols {
        guard let event = await streams.event(symbol) else { continue }
        if let before = sent[symbol], event.quote.asOf <= before { continue }
        sent[symbol] = event.quote.asOf
        chunk.writeImmutableBuffer(event.bytes)
      }
    }
  }
}
