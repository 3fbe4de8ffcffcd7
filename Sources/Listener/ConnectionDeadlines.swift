import NIOCore

/// When a connection has waited too long, and for what: a pure value that the owner asks.
struct ConnectionDeadlines {
  enum Phase: Equatable {
    /// Between requests.
    case idle
    /// Between requests while draining: the last moment for a request that is on its way.
    case farewell
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
    /// Our side has ended, the client's has not.
    case linger
  }

  enum Expiry: Equatable {
    /// Close without a word: nobody waits for an answer.
    case close
    /// Nobody used the last moment: end our side first.
    case farewell
    /// The client is too slow: answer 408, then close.
    case late
    /// Our own work is too slow: answer for it, then close.
    case overdue
  }

  let limits: ConnectionLimits
  private(set) var phase = Phase.idle
  private var since: NIODeadline
  private var bodyBytes = 0
  /// Since when nothing more of a body is read, because the work has no room: not the client's time.
  private var pausedSince: NIODeadline?

  init(limits: ConnectionLimits, now: NIODeadline) {
    self.limits = limits
    since = now
  }

  mutating func enter(_ phase: Phase, now: NIODeadline) {
    self.phase = phase
    since = now
    bodyBytes = 0
    pausedSince = nil
  }

  /// The work has no room for more of the body; until it has, it is the work that is slow.
  mutating func pause(now: NIODeadline) {
    if phase == .body, pausedSince == nil { pausedSince = now }
  }

  /// The work has room again: the client's time goes on where it stood.
  mutating func resume(now: NIODeadline) {
    guard let pausedSince else { return }
    since = since + (now - pausedSince)
    self.pausedSince = nil
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
    if let pausedSince { return pausedSince + .milliseconds(Int64(limits.apiTimeoutMS)) }
    return switch phase {
    case .idle: since + .milliseconds(Int64(limits.idleTimeoutMS))
    case .head: since + .milliseconds(Int64(limits.headTimeoutMS))
    case .body:
      since
        + .milliseconds(
          min(Int64(limits.bodyTimeoutMS), Int64(limits.bodyGraceMS) + bodyAllowanceMS))
    case .work: since + .milliseconds(Int64(limits.apiTimeoutMS))
    case .stream: nil
    case .write: since + .milliseconds(Int64(limits.writeTimeoutMS))
    case .linger: since + .milliseconds(Int64(limits.lingerTimeoutMS))
    case .farewell: since + .milliseconds(Int64(limits.drainIdleMS))
    }
  }

  /// The time that the bytes so far have earned at the least rate; without one, all there is.
  private var bodyAllowanceMS: Int64 {
    limits.bodyBytesPerSecond == 0
      ? Int64(limits.bodyTimeoutMS) : Int64(bodyBytes * 1000 / limits.bodyBytesPerSecond)
  }

  /// What to do when the owner's timer fires; nil when it was too early.
  func expiry(now: NIODeadline) -> Expiry? {
    guard let due, due <= now else { return nil }
    if pausedSince != nil { return .overdue }
    switch phase {
    case .idle, .write, .linger: return .close
    case .farewell: return .farewell
    case .head, .body: return .late
    case .work: return .overdue
    case .stream: return nil
    }
  }
}
