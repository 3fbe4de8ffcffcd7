import JSON
import Time

extension ExecutionMachine {
  /// Retries, catches, or ends the execution after the error of a task.
  mutating func handle(_ error: StateError, at failedAt: Timestamp, _ now: Timestamp)
    throws(StateError) -> Action
  {
    // "States.Runtime … always causes the execution to fail" (concepts-error-handling.html).
    guard let current, case .task(let task) = current.state.kind, error.name != "States.Runtime"
    else { throw error }
    cursor = .failed(error, at: failedAt)
    if let delay = countRetry(of: error, task) {
      let until = failedAt + delay
      cursor = .retrying(until: until)
      return .wait(until: earlier(until))
    }
    guard let catcher = task.catchers.first(where: { errorNames($0.errors, cover: error.name) })
    else { throw error }
    let result: JSON = ["Error": .string(error.name), "Cause": .string(error.cause)]
    let output = try catcher.resultPath.combine(result, into: current.input)
    try exit(output, .next(catcher.next), now)
    return try advance(now)
  }

  /// Counts a retry and tells how long to wait; nil when there is none left.
  mutating func countRetry(of error: StateError, _ task: TaskFields) -> Duration? {
    guard
      let index = task.retriers.firstIndex(where: { errorNames($0.errors, cover: error.name) }),
      var current
    else { return nil }
    if current.retries.isEmpty { current.retries = task.retriers.map { _ in 0 } }
    let retrier = task.retriers[index]
    let attempt = current.retries[index]
    guard attempt < retrier.maxAttempts else { return nil }
    current.retries[index] += 1
    current.retryCount += 1
    self.current = current
    return retrier.delay(attempt: attempt, unit: environment.unit)
  }

  /// Leaves the state through its `OutputPath`.
  mutating func leave(_ combined: JSON, _ next: Transition, _ now: Timestamp) throws(StateError) {
    guard let current else { return }
    let output = try current.state.outputPath.apply(scope(combined), field: "OutputPath")
    try exit(output, next, now)
  }

  mutating func exit(_ output: JSON, _ next: Transition, _ now: Timestamp) throws(StateError) {
    guard let current else { return }
    try checkSize(output, "output")
    let target: String? = if case .next(let name) = next { name } else { nil }
    emit(
      .stateExited(
        type: current.state.typeName, name: current.state.name, output: output, next: target), now)
    self.current = nil
    if let target {
      cursor = .entering(target, output)
    } else {
      succeed(output, now)
    }
  }

  mutating func succeed(_ output: JSON, _ now: Timestamp) {
    emit(.executionSucceeded(output: output), now)
    record.output = output
    _ = close(.succeeded, error: nil, now)
  }

  mutating func fail(_ error: StateError, _ now: Timestamp) -> Action {
    var error = error
    if error.name == "States.Runtime" || error.name == "States.NoChoiceMatched"
      || error.name == "States.IntrinsicFailure", let current
    {
      error.cause =
        "An error occurred while executing the state '\(current.state.name)' (entered at the "
        + "event id #\(current.eventID)). \(error.cause)"
    }
    emit(.executionFailed(error: error.name, cause: error.cause), now)
    return close(.failed, error: error, now)
  }

  /// AWS ends an execution whose history is full.
  mutating func exhausted(_ now: Timestamp) -> Action {
    current = nil
    return fail(
      StateError(
        "States.Runtime",
        "The execution reached the maximum number of history events "
          + "(\(StateMachine.Limits.events))."), now)
  }

  mutating func timeOut(at now: Timestamp) -> Action {
    emit(.executionTimedOut, now)
    return close(.timedOut, error: nil, now)
  }

  mutating func close(
    _ status: ExecutionRecord.Status, error: StateError?, _ now: Timestamp
  ) -> Action {
    record.status = status
    record.stoppedAt = now
    record.error = error.flatMap { $0.name.isEmpty ? nil : $0.name }
    record.cause = error.flatMap { $0.cause.isEmpty ? nil : $0.cause }
    cursor = .finished
    current = nil
    return .finished
  }

  // MARK: Parts

  mutating func emit(_ kind: HistoryEvent.Kind, _ now: Timestamp) {
    lastEventID += 1
    unsaved.append(
      HistoryEvent(id: lastEventID, previousID: lastEventID - 1, timestamp: now, kind: kind))
  }

  func earlier(_ moment: Timestamp) -> Timestamp { deadline.map { min($0, moment) } ?? moment }

  func checkSize(_ payload: JSON, _ what: String) throws(StateError) {
    if payload.fits(StateMachine.Limits.payloadBytes) { return }
    throw StateError(
      "States.DataLimitExceeded",
      "The state/task '\(current?.state.name ?? "")' returned a result with a size exceeding the "
        + "maximum number of bytes service limit: the \(what) is over "
        + "\(StateMachine.Limits.payloadBytes) bytes.")
  }

  func scope(_ document: JSON) -> EvaluationScope {
    let context = ContextObject(record: record, current: current)
    return EvaluationScope(document: document, context: context.json, environment: environment)
  }
}

/// What `$$` tells (docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html).
private struct ContextObject: Sendable {
  let record: ExecutionRecord
  let current: ExecutionMachine.Current?

  var json: JSON {
    var object: JSONObject = [
      "Execution": [
        "Id": .string(record.id.arn), "Input": record.input, "Name": .string(record.id.name),
        "RoleArn": "arn:aws:iam::000000000000:role/portico",
        "StartTime": .string(record.startedAt.iso8601), "RedriveCount": 0,
      ],
      "StateMachine": [
        "Id": .string(record.id.machineARN), "Name": .string(record.id.machine),
      ],
    ]
    if let current {
      object["State"] = [
        "EnteredTime": .string(current.enteredAt.iso8601), "Name": .string(current.state.name),
        "RetryCount": .int(current.retryCount),
      ]
    }
    return .object(object)
  }
}

extension JSON {
  /// Whether the text has at most so many bytes; it is written out only when that is in doubt.
  func fits(_ limit: Int) -> Bool { bytesAtMost <= limit || bytes.count <= limit }

  /// No fewer bytes than the text has: an escaped byte takes six.
  private var bytesAtMost: Int {
    switch self {
    case .null, .bool: 5
    case .number(let number): number.text.utf8.count
    case .string(let text): 2 + 6 * text.utf8.count
    case .array(let elements): elements.reduce(2) { $0 + 1 + $1.bytesAtMost }
    case .object(let object):
      object.reduce(2) { $0 + 4 + 6 * $1.name.utf8.count + $1.value.bytesAtMost }
    }
  }
}
