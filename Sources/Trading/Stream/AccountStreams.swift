import HTTPExchange
import NIOCore
import Store
import Synchronization
import Time

/// The events of accounts as Server-Sent Events: each commit is told to those who read its account,
/// after it stands.
///
/// The store is the truth and the streams keep nothing: whoever comes back, or has missed a commit,
/// gets what the store has of it.
package final class AccountStreams: Sendable {
  private struct State {
    var readers: [String: [Int: AccountReader]] = [:]
    var lastID = 0
  }

  private let state = Mutex(State())
  private let places: StreamPlaces
  private let settings: AccountStreamSettings
  private let history: AccountHistory
  private let clock: any TimeSource
  private let isRevoked: @Sendable (Identity) -> Bool

  /// How often ends and silences are looked for.
  private static let tick = Duration.seconds(1)

  init(
    _ settings: AccountStreamSettings, book: TradingBook,
    isRevoked: @escaping @Sendable (Identity) -> Bool
  ) {
    self.settings = settings
    history = AccountHistory(book: book)
    clock = book.clock
    self.isRevoked = isRevoked
    places = StreamPlaces(most: settings.streams, each: settings.streamsPerUser)
  }

  /// How many streams are open.
  package var openStreams: Int { places.open }

  /// Tells a commit to the account's readers.
  func publish(_ change: AccountChange) {
    let readers = state.withLock { $0.readers[change.order.user] }
    guard let readers else { return }
    let now = clock.monotonic()
    let part = AccountReader.Part.change(change.events, change.place)
    for reader in readers.values { reader.offer(part, now: now) }
  }

  /// A stream for the bearer of a token: first what was missed since the event of that id, then what
  /// happens; nil when no place is left.
  func open(_ identity: Identity, after lastID: String?) async throws -> BodyStream? {
    let reader = AccountReader(identity, now: clock.monotonic())
    guard let place = enter(reader) else { return nil }
    // Changes from here on wait for the reader, so none falls between the two.
    let start = try await events(
      of: identity, since: lastID.flatMap { AccountPlace(id: $0) }, isReturning: lastID != nil)
    var beginning = EventStream.beginning
    beginning.writeImmutableBuffer(start.bytes)
    return BodyStream(
      AccountChunks(
        streams: self, reader: reader, place: place, beginning: beginning, seen: start.place))
  }

  private func enter(_ reader: AccountReader) -> StreamPlace? {
    let user = reader.identity.username
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    let place = places.take(for: user) { [weak self] in
      self?.state.withLock { state in
        state.readers[user]?[id] = nil
        if state.readers[user]?.isEmpty == true { state.readers[user] = nil }
      }
    }
    guard let place else { return nil }
    state.withLock { $0.readers[user, default: [:]][id] = reader }
    if places.isFinished { reader.end() }
    return place
  }

  /// Under the function's own list, whoever's task writes the stream.
  fileprivate func events(of identity: Identity, since: AccountPlace?, isReturning: Bool)
    async throws -> (bytes: ByteBuffer, place: AccountPlace)
  {
    let user = identity.username
    return try await TradingService.grant("streamAccount", caller: user).run {
      try await history.events(of: user, since: since, isReturning: isReturning)
    }
  }

  /// Whether nothing more may be sent: the token is over or revoked, or the stream is old.
  fileprivate func isOver(_ reader: AccountReader) -> Bool {
    reader.isDue(clock, age: settings.ageMilliseconds, isRevoked: isRevoked)
  }

  // MARK: The end of streams

  /// Ends what is over and breaks silences, until cancelled.
  func run() async {
    while (try? await clock.sleep(for: Self.tick)) != nil { look() }
  }

  private func look() {
    let now = clock.monotonic()
    let readers = state.withLock { $0.readers.values.flatMap(\.values) }
    for reader in readers where !isOver(reader) {
      reader.beat(after: settings.heartbeatMilliseconds, now: now)
    }
  }

  /// Ends every stream and opens none any more.
  func finish() {
    places.finish()
    for reader in state.withLock({ $0.readers.values.flatMap(\.values) }) { reader.end() }
  }
}

/// The chunks of one stream.
private struct AccountChunks: AsyncSequence, Sendable {
  let streams: AccountStreams
  let reader: AccountReader
  let place: StreamPlace
  let beginning: ByteBuffer
  let seen: AccountPlace

  func makeAsyncIterator() -> Iterator {
    Iterator(chunks: self, seen: seen, parts: reader.parts.makeAsyncIterator())
  }

  struct Iterator: AsyncIteratorProtocol {
    let chunks: AccountChunks
    var seen: AccountPlace
    var hasBegun = false
    var parts: AsyncStream<AccountReader.Part>.AsyncIterator

    init(
      chunks: AccountChunks, seen: AccountPlace,
      parts: AsyncStream<AccountReader.Part>.AsyncIterator
    ) {
      self.chunks = chunks
      self.seen = seen
      self.parts = parts
    }

    mutating func next() async throws -> ByteBuffer? {
      if chunks.streams.isOver(chunks.reader) { return nil }
      if !hasBegun {
        hasBegun = true
        return chunks.beginning
      }
      while let part = await parts.next(isolation: #isolation) {
        if chunks.streams.isOver(chunks.reader) { return nil }
        switch part {
        case .heartbeat: return EventStream.heartbeat
        case .change(let bytes, nil): return bytes
        case .change(let bytes, let place?):
          if place.version <= seen.version { continue }
          if place.version == seen.version + 1 {
            seen = place
            return bytes
          }
          // A commit whose answer was lost was told to nobody: the store knows of it.
          let missed = try await chunks.streams.events(
            of: chunks.reader.identity, since: seen, isReturning: true)
          seen = missed.place
          return missed.bytes
        }
      }
      return nil
    }
  }
}

/// What the operator may set about the streams of accounts.
package struct AccountStreamSettings: Sendable, Hashable {
  /// Streams at once; each costs a socket and a few kilobytes.
  package var streams = 10_000
  /// Streams of one user at once; a browser needs one for all its tabs.
  package var streamsPerUser = 8
  /// Silence after which a stream sends a comment, below the 30 s after which proxies give up.
  package var heartbeatMilliseconds = 15_000
  /// Age at which a stream ends; it never outlives its token.
  package var ageMilliseconds = 7_200_000

  package init() {}
}
