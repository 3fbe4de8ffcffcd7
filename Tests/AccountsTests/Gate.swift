import Dispatch
import Synchronization

/// Holds threads of a pool until the test lets them go.
final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var entered = 0
    var refusals = 0
  }

  private let state = Mutex(State())
  private let semaphore = DispatchSemaphore(value: 0)

  /// Waits on a thread of the pool.
  func wait() {
    let isOpen = state.withLock { state in
      state.entered += 1
      return state.isOpen
    }
    if isOpen { return }
    semaphore.wait()
    semaphore.signal()
  }

  func open() {
    state.withLock { $0.isOpen = true }
    semaphore.signal()
  }

  func refused() { state.withLock { $0.refusals += 1 } }

  func waitForRefusals(_ count: Int) async {
    while state.withLock({ $0.refusals }) < count { await Task.yield() }
  }

  func waitForEntry() async {
    while state.withLock({ $0.entered }) < 1 { await Task.yield() }
  }
}

/// Something that has happened.
final class Flag: Sendable {
  private let value = Mutex(false)

  func set() { value.withLock { $0 = true } }
  var isSet: Bool { value.withLock { $0 } }
}
