import HTTPExchange
import JSON
import NIOCore
import Synchronization
import Time

/// One reader of an account's events with what waits for it.
final class AccountReader: Sendable {
  /// What waits to be sent.
  enum Part: Sendable {
    case change(ByteBuffer, AccountPlace?)
    case heartbeat
  }

  private struct State {
    var isOver = false
    var lastOffer: MonotonicInstant
  }

  let identity: Identity
  let parts: AsyncStream<Part>
  private let waiting: AsyncStream<Part>.Continuation
  private let state: Mutex<State>
  private let openedAt: MonotonicInstant
  /// When the token is worth nothing any more; a token without an end gets no stream.
  private let expiry: Timestamp

  /// Changes that wait for a reader at most.
  static let partsMost = 64

  init(_ identity: Identity, now: MonotonicInstant) {
    self.identity = identity
    (parts, waiting) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.partsMost))
    state = Mutex(State(lastOffer: now))
    openedAt = now
    expiry = Timestamp(seconds: identity.claims["exp"]?.int ?? 0)
  }

  var isOver: Bool { state.withLock { $0.isOver } }

  /// Lets something wait for the reader; one who is too slow is given up and comes back by its id.
  func offer(_ part: Part, now: MonotonicInstant) {
    state.withLock { $0.lastOffer = now }
    if case .dropped = waiting.yield(part) { end() }
  }

  /// Ends the stream; what waits is not sent.
  func end() {
    state.withLock { $0.isOver = true }
    waiting.finish()
  }

  /// Ends the stream when its token or its time is over, and answers whether it is.
  func isDue(_ clock: any TimeSource, age: Int, isRevoked: (Identity) -> Bool) -> Bool {
    let isDue =
      clock.now() >= expiry || (clock.monotonic() - openedAt).wholeMilliseconds >= age
      || isRevoked(identity)
    if isDue { end() }
    return isDue || isOver
  }

  /// Lets a comment wait when nothing else has for that long.
  func beat(after milliseconds: Int, now: MonotonicInstant) {
    let isSilent = state.withLock {
      ($0.lastOffer < now) && (now - $0.lastOffer).wholeMilliseconds >= milliseconds
    }
    if isSilent { offer(.heartbeat, now: now) }
  }
}
