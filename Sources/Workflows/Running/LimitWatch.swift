import Synchronization
import Time

/// Watches the time limits of all running tasks with one sleeper.
///
/// A timer for each task would be made and given up thousands of times a second, since nearly all
/// tasks end long before their limit. A limit is counted in seconds, so looking a few times a second
/// is exact enough.
final class LimitWatch: Sendable {
  private typealias Expiry = CheckedContinuation<ExecutionMachine.Event?, Never>

  private struct Waiting {
    var limit: TaskLimits.Limit
    var expiry: Expiry
  }

  private struct State {
    var waiting: [Int: Waiting] = [:]
    /// Cancelled before they could wait.
    var cancelled: Set<Int> = []
    var last = 0
    var isLooking = false
  }

  private static let interval = Duration.milliseconds(250)
  private let state = Mutex(State())
  private let clock: any TimeSource

  init(clock: any TimeSource) { self.clock = clock }

  /// Waits until a limit passes and says what it means; nil when cancelled.
  func expiry(_ limit: TaskLimits.Limit) async -> ExecutionMachine.Event? {
    let id = state.withLock { state in
      state.last += 1
      return state.last
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { expiry in
        let (isCancelled, starts) = state.withLock { state -> (Bool, Bool) in
          if state.cancelled.remove(id) != nil { return (true, false) }
          state.waiting[id] = Waiting(limit: limit, expiry: expiry)
          defer { state.isLooking = true }
          return (false, !state.isLooking)
        }
        if isCancelled { expiry.resume(returning: nil) }
        // Not a child: it looks after the tasks of many executions, and ends when there are none.
        if starts { Task { await look() } }
      }
    } onCancel: {
      let waiting = state.withLock { state in
        let waiting = state.waiting.removeValue(forKey: id)
        if waiting == nil { state.cancelled.insert(id) }
        return waiting
      }
      waiting?.expiry.resume(returning: nil)
    }
  }

  private func look() async {
    repeat { try? await clock.sleep(for: Self.interval) } while fire()
  }

  /// Tells those whose limit has passed; answers whether anybody still waits.
  private func fire() -> Bool {
    let now = clock.now()
    let (due, remain) = state.withLock { state in
      var due: [(Expiry, ExecutionMachine.Event)] = []
      for (id, waiting) in state.waiting where now >= waiting.limit.moment {
        due.append((waiting.expiry, waiting.limit.event))
        state.waiting[id] = nil
      }
      state.isLooking = !state.waiting.isEmpty
      return (due, state.isLooking)
    }
    for (expiry, event) in due { expiry.resume(returning: event) }
    return remain
  }
}
