import Diagnostics
import Foundation
import JSON
import TestSupport
import Time

@testable import Workflows

/// Files of `Cases`, read as JSON.
enum Cases {
  static let folder = "Tests/WorkflowsTests/Cases"

  static func read(_ name: String) throws -> JSON {
    try JSON(parsing: Repository.text("\(folder)/\(name)"))
  }

  static func list(_ name: String) -> [JSON] { (try? read(name))?.array ?? [] }

  static let machines = Repository.files(under: "\(folder)/machines", ending: ".json").compactMap {
    $0.split(separator: "/").last.map(String.init)
  }
}

extension WorkflowEnvironment {
  /// Chance that always says the same; a digest that is the text "hello".
  static func fixed(_ bits: UInt64 = 0) -> WorkflowEnvironment {
    WorkflowEnvironment(
      randomBits: { bits },
      digest: { algorithm, _ in algorithm == "CRC" ? nil : Array("hello".utf8) })
  }
}

/// A case of `Cases/machines`: definition, input, what the tasks answer, what is expected.
struct MachineCase {
  let definition: StateMachine
  let input: JSON
  let tasks: JSON
  let expect: JSON

  init(_ name: String) throws {
    let json = try Cases.read("machines/\(name)")
    definition = try StateMachine(json["definition"] ?? .null, name: "machine", file: name)
    input = json["input"] ?? .null
    tasks = json["tasks"] ?? [:]
    expect = json["expect"] ?? [:]
  }

  var environment: WorkflowEnvironment {
    .fixed(expect["random"]?.number.flatMap { UInt64($0.text) } ?? 0)
  }

  var record: ExecutionRecord {
    ExecutionRecord(
      id: ExecutionID(machine: "machine", name: "case"), input: input,
      startedAt: Timestamp(seconds: 1_780_000_000))
  }
}

/// Drives an execution to its end on a clock that is only a number.
struct Drive {
  var execution: ExecutionMachine
  var now = Timestamp(seconds: 1_780_000_000)
  let tasks: JSON
  /// How many answers of each state's list were used.
  var used: [String: Int] = [:]
  var events: [HistoryEvent] = []
  var waits: [Int] = []
  var calls: [JSON] = []

  init(_ machineCase: MachineCase) {
    execution = ExecutionMachine(
      machineCase.definition, record: machineCase.record, environment: machineCase.environment)
    tasks = machineCase.tasks
  }

  /// Goes on behind these events.
  init(_ machineCase: MachineCase, after kept: [HistoryEvent]) {
    execution = ExecutionMachine(
      machineCase.definition, record: machineCase.record, events: kept,
      environment: machineCase.environment)
    tasks = machineCase.tasks
    events = kept
    now = kept.last?.timestamp ?? now
    var current = ""
    for event in kept {
      if case .stateEntered(_, let name, _) = event.kind { current = name }
      switch event.kind {
      case .taskSucceeded, .taskFailed, .taskTimedOut: used[current, default: 0] += 1
      default: break
      }
    }
  }

  mutating func run(_ first: ExecutionMachine.Event = .start) {
    var event = first
    while true {
      let action = execution.event(event, at: now)
      events += execution.takeEvents()
      switch action {
      case .finished: return
      case .wait(let until):
        pass(until: until)
        event = .timerFired
      case .invoke(let call):
        calls.append(call.input)
        event = answer(call)
      }
    }
  }

  private mutating func pass(until moment: Timestamp) {
    waits.append((moment - now).wholeMilliseconds)
    now = max(now, moment)
  }

  private mutating func answer(_ call: TaskCall) -> ExecutionMachine.Event {
    let answer = tasks[call.state]?[used[call.state, default: 0]] ?? [:]
    used[call.state, default: 0] += 1
    if answer["hang"] == true {
      let timeout = call.timeoutSeconds ?? .max
      let beat = call.heartbeatSeconds ?? .max
      let limit = min(timeout, beat)
      let expiry = limit == .max ? call.executionDeadline ?? now : now + .seconds(limit)
      pass(until: expiry)
      return limit == .max ? .timerFired : .taskTimedOut(isHeartbeat: beat < timeout)
    }
    if let error = answer["error"]?.string {
      return .taskFailed(TaskFailure(error, cause: answer["cause"]?.string ?? ""))
    }
    if let bytes = answer["outputBytes"]?.int {
      return .taskSucceeded(.string(String(repeating: "x", count: bytes - 2)))
    }
    return .taskSucceeded(answer["output"] ?? .null)
  }
}

extension [HistoryEvent] {
  /// States in the order they were entered.
  var states: [String] {
    compactMap { event in
      if case .stateEntered(_, let name, _) = event.kind { return name }
      return nil
    }
  }
}
