import Synchronization
import Time

/// One question to the origin that others for the same key wait for (request collapsing).
final class CacheFlight: Sendable {
  /// How it ended.
  enum Outcome: Sendable {
    /// Something was stored: look again.
    case stored
    /// The origin failed, and this may stand in.
    case stale(StoredResponse)
    /// The answer could not be shared: ask for yourself.
    case unshared
    /// Whoever asked went away: one of those who wait asks next.
    case abandoned
    /// The origin failed, for everyone who waited.
    case failed(any Error)
  }

  private struct State {
    var outcome: Outcome?
    var waiting: [Int: CheckedContinuation<Outcome, Never>] = [:]
    var nextID = 0
  }

  /// What it is found by.
  let key: String
  let startedAt: MonotonicInstant
  private let state = Mutex(State())

  init(key: String, startedAt: MonotonicInstant) {
    self.key = key
    self.startedAt = startedAt
  }

  /// How many wait.
  var waiters: Int { state.withLock { $0.waiting.count } }

  /// Tells everyone who waits; only the first outcome counts.
  func finish(_ outcome: Outcome) {
    let waiting = state.withLock { state in
      guard state.outcome == nil else { return [CheckedContinuation<Outcome, Never>]() }
      state.outcome = outcome
      defer { state.waiting = [:] }
      return Array(state.waiting.values)
    }
    for continuation in waiting { continuation.resume(returning: outcome) }
  }

  /// Waits for the end; a cancelled task is let go at once.
  func outcome() async -> Outcome {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let done: Outcome? = state.withLock { state in
          if Task.isCancelled { return .failed(CancellationError()) }
          if let outcome = state.outcome { return outcome }
          state.waiting[id] = continuation
          return nil
        }
        if let done { continuation.resume(returning: done) }
      }
    } onCancel: {
      let continuation = state.withLock { $0.waiting.removeValue(forKey: id) }
      continuation?.resume(returning: .failed(CancellationError()))
    }
  }
}
