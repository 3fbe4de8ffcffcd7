import Synchronization

/// A clock that moves only when it is told to: tests need no sleep.
package final class ManualClock: TimeSource {
  private struct Sleeper {
    let id: Int
    let due: UInt64
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var wall: Timestamp
    var monotonic: UInt64 = 1_000_000_000
    var sleepers: [Sleeper] = []
    var cancelled: Set<Int> = []
    var nextID = 0
  }

  private let state: Mutex<State>

  /// A clock that stands at the given wall time.
  package init(now: Timestamp = Timestamp(seconds: 1_780_000_000)) {
    state = Mutex(State(wall: now))
  }

  package func now() -> Timestamp { state.withLock { $0.wall } }

  package func monotonic() -> MonotonicInstant {
    state.withLock { MonotonicInstant(nanoseconds: $0.monotonic) }
  }

  /// How many tasks sleep on this clock now.
  package var sleeping: Int { state.withLock { $0.sleepers.count } }

  /// Moves both clocks forward and wakes whoever is due.
  package func advance(by duration: Duration) {
    let due = state.withLock { state -> [Sleeper] in
      state.wall = state.wall + duration
      state.monotonic &+= UInt64(max(0, duration.wholeNanoseconds))
      let woken = state.sleepers.filter { $0.due <= state.monotonic }
      state.sleepers.removeAll { $0.due <= state.monotonic }
      return woken
    }
    for sleeper in due { sleeper.continuation.resume() }
  }

  /// Sets the wall clock alone, as an operator or a leap might.
  package func jump(to now: Timestamp) { state.withLock { $0.wall = now } }

  package func sleep(for duration: Duration) async throws {
    if duration <= .zero { return }
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let cancelled = state.withLock { state -> Bool in
          if state.cancelled.remove(id) != nil { return true }
          let due = state.monotonic &+ UInt64(duration.wholeNanoseconds)
          state.sleepers.append(Sleeper(id: id, due: due, continuation: continuation))
          return false
        }
        if cancelled { continuation.resume(throwing: CancellationError()) }
      }
    } onCancel: {
      let sleeper = state.withLock { state -> Sleeper? in
        guard let at = state.sleepers.firstIndex(where: { $0.id == id }) else {
          state.cancelled.insert(id)
          return nil
        }
        return state.sleepers.remove(at: at)
      }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }
}
