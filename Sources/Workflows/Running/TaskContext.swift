import JSON
import Synchronization
import Time

/// Carries out tasks: the resource, what the function gets, and what is known about the call.
package typealias TaskInvoker =
  @Sendable (_ resource: TaskResource, _ input: JSON, _ context: TaskContext) async throws -> JSON

/// What a task can know and do beside its input.
package struct TaskContext: Sendable {
  package let execution: ExecutionID
  /// The state that calls.
  package let state: String
  /// Retries of this state so far.
  package let retryCount: Int
  /// What the execution was started with.
  package let executionInput: JSON
  /// The events that are not kept yet: a function that commits of its own may take them along.
  package let pending: PendingEvents
}

/// Events that wait for a commit.
///
/// In the mode `atEnd` they wait until the execution ends. A task that writes to the same store
/// takes them into its own transaction, so that its effect and its history are kept together, and
/// gives them back when the transaction fails.
package final class PendingEvents: Sendable {
  private let events = Mutex<[HistoryEvent]>([])

  package init() {}

  /// Takes all events; the caller keeps them, or gives them back.
  package func take() -> [HistoryEvent] {
    events.withLock { events in
      defer { events = [] }
      return events
    }
  }

  /// Gives back events that could not be kept.
  package func putBack(_ taken: [HistoryEvent]) {
    events.withLock { $0 = taken + $0 }
  }

  func add(_ new: [HistoryEvent]) { events.withLock { $0 += new } }
}
