import JSON
import Time

extension ExecutionMachine {
  /// An execution as its recorded events left it; any prefix of a history will do.
  package init(
    _ definition: StateMachine, record: ExecutionRecord, events: [HistoryEvent],
    environment: WorkflowEnvironment = WorkflowEnvironment()
  ) {
    self.init(definition, record: record, environment: environment)
    for event in events { apply(event) }
  }

  /// Takes over a recorded event without deciding anything again.
  private mutating func apply(_ event: HistoryEvent) {
    lastEventID = event.id
    switch event.kind {
    case .executionStarted(let input): cursor = .entering(definition.startAt, input)
    case .stateEntered(_, let name, let input):
      guard let state = definition.states[name] else { return }
      current = Current(
        state: state, input: input, enteredAt: event.timestamp, eventID: event.id)
      cursor = .inState
    case .stateExited(_, _, let output, let next):
      current = nil
      cursor = .entering(next ?? "", output)
    case .taskScheduled(let resource, let parameters, let timeout, let heartbeat):
      if case .failed(let error, _) = cursor, case .task(let task)? = current?.state.kind {
        _ = countRetry(of: error, task)
      }
      cursor = .scheduled(call(resource, parameters, timeout, heartbeat))
    case .taskStarted: break
    case .taskSucceeded(_, let output): cursor = .succeeded(output)
    case .taskFailed(_, let error, let cause), .taskTimedOut(_, let error, let cause):
      cursor = .failed(StateError(error, cause), at: event.timestamp)
    case .executionSucceeded(let output):
      record.output = output
      _ = close(.succeeded, error: nil, event.timestamp)
    case .executionFailed(let error, let cause):
      _ = close(.failed, error: StateError(error, cause), event.timestamp)
    case .executionTimedOut: _ = close(.timedOut, error: nil, event.timestamp)
    case .executionAborted(let error, let cause):
      _ = close(.aborted, error: StateError(error, cause), event.timestamp)
    }
  }

  /// Goes on from where the events end. A task that was running is called again: its function is
  /// the one that knows whether it was done already.
  mutating func resume(_ now: Timestamp) throws(StateError) -> Action {
    switch cursor {
    case .fresh:
      emit(.executionStarted(input: record.input), now)
      cursor = .entering(definition.startAt, record.input)
      return try advance(now)
    case .entering(let name, let output):
      if name.isEmpty {
        succeed(output, now)
        return .finished
      }
      return try advance(now)
    case .inState: return try advance(now)
    case .waiting(let until), .retrying(let until): return .wait(until: earlier(until))
    case .scheduled(let call):
      return .invoke(call)
    case .succeeded(let output): return try finishTask(output, now)
    case .failed(let error, let failedAt): return try handle(error, at: failedAt, now)
    case .finished: return .finished
    }
  }
}
