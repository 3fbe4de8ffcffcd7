import JSON
import Time

/// A task to carry out.
package struct TaskCall: Sendable {
  package var resource: TaskResource
  /// What the function gets.
  package var input: JSON
  package var timeoutSeconds: Int?
  package var heartbeatSeconds: Int?
  /// When the whole execution times out.
  package var executionDeadline: Timestamp?
  package var execution: ExecutionID
  /// The state that calls.
  package var state: String
  /// Retries of this state so far.
  package var retryCount: Int
  package var executionInput: JSON
}

/// A task that failed, with the error name that `Retry` and `Catch` look for.
package struct TaskFailure: Error, Sendable, Hashable {
  /// Such as `InsufficientFunds`.
  package var error: String
  package var cause: String

  package init(_ error: String, cause: String = "") {
    self.error = error
    self.cause = cause
  }
}
