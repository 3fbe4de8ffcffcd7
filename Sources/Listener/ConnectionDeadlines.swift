import NIOCore

/// When a connection has waited too long, and for what: a pure value that the owner asks.
struct ConnectionDeadlines {
  enum Phase: Equatable {
    /// Between requests.
    case idle
    /// Part of a head has come.
    case head
    /// A body is being read; the bytes so far decide whether it is fast enough.
    case body
    /// A handler works on an answer that must come in time.
    case work
    /// A handler works without a limit.
    case stream
    /// Bytes wait for the reader.
    case write
  }

  enum Expiry: Equatable {
    /// Close without a word: nobody waits for an answer.
    case close
    /// Answer with this status, then close.
    case answer(Int)
  }

  let limits: ConnectionLimits
  private(set) var phase = Phase.idle
  private var since: NIODeadline
  private var bodyBytes = 0

  init(limits: ConnectionLimits, now: NIODeadline) {
    self.limits = limits
    since = now
  }

  mutating func enter(_ phase: Phase, now: NIODeadline) {
    self.phase = phase
    since = now
    bodyBytes = 0
  }

  /// Counts bytes of a body, or progress of a writer.
  mutating func progressed(_ bytes: Int, now: NIODeadline) {
    switch phase {
    case .body: bodyBytes += bytes
    case .write: since = now
    default: break
    }
  }

  /// When to look again; nil while nothing can expire.
  var due: NIODeadline? {
    switch phase {
    case .idle: since + .milliseconds(Int64(limits.idleTimeoutMS))
    case .head: since + .milliseconds(Int64(limits.headTimeoutMS))
    case .body:
      since + .milliseconds(Int64(limits.bodyGraceMS))
        + .milliseconds(
          Int64(limits.bodyBytesPerSecond == 0 ? 0 : bodyBytes * 1000 / limits.bodyBytesPerSecond))
    case .work: since + .milliseconds(Int64(limits.apiTimeoutMS))
    case .stream: nil
    case .write: since + .milliseconds(Int64(limits.writeTimeoutMS))
    }
  }

  /// What to do when the owner's timer fires; nil when it was too early.
  func expiry(now: NIODeadline) -> Expiry? {
    guard let due, due <= now else { return nil }
    switch phase {
    case .idle, .write: return .close
    case .head, .body: return .answer(408)
    case .work: return .answer(503)
    case .stream: return nil
    }
  }
}
