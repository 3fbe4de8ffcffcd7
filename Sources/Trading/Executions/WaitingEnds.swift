import Store
import Synchronization
import Workflows

/// The end of an execution, with what it takes to keep it.
struct ExecutionEnd: Sendable {
  var record: ExecutionRecord
  /// What a task of it has committed.
  var committed: CommittedResult?
  /// Those after what is kept.
  var events: [HistoryEvent]
  /// Writes that share the commit.
  var joined: [Write]

  /// What is kept.
  func item(owner: String?) -> Item {
    let given = committed?.history.payloads ?? [record.input]
    return ExecutionItems.item(record, HistoryChunk(events, given: given), owner: owner)
  }

  /// The same as it is read again.
  var execution: KeptExecution {
    KeptExecution(record: record, events: (committed?.history.events ?? []) + events)
  }
}

/// Ends that wait for a commit which they share, by their executions.
final class WaitingEnds: Sendable {
  private struct State {
    var ends: [ExecutionID: ExecutionEnd] = [:]
    /// Told when there is something to keep; nil while nobody keeps ends.
    var added: AsyncStream<Void>.Continuation?
  }

  private let state = Mutex(State())
  private static let most = 4_096

  /// From now on ends may wait; the stream tells when some do.
  func open() -> AsyncStream<Void> {
    let (stream, added) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    state.withLock { $0.added = added }
    return stream
  }

  /// From now on none may.
  func close() { state.withLock { $0.added = nil } }

  /// False when it cannot wait: nobody keeps ends, or too many wait.
  func add(_ end: ExecutionEnd) -> Bool {
    let added = state.withLock { state -> AsyncStream<Void>.Continuation? in
      guard let added = state.added, state.ends.count < Self.most else { return nil }
      state.ends[end.record.id] = end
      return added
    }
    guard let added else { return false }
    added.yield()
    return true
  }

  var all: [ExecutionEnd] { state.withLock { Array($0.ends.values) } }

  func remove(_ id: ExecutionID) { state.withLock { _ = $0.ends.removeValue(forKey: id) } }

  /// The end of an execution, if it waits.
  func end(_ id: ExecutionID) -> ExecutionEnd? { state.withLock { $0.ends[id] } }
}
