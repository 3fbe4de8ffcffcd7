import JSON
import Time

/// One line of an execution's history, with the names AWS gives it
/// (docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html).
package struct HistoryEvent: Sendable, Hashable {
  /// Counts from 1.
  package var id: Int
  /// The event that led to this one; 0 for the first.
  package var previousID: Int
  package var timestamp: Timestamp
  package var kind: Kind

  /// What happened.
  package enum Kind: Sendable, Hashable {
    case executionStarted(input: JSON)
    case stateEntered(type: String, name: String, input: JSON)
    /// `next` is ours: AWS's history does not say where an execution goes, and a crash may fall
    /// between this event and the next.
    case stateExited(type: String, name: String, output: JSON, next: String?)
    case taskScheduled(TaskResource, parameters: JSON, timeout: Int?, heartbeat: Int?)
    case taskStarted(TaskResource)
    case taskSucceeded(TaskResource, output: JSON)
    case taskFailed(TaskResource, error: String, cause: String)
    case taskTimedOut(TaskResource, error: String, cause: String)
    case executionSucceeded(output: JSON)
    case executionFailed(error: String, cause: String)
    case executionTimedOut
    case executionAborted(error: String, cause: String)
  }

  /// `TaskStateEntered`, `LambdaFunctionScheduled` …
  package var type: String {
    switch kind {
    case .executionStarted: "ExecutionStarted"
    case .stateEntered(let type, _, _): "\(type)StateEntered"
    case .stateExited(let type, _, _, _): "\(type)StateExited"
    case .taskScheduled(let resource, _, _, _): Self.taskType(resource, "Scheduled")
    case .taskStarted(let resource): Self.taskType(resource, "Started")
    case .taskSucceeded(let resource, _): Self.taskType(resource, "Succeeded")
    case .taskFailed(let resource, _, _): Self.taskType(resource, "Failed")
    case .taskTimedOut(let resource, _, _): Self.taskType(resource, "TimedOut")
    case .executionSucceeded: "ExecutionSucceeded"
    case .executionFailed: "ExecutionFailed"
    case .executionTimedOut: "ExecutionTimedOut"
    case .executionAborted: "ExecutionAborted"
    }
  }

  private static func taskType(_ resource: TaskResource, _ what: String) -> String {
    resource.isFunction ? "LambdaFunction\(what)" : "Task\(what)"
  }
}
