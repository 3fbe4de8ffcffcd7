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
  /// The newest event of each symbol, shared by all streams.
  private let events = Mutex<[String: QuoteEvent]>([:])
  private let places: StreamPlaces
  private let source: any QuoteSource
  let settings: MarketSettings
  let clock: any TimeSource

  init(source: any QuoteSource, settings: MarketSettings, clock: any TimeSource) {
    self.source = source
    self.settings = settings
    self.clock = clock
    places = StreamPlaces(most: settings.streams)
  }

  /// How many streams are open.
  package var openStreams: Int { places.open }

  /// A stream of these symbols, or nil when there are too many or the program is ending. `last` is
  /// the id of the last event the client saw: only newer quotes follow.
  func open(_ symbols: [String], after last: Int?) -> BodyStream? {
    guard let place = places.take() else { return nil }
    return BodyStream(QuoteEvents(streams: self, symbols: symbols, last: last, place: place))
  }

  var isFinished: Bool { places.isFinished }

  func finish() { places.finish() }

  /// The newest event of a symbol. The quote is read at most twice a tick and turned into bytes once
  /// for all streams: a source may look into the store for it.
  func event(_ symbol: String) async -> QuoteEvent? {
    let now = clock.monotonic()
    let (known, isFresh) = events.withLock { events -> (QuoteEvent?, Bool) in
      guard let known = events[symbol] else { return (nil, false) }
      if (now - known.readAt).wholeMilliseconds * 2 < settings.tickMilliseconds {
        return (known, true)
      }
      // Who finds it old reads; who comes meanwhile takes the old one.
      events[symbol]?.readAt = now
      return (known, false)
    }
    if isFresh { return known }
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
    events.withLock { $0[symbol] = kept }
    return event
  }

  private static func bytes(_ quote: Quote) -> ByteBuffer {
    EventStream.event(
      "quote", id: String(quote.asOf.milliseconds), .object(QuoteAnswers.checked(quote)))
  }
}

/// A quote with the bytes that tell of it.
struct QuoteEvent: Sendable {
  var quote: Quote
  var bytes: ByteBuffer
  /// When its source was asked last.
  var readAt: MonotonicInstant

  /// Whether nothing that a reader sees has changed but the time.
  func isSame(_ other: Quote) -> Bool {
    quote.price == other.price && quote.bid == other.bid && quote.ask == other.ask
      && quote.stale == other.stale
      && quote.previousClose == other.previousClose
  }
}

/// The chunks of one stream.
private struct QuoteEvents: AsyncSequence, Sendable {
  typealias Element = ByteBuffer

  private let streams: QuoteStreams
  private let symbols: [String]
  private let last: Int?
  private let place: StreamPlace

  init(streams: QuoteStreams, symbols: [String], last: Int?, place: StreamPlace) {
    self.streams = streams
    self.symbols = symbols
    self.last = last
    self.place = place
  }

  func makeAsyncIterator() -> Iterator {
    Iterator(streams: streams, symbols: symbols, last: last, place: place)
  }

  struct Iterator: AsyncIteratorProtocol {
    private let streams: QuoteStreams
    private let symbols: [String]
    private let place: StreamPlace
    /// When the newest quote that was sent of each symbol was made.
    private var sent: [String: Timestamp] = [:]
    private let openedAt: MonotonicInstant
    private var lastWrite: MonotonicInstant
    private var hasBegun = false

    init(streams: QuoteStreams, symbols: [String], last: Int?, place: StreamPlace) {
      self.streams = streams
      self.symbols = symbols
      self.place = place
      openedAt = streams.clock.monotonic()
      lastWrite = openedAt
      if let last {
        for symbol in symbols { sent[symbol] = Timestamp(milliseconds: last) }
      }
    }

    mutating func next() async throws -> ByteBuffer? {
      if !hasBegun {
        hasBegun = true
        var chunk = EventStream.beginning
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
          return wrote(EventStream.heartbeat)
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
