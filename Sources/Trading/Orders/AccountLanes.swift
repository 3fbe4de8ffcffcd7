import Synchronization

/// One trade at a time for each account, in the order they came: the store's conditions stay the
/// guard, this only spares them the conflicts.
package final class AccountLanes: Sendable {
  private struct State {
    var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]
    var count = 0
  }

  /// Too many wait for one account or in all.
  package struct Busy: Error {}

  private let state = Mutex(State())
  private let most: Int

  /// Lanes that let at most that many tasks wait in all.
  package init(most: Int = 4_096) { self.most = most }

  /// Runs with the account to itself.
  package func run<Result: Sendable>(
    _ account: String, _ body: @Sendable () async throws -> Result
  ) async throws -> Result {
    try await enter(account)
    defer { leave(account) }
    return try await body()
  }

  private func enter(_ account: String) async throws {
    let isFree = try state.withLock { state -> Bool in
      if state.waiting[account] == nil {
        state.waiting[account] = []
        return true
      }
      if state.count >= most { throw Busy() }
      state.count += 1
      return false
    }
    if isFree { return }
    await withCheckedContinuation { continuation in
      let isMine = state.withLock { state -> Bool in
        if state.waiting[account] == nil {
          // The owner left between the two looks.
          state.waiting[account] = []
          state.count -= 1
          return true
        }
        state.waiting[account]?.append(continuation)
        return false
      }
      if isMine { continuation.resume() }
    }
  }

  private func leave(_ account: String) {
    let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard var queue = state.waiting[account], !queue.isEmpty else {
        state.waiting[account] = nil
        return nil
      }
      let next = queue.removeFirst()
      state.waiting[account] = queue
      state.count -= 1
      return next
    }
    next?.resume()
  }
}
