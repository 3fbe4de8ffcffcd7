/// One entry of `Retry`.
struct Retrier: Sendable, Hashable {
  var errors: [String]
  /// Seconds before the first retry.
  var intervalSeconds = 1
  var maxAttempts = 3
  /// What the interval is multiplied by after each retry.
  var backoffRate = 2.0
  /// Seconds that no interval exceeds.
  var maxDelaySeconds: Int?
  /// Whether the wait is drawn from 0 up to the interval.
  var hasFullJitter = false

  /// The wait before the retry after `attempt` earlier ones; `unit` is a number from 0 up to 1.
  func delay(attempt: Int, unit: @autoclosure () -> Double) -> Duration {
    // A year: what AWS allows as MaxDelaySeconds, and keeps a large power finite.
    var seconds = Double(maxDelaySeconds ?? 31_622_400)
    var interval = Double(intervalSeconds)
    for _ in 0..<attempt where interval < seconds { interval *= backoffRate }
    seconds = min(seconds, interval)
    if hasFullJitter { seconds *= unit() }
    return .milliseconds(Int((seconds * 1000).rounded()))
  }
}

/// Whether the names of a retrier or catcher cover an error
/// (docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html).
func errorNames(_ names: [String], cover error: String) -> Bool {
  names.contains { name in
    switch name {
    // Neither can be handled by a wildcard: the execution itself is at its end.
    case "States.ALL": error != "States.DataLimitExceeded" && error != "States.Runtime"
    case "States.TaskFailed":
      error == name
        || ![
          "States.Timeout", "States.HeartbeatTimeout", "States.DataLimitExceeded",
          "States.Runtime",
        ].contains(error)
    case "States.Timeout": error == name || error == "States.HeartbeatTimeout"
    default: error == name
    }
  }
}
