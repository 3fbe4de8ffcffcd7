import JSON
import Time

/// Owns running executions: carries out what the machine says with a clock, a task invoker and a
/// log.
package struct WorkflowRunner: Sendable {
  /// When events are kept.
  package enum Recording: Sendable, Hashable {
    /// Before every task and every wait: after a crash the execution goes on where it was.
    case eachStep
    /// With the end, or in a task's own commit: few commits; after a crash the execution begins
    /// again, so its tasks must know what they did already under the execution's name.
    case atEnd
  }

  let machine: StateMachine
  let log: any ExecutionLog
  let clock: any TimeSource
  let environment: WorkflowEnvironment
  let recording: Recording
  let invoke: TaskInvoker
  private let watch: LimitWatch

  package init(
    _ machine: StateMachine, log: any ExecutionLog, clock: any TimeSource,
    environment: WorkflowEnvironment = WorkflowEnvironment(), recording: Recording = .eachStep,
    invoke: @escaping TaskInvoker
  ) {
    self.machine = machine
    self.log = log
    self.clock = clock
    self.environment = environment
    self.recording = recording
    self.invoke = invoke
    watch = LimitWatch(clock: clock)
  }

  /// Why an execution did not start.
  package enum Refusal: Error, Sendable, Hashable {
    /// The name was used with another input, or by an execution that has ended.
    case alreadyExists(ExecutionRecord)
    /// The name is not one that AWS takes.
    case invalidName(String)
    /// The input is over 262,144 bytes.
    case inputTooLarge
    /// There is no such execution.
    case unknown(ExecutionID)
  }

  /// What `begin` answers.
  package enum Beginning: Sendable {
    case new(ExecutionRecord)
    /// It runs already, with the same input.
    case running(ExecutionRecord)
  }

  /// Keeps a new execution without carrying it out yet.
  ///
  /// Names are idempotent as AWS's Standard workflows have it: the same name with the same input is
  /// the same execution while it runs, anything else is `alreadyExists`.
  package func begin(_ name: String, input: JSON) async throws -> Beginning {
    guard StateMachine.isName(name) else { throw Refusal.invalidName(name) }
    guard input.fits(StateMachine.Limits.payloadBytes) else { throw Refusal.inputTooLarge }
    let record = ExecutionRecord(
      id: ExecutionID(machine: machine.name, name: name), input: input, startedAt: clock.now())
    switch try await log.start(record) {
    case .new: return .new(record)
    case .existing(let existing):
      guard existing.status == .running, existing.input == input else {
        throw Refusal.alreadyExists(existing)
      }
      return .running(existing)
    }
  }

  /// Carries out an execution that `begin` has kept, and answers its end.
  package func carryOut(_ record: ExecutionRecord) async throws -> ExecutionRecord {
    let execution = ExecutionMachine(machine, record: record, environment: environment)
    return try await drive(execution, .start)
  }

  /// Begins an execution and carries it out; one that runs already is answered as it stands.
  package func run(_ name: String, input: JSON) async throws -> ExecutionRecord {
    switch try await begin(name, input: input) {
    case .new(let record): try await carryOut(record)
    case .running(let record): record
    }
  }

  /// Goes on with an execution after a crash.
  package func resume(_ name: String) async throws -> ExecutionRecord {
    let id = ExecutionID(machine: machine.name, name: name)
    guard let kept = try await log.load(id) else { throw Refusal.unknown(id) }
    let execution = ExecutionMachine(
      machine, record: kept.record, events: kept.events, environment: environment)
    return try await drive(execution, .resume)
  }

  /// Ends an execution that nobody carries out any more as ABORTED, as StopExecution does; one that
  /// has ended is answered as it is.
  package func abort(_ name: String, error: String, cause: String) async throws -> ExecutionRecord {
    let id = ExecutionID(machine: machine.name, name: name)
    guard let kept = try await log.load(id) else { throw Refusal.unknown(id) }
    guard kept.record.status == .running else { return kept.record }
    var execution = ExecutionMachine(
      machine, record: kept.record, events: kept.events, environment: environment)
    _ = execution.event(.abort(error: error, cause: cause), at: clock.now())
    try await log.finish(execution.record, with: execution.takeEvents())
    return execution.record
  }

  // MARK: Driving

  private func drive(_ execution: ExecutionMachine, _ first: ExecutionMachine.Event) async throws
    -> ExecutionRecord
  {
    var execution = execution
    let pending = PendingEvents()
    var event = first
    while true {
      let action = execution.event(event, at: clock.now())
      pending.add(execution.takeEvents())
      switch action {
      case .finished:
        try await log.finish(execution.record, with: pending.take())
        return execution.record
      case .wait(let until):
        try await keep(pending, execution.record.id)
        try await clock.sleep(for: until - clock.now())
        event = .timerFired
      case .invoke(let call):
        try await keep(pending, execution.record.id)
        event = try await perform(call, pending)
      }
    }
  }

  private func keep(_ pending: PendingEvents, _ id: ExecutionID) async throws {
    guard recording == .eachStep else { return }
    let events = pending.take()
    if !events.isEmpty { try await log.append(events, to: id) }
  }

  /// The task against its time limits: whoever is first decides.
  private func perform(_ call: TaskCall, _ pending: PendingEvents) async throws
    -> ExecutionMachine.Event
  {
    let limits = TaskLimits(call, startedAt: clock.now())
    let context = TaskContext(
      execution: call.execution, state: call.state, retryCount: call.retryCount,
      executionInput: call.executionInput, pending: pending)
    guard let limit = limits.first else { return try await outcome(call, context) }
    return try await withThrowingTaskGroup(of: ExecutionMachine.Event?.self) { group in
      group.addTask { try await outcome(call, context) }
      group.addTask { await watch.expiry(limit) }
      defer { group.cancelAll() }
      while let first = try await group.next() {
        // The watch gives up without a word when this execution is cancelled.
        if let first { return first }
      }
      throw CancellationError()
    }
  }

  private func outcome(_ call: TaskCall, _ context: TaskContext) async throws
    -> ExecutionMachine.Event
  {
    do {
      return .taskSucceeded(try await invoke(call.resource, call.input, context))
    } catch let failure as TaskFailure {
      return .taskFailed(failure)
    } catch is CancellationError {
      // The program is ending: the execution stays unfinished and is resumed.
      throw CancellationError()
    } catch {
      return .taskFailed(TaskFailure("States.TaskFailed", cause: "\(error)"))
    }
  }
}

/// The moments at which a running task is given up.
struct TaskLimits: Sendable {
  /// A moment, and what it means.
  struct Limit: Sendable {
    var moment: Timestamp
    var event: ExecutionMachine.Event
  }

  /// The one that comes first; nil when there is none.
  let first: Limit?

  init(_ call: TaskCall, startedAt: Timestamp) {
    var limits: [Limit] = []
    if let deadline = call.executionDeadline {
      limits.append(Limit(moment: deadline, event: .timerFired))
    }
    if let seconds = call.timeoutSeconds {
      let moment = startedAt + .seconds(seconds)
      limits.append(Limit(moment: moment, event: .taskTimedOut(isHeartbeat: false)))
    }
    // Functions send no heartbeat, as those of Lambda cannot: the first one is missed already.
    if let seconds = call.heartbeatSeconds {
      let moment = startedAt + .seconds(seconds)
      limits.append(Limit(moment: moment, event: .taskTimedOut(isHeartbeat: true)))
    }
    first = limits.min { $0.moment < $1.moment }
  }
}
