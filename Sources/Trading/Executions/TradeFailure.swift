import HTTPExchange
import JSON
import Store
import Workflows

/// Why a trade did not happen, as a function of a state machine says it: a name that `Retry` and
/// `Catch` look for, and a cause that holds the whole answer to the client.
struct TradeFailure: Sendable {
  /// `InsufficientFunds`, `ValidationError` …
  let name: String
  let problem: Problem

  init(_ name: String, _ problem: Problem) {
    self.name = name
    self.problem = problem
  }

  init(_ name: String, status: Int, error: String, message: String) {
    self.init(name, Problem(status: status, error: error, message: message))
  }

  /// The failure that an error is; nil when it is not one of a trade.
  init?(_ error: any Error) {
    guard let problem = TradeAnswers.problem(error) else { return nil }
    self.init(Self.name(error), problem)
  }

  private static func name(_ error: any Error) -> String {
    switch error {
    case Rejection.insufficientFunds: "InsufficientFunds"
    case Rejection.insufficientShares: "InsufficientShares"
    case Rejection.priceMoved: "PriceMoved"
    case Rejection.staleQuote, TradeError.quoteUnavailable: "QuoteUnavailable"
    case TradeError.conflict, StoreError.conflict: "Conflict"
    case is AccountLanes.Busy, StoreError.busy: "Busy"
    default: "ValidationError"
    }
  }

  /// What the function throws. The cause has Lambda's members and ours.
  var task: TaskFailure {
    var cause = JSONObject([
      ("errorType", .string(name)), ("errorMessage", .string(problem.message)),
      ("status", .int(problem.status)), ("error", .string(problem.error)),
    ])
    if !problem.details.isEmpty { cause["details"] = .object(problem.details) }
    cause["retryAfter"] = problem.headers["retry-after"].map { .string($0) }
    return TaskFailure(name, cause: JSON.object(cause).text)
  }

  /// The answer for an execution that failed.
  static func problem(of record: ExecutionRecord) -> Problem {
    if record.status == .timedOut || record.error == "States.Timeout" {
      return Problem(
        status: 504, error: "execution_timed_out",
        message: "The order was not carried out in time; nothing happened",
        details: identity(record))
    }
    let cause = record.cause.flatMap { try? JSON(parsing: $0) }
    guard let cause, let status = cause["status"]?.int, (400...599).contains(status),
      let error = cause["error"]?.string
    else {
      return Problem(
        status: 500, error: "execution_failed", message: "The order was not carried out",
        details: identity(record))
    }
    var details = identity(record)
    for (name, value) in cause["details"]?.object ?? JSONObject() { details[name] = value }
    var headers = HeaderFields()
    headers["retry-after"] = cause["retryAfter"]?.string
    return Problem(
      status: status, error: error,
      message: cause["errorMessage"]?.string ?? "The order was refused", details: details,
      headers: headers)
  }

  private static func identity(_ record: ExecutionRecord) -> JSONObject {
    JSONObject([("executionId", .string(record.id.name))])
  }
}
