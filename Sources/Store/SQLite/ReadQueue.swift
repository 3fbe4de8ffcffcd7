import Dispatch
import GRDB
import Synchronization

/// Reads in parallel on a few threads, several to a snapshot when many wait.
///
/// A reader takes what waits before it opens its snapshot, so each read sees every write that was
/// acknowledged before the read was asked.
final class ReadQueue: Sendable {
  private struct Job: Sendable {
    var run: @Sendable (Result<Database, any Error>) -> Void
  }

  private struct State {
    var waiting: [Job] = []
    var readers = 0
    var isClosed = false
  }

  private let state = Mutex(State())
  private let database: any DatabaseReader
  private let limits: SQLiteStore.Limits
  private let queue = DispatchQueue(label: "portico.store.read", attributes: .concurrent)

  init(_ database: any DatabaseReader, limits: SQLiteStore.Limits) {
    self.database = database
    self.limits = limits
  }

  /// Runs the work on a reader's snapshot.
  func read<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value) async throws
    -> Value
  {
    try await withCheckedThrowingContinuation { continuation in
      let job = Job { database in
        continuation.resume(
          with: Result { try work(database.get()) }.mapError { StoreError($0) as any Error })
      }
      let (refusal, starts) = state.withLock { state in enqueue(job, in: &state) }
      if let refusal { return continuation.resume(throwing: refusal) }
      if starts { queue.async { self.serve() } }
    }
  }

  private func enqueue(_ job: Job, in state: inout State) -> (StoreError?, starts: Bool) {
    if state.isClosed { return (.closed, false) }
    if state.waiting.count >= limits.waitingReads { return (.busy, false) }
    state.waiting.append(job)
    // Another thread is worth its wake-up only when the ones at work have enough to do.
    guard state.readers < limits.readers, state.waiting.count > state.readers * 2 else {
      return (nil, false)
    }
    state.readers += 1
    return (nil, true)
  }

  /// Takes nothing more; what waits is still answered.
  func close() { state.withLock { $0.isClosed = true } }

  private func serve() {
    while let jobs = take() {
      var hasBegun = false
      do {
        try database.read { db in
          hasBegun = true
          for job in jobs { job.run(.success(db)) }
        }
      } catch {
        // A snapshot that fails to end has answered everyone already.
        if !hasBegun { for job in jobs { job.run(.failure(error)) } }
      }
    }
  }

  private func take() -> [Job]? {
    state.withLock { state in
      if state.waiting.isEmpty {
        state.readers -= 1
        return nil
      }
      let count = min(state.waiting.count, limits.groupReads)
      let jobs = Array(state.waiting.prefix(count))
      state.waiting.removeFirst(count)
      return jobs
    }
  }
}
