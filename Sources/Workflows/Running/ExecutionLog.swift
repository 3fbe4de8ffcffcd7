import Synchronization

/// Where executions and their histories are kept.
package protocol ExecutionLog: Sendable {
  /// Keeps a new execution, unless one of that name exists: then nothing happens and that one is
  /// answered. Names are kept for 90 days after the end, as AWS does.
  func start(_ record: ExecutionRecord) async throws -> StartOutcome

  /// Adds events behind those that are kept; an event whose id is kept already is left out.
  func append(_ events: [HistoryEvent], to id: ExecutionID) async throws

  /// Keeps the last events and the end, in one commit.
  func finish(_ record: ExecutionRecord, with events: [HistoryEvent]) async throws

  /// The execution with its events, or nil.
  func load(_ id: ExecutionID) async throws -> KeptExecution?

  /// The executions of all machines that have not ended, oldest first.
  func unfinished() async throws -> [ExecutionID]
}

/// What became of an attempt to start an execution.
package enum StartOutcome: Sendable, Hashable {
  case new
  case existing(ExecutionRecord)
}

/// An execution with its events.
package struct KeptExecution: Sendable, Hashable {
  package var record: ExecutionRecord
  package var events: [HistoryEvent]

  package init(record: ExecutionRecord, events: [HistoryEvent]) {
    self.record = record
    self.events = events
  }
}

/// Executions in memory: for tests and for machines whose history nobody asks for.
package final class MemoryExecutionLog: ExecutionLog {
  private struct State {
    var executions: [ExecutionID: KeptExecution] = [:]
    /// In the order of their start.
    var order: [ExecutionID] = []
  }

  private let state = Mutex(State())
  /// Executions remembered; the oldest ended ones make room.
  private let most: Int

  package init(executionsMost: Int = 10_000) { most = executionsMost }

  package func start(_ record: ExecutionRecord) async throws -> StartOutcome {
    state.withLock { state in
      if let kept = state.executions[record.id] { return .existing(kept.record) }
      if state.order.count >= most,
        let oldest = state.order.firstIndex(where: {
          state.executions[$0]?.record.status != .running
        })
      {
        state.executions[state.order.remove(at: oldest)] = nil
      }
      state.executions[record.id] = KeptExecution(record: record, events: [])
      state.order.append(record.id)
      return .new
    }
  }

  package func append(_ events: [HistoryEvent], to id: ExecutionID) async throws {
    state.withLock { $0.executions[id]?.append(events) }
  }

  package func finish(_ record: ExecutionRecord, with events: [HistoryEvent]) async throws {
    state.withLock { state in
      state.executions[record.id]?.append(events)
      state.executions[record.id]?.record = record
    }
  }

  package func load(_ id: ExecutionID) async throws -> KeptExecution? {
    state.withLock { $0.executions[id] }
  }

  package func unfinished() async throws -> [ExecutionID] {
    state.withLock { state in
      state.order.filter { state.executions[$0]?.record.status == .running }
    }
  }
}

extension KeptExecution {
  fileprivate mutating func append(_ new: [HistoryEvent]) {
    let last = events.last?.id ?? 0
    events += new.filter { $0.id > last }
  }
}
