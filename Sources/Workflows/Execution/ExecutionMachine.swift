import JSON
import Time

/// One execution as a value: it is told what happened and says what to do next. It has no clock, no
/// socket and no store; whoever owns it carries out its actions and keeps its events.
package struct ExecutionMachine: Sendable {
  /// What happened.
  package enum Event: Sendable {
    case start
    /// Goes on where the recorded events end.
    case resume
    case taskSucceeded(JSON)
    case taskFailed(TaskFailure)
    case taskTimedOut(isHeartbeat: Bool)
    case timerFired
    case abort(error: String, cause: String)
  }

  /// What to do.
  package enum Action: Sendable {
    case invoke(TaskCall)
    case wait(until: Timestamp)
    case finished
  }

  /// Where the execution stands between two events.
  enum Cursor: Sendable {
    case fresh
    case entering(String, JSON)
    case inState
    case waiting(until: Timestamp)
    case scheduled(TaskCall)
    case succeeded(JSON)
    case failed(StateError, at: Timestamp)
    case retrying(until: Timestamp)
    case finished
  }

  /// The state the execution is in.
  struct Current: Sendable {
    var state: State
    var input: JSON
    var enteredAt: Timestamp
    var eventID: Int
    /// Retries of each retrier since the state was entered.
    var retries: [Int] = []
    var retryCount = 0
  }

  let definition: StateMachine
  let environment: WorkflowEnvironment
  /// The record as it stands; its status says whether the execution is over.
  package internal(set) var record: ExecutionRecord
  var cursor = Cursor.fresh
  var current: Current?
  var lastEventID = 0
  var unsaved: [HistoryEvent] = []

  /// A new execution.
  package init(
    _ definition: StateMachine, record: ExecutionRecord,
    environment: WorkflowEnvironment = WorkflowEnvironment()
  ) {
    self.definition = definition
    self.record = record
    self.environment = environment
  }

  /// When the whole execution times out.
  package var deadline: Timestamp? {
    definition.timeoutSeconds.map { record.startedAt + .seconds($0) }
  }

  /// The events since the last call, to be kept in their order.
  package mutating func takeEvents() -> [HistoryEvent] {
    defer { unsaved = [] }
    return unsaved
  }

  /// Tells the execution what happened.
  package mutating func event(_ event: Event, at now: Timestamp) -> Action {
    if case .finished = cursor { return .finished }
    if let deadline, now >= deadline { return timeOut(at: now) }
    do throws(StateError) {
      switch event {
      case .start:
        emit(.executionStarted(input: record.input), now)
        cursor = .entering(definition.startAt, record.input)
        return try advance(now)
      case .resume: return try resume(now)
      case .taskSucceeded(let output): return try taskSucceeded(output, now)
      case .taskFailed(let failure):
        return try taskFailed(StateError(failure.error, failure.cause), timedOut: false, now)
      case .taskTimedOut(let isHeartbeat):
        let name = isHeartbeat ? "States.HeartbeatTimeout" : "States.Timeout"
        return try taskFailed(StateError(name, ""), timedOut: true, now)
      case .timerFired: return try timerFired(now)
      case .abort(let error, let cause):
        emit(.executionAborted(error: error, cause: cause), now)
        return close(.aborted, error: StateError(error, cause), now)
      }
    } catch {
      return fail(error, now)
    }
  }

  // MARK: Steps

  /// Runs states one after the other until one has to wait.
  mutating func advance(_ now: Timestamp) throws(StateError) -> Action {
    while true {
      // Room for what one state and the end of the execution can write.
      if lastEventID > StateMachine.Limits.events - 8 { return exhausted(now) }
      switch cursor {
      case .entering(let name, let input): try enter(name, input, now)
      case .inState:
        if let action = try run(now) { return action }
      default: return .finished
      }
      if case .finished = cursor { return .finished }
    }
  }

  private mutating func enter(_ name: String, _ input: JSON, _ now: Timestamp) throws(StateError) {
    guard let state = definition.states[name] else {
      throw StateError("States.Runtime", "there is no state '\(name)'")
    }
    emit(.stateEntered(type: state.typeName, name: name, input: input), now)
    current = Current(state: state, input: input, enteredAt: now, eventID: lastEventID)
    cursor = .inState
  }

  /// Carries out the current state; nil when the execution has moved on.
  private mutating func run(_ now: Timestamp) throws(StateError) -> Action? {
    guard let current else { return .finished }
    let state = current.state
    do throws(StateError) {
      var scope = scope(current.input)
      scope.document = try state.inputPath.apply(scope, field: "InputPath")
      switch state.kind {
      case .pass(let pass):
        var result = pass.result ?? scope.document
        if pass.result == nil, let template = pass.parameters {
          result = try template.value(scope)
        }
        try leave(pass.resultPath.combine(result, into: current.input), state.next, now)
      case .choice(let rules, let otherwise):
        let next = try choose(rules, otherwise, scope)
        try leave(scope.document, .next(next), now)
      case .wait(let wait):
        let until = try moment(wait, scope, current.enteredAt)
        if until > now {
          cursor = .waiting(until: until)
          return .wait(until: earlier(until))
        }
        try leave(scope.document, state.next, now)
      case .succeed: try leave(scope.document, .end, now)
      case .fail(let error, let cause):
        let name = try error.map { value throws(StateError) in try text(value, scope) }
        let reason = try cause.map { value throws(StateError) in try text(value, scope) }
        return fail(StateError(name ?? "", reason ?? ""), now)
      case .task(let task): return try schedule(task, scope, now)
      }
      return nil
    } catch {
      if case .task = state.kind { return try handle(error, at: now, now) }
      throw error
    }
  }

  private func choose(_ rules: [ChoiceRule], _ otherwise: String?, _ scope: EvaluationScope)
    throws(StateError) -> String
  {
    for rule in rules where try rule.test.holds(scope) { return rule.next }
    if let otherwise { return otherwise }
    throw StateError(
      "States.NoChoiceMatched",
      "No Default Choice state has been provided and no Choice rules have matched")
  }

  private func text(_ field: TextField, _ scope: EvaluationScope) throws(StateError) -> String {
    switch field {
    case .literal(let text): return text
    case .path(let expression):
      let value = try expression.value(scope, field: "Path")
      guard let text = value.string else {
        throw StateError(
          "States.Runtime", "'\(expression.written)' is \(value.text), not a text")
      }
      return text
    }
  }

  private func number(_ field: NumberField, _ scope: EvaluationScope) throws(StateError) -> Int {
    switch field {
    case .literal(let number): return number
    case .path(let expression):
      let value = try expression.value(scope, field: "Path")
      guard let number = value.int, (0...99_999_999).contains(number) else {
        throw StateError(
          "States.Runtime", "'\(expression.written)' is \(value.text), not a number of seconds")
      }
      return number
    }
  }

  private func moment(_ wait: WaitFields, _ scope: EvaluationScope, _ enteredAt: Timestamp)
    throws(StateError) -> Timestamp
  {
    switch wait {
    case .seconds(let field): return enteredAt + .seconds(try number(field, scope))
    case .timestamp(let field):
      let written = try text(field, scope)
      guard let moment = ChoiceOperator.timestamp(written) else {
        throw StateError("States.Runtime", "'\(written)' is not a timestamp")
      }
      return moment
    }
  }

  // MARK: Tasks

  mutating func schedule(_ task: TaskFields, _ scope: EvaluationScope, _ now: Timestamp)
    throws(StateError) -> Action
  {
    let input = try task.parameters?.value(scope) ?? scope.document
    try checkSize(input, "input")
    let timeout = try task.timeout.map { field throws(StateError) in try number(field, scope) }
    let heartbeat = try task.heartbeat.map { field throws(StateError) in try number(field, scope) }
    emit(
      .taskScheduled(task.resource, parameters: input, timeout: timeout, heartbeat: heartbeat),
      now)
    emit(.taskStarted(task.resource), now)
    return invoke(call(task.resource, input, timeout, heartbeat))
  }

  func call(_ resource: TaskResource, _ input: JSON, _ timeout: Int?, _ heartbeat: Int?) -> TaskCall
  {
    TaskCall(
      resource: resource, input: input, timeoutSeconds: timeout, heartbeatSeconds: heartbeat,
      executionDeadline: deadline, execution: record.id, state: current?.state.name ?? "",
      retryCount: current?.retryCount ?? 0, executionInput: record.input)
  }

  mutating func invoke(_ call: TaskCall) -> Action {
    cursor = .scheduled(call)
    return .invoke(call)
  }

  private mutating func taskSucceeded(_ output: JSON, _ now: Timestamp) throws(StateError) -> Action
  {
    guard case .scheduled(let call) = cursor else { return try advance(now) }
    do throws(StateError) {
      try checkSize(output, "output")
    } catch {
      emit(.taskFailed(call.resource, error: error.name, cause: error.cause), now)
      return try handle(error, at: now, now)
    }
    emit(.taskSucceeded(call.resource, output: output), now)
    cursor = .succeeded(output)
    return try finishTask(output, now)
  }

  /// Puts a task's result in its place and goes on.
  mutating func finishTask(_ output: JSON, _ now: Timestamp) throws(StateError) -> Action {
    guard let current, case .task(let task) = current.state.kind else { return .finished }
    do throws(StateError) {
      let scope = scope(output)
      let result = try task.resultSelector?.value(scope) ?? output
      try leave(task.resultPath.combine(result, into: current.input), current.state.next, now)
    } catch {
      return try handle(error, at: now, now)
    }
    return try advance(now)
  }

  private mutating func taskFailed(_ error: StateError, timedOut: Bool, _ now: Timestamp)
    throws(StateError) -> Action
  {
    guard case .scheduled(let call) = cursor else { return try advance(now) }
    emit(
      timedOut
        ? .taskTimedOut(call.resource, error: error.name, cause: error.cause)
        : .taskFailed(call.resource, error: error.name, cause: error.cause), now)
    return try handle(error, at: now, now)
  }

  private mutating func timerFired(_ now: Timestamp) throws(StateError) -> Action {
    switch cursor {
    case .waiting(let until), .retrying(let until):
      if now < until { return .wait(until: earlier(until)) }
      cursor = .inState
      return try advance(now)
    default: return try resume(now)
    }
  }
}
