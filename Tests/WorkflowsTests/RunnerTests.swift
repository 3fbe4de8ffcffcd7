import Diagnostics
import JSON
import Synchronization
import TestSupport
import Testing
import Time

@testable import Workflows

/// A runner with a manual clock, a log in memory, and a list of what was called.
private final class Bench: Sendable {
  let clock = ManualClock()
  let log = MemoryExecutionLog()
  let calls = Mutex<[String]>([])

  func runner(
    _ definition: JSON, recording: WorkflowRunner.Recording = .eachStep,
    _ body: @escaping @Sendable (Bench, JSON, TaskContext) async throws -> JSON
  ) throws -> WorkflowRunner {
    WorkflowRunner(
      try StateMachine(definition, name: "m", file: "m"), log: log, clock: clock,
      environment: .fixed(), recording: recording
    ) { resource, input, context in
      self.calls.withLock { $0.append(context.state) }
      return try await body(self, input, context)
    }
  }

  /// Moves the clock whenever somebody sleeps, until the work is done.
  func whileAdvancing<Value: Sendable>(
    by step: Duration = .seconds(1), _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await work() }
      group.addTask {
        while !Task.isCancelled {
          if self.clock.sleeping > 0 { self.clock.advance(by: step) }
          await Task.yield()
        }
        return nil
      }
      defer { group.cancelAll() }
      while let value = try await group.next() {
        if let value { return value }
      }
      throw CancellationError()
    }
  }
}

private let oneTask: JSON = [
  "StartAt": "A", "States": ["A": ["Type": "Task", "Resource": "F", "End": true]],
]

private func oneTask(_ more: (String, JSON)...) -> JSON {
  var state: JSONObject = ["Type": "Task", "Resource": "F", "End": true]
  for (name, value) in more { state[name] = value }
  return ["StartAt": "A", "States": ["A": .object(state)]]
}

@Suite("Workflow runner")
struct RunnerTests {
  @Test func `an execution runs and its history is kept`() async throws {
    let bench = Bench()
    let runner = try bench.runner(oneTask) { _, input, _ in ["got": input] }
    let record = try await runner.run("one", input: 5)
    #expect(record.status == .succeeded)
    #expect(record.output == ["got": 5])
    let kept = try await bench.log.load(record.id)
    #expect(kept?.record == record)
    #expect(kept?.events.count == 7)
    #expect(try await bench.log.unfinished().isEmpty)
  }

  @Test func `a name is used once`() async throws {
    let bench = Bench()
    let runner = try bench.runner(oneTask) { _, _, _ in 1 }
    guard case .new(let record) = try await runner.begin("n", input: 1) else {
      Issue.record("the first is not new")
      return
    }
    guard case .running = try await runner.begin("n", input: 1) else {
      Issue.record("the same name and input is not the same execution")
      return
    }
    await #expect(throws: WorkflowRunner.Refusal.alreadyExists(record)) {
      _ = try await runner.begin("n", input: 2)
    }
    let ended = try await runner.carryOut(record)
    await #expect(throws: WorkflowRunner.Refusal.alreadyExists(ended)) {
      _ = try await runner.run("n", input: 1)
    }
    #expect(bench.calls.withLock { $0.count } == 1)
  }

  @Test func `wrong names and large inputs are refused`() async throws {
    let runner = try Bench().runner(oneTask) { _, _, _ in 1 }
    await #expect(throws: WorkflowRunner.Refusal.invalidName("a b")) {
      _ = try await runner.run("a b", input: 1)
    }
    let large = JSON.string(String(repeating: "x", count: StateMachine.Limits.payloadBytes))
    await #expect(throws: WorkflowRunner.Refusal.inputTooLarge) {
      _ = try await runner.run("large", input: large)
    }
  }

  @Test func `retries wait on the clock`() async throws {
    let bench = Bench()
    let definition = oneTask(("Retry", [["ErrorEquals": ["Busy"], "IntervalSeconds": 30]]))
    let runner = try bench.runner(definition) { bench, _, _ in
      if bench.calls.withLock({ $0.count }) < 3 { throw TaskFailure("Busy") }
      return "done"
    }
    let start = bench.clock.now()
    let record = try await bench.whileAdvancing { try await runner.run("r", input: [:]) }
    #expect(record.output == "done")
    // 30 s, then 60 s.
    #expect(bench.clock.now() >= start + .seconds(90))
    #expect(bench.clock.now() <= start + .seconds(92))
  }

  @Test func `a task that hangs times out and is cancelled`() async throws {
    let bench = Bench()
    let runner = try bench.runner(oneTask(("TimeoutSeconds", 5))) { bench, _, _ in
      try await bench.clock.sleep(for: .seconds(1000))
      return 1
    }
    let record = try await bench.whileAdvancing { try await runner.run("t", input: [:]) }
    #expect(record.status == .failed)
    #expect(record.error == "States.Timeout")
    #expect(bench.clock.sleeping == 0)
  }

  @Test func `a function sends no heartbeat, so the first one is missed`() async throws {
    let bench = Bench()
    let definition = oneTask(("TimeoutSeconds", 100), ("HeartbeatSeconds", 5))
    let runner = try bench.runner(definition) { bench, input, _ in
      try await bench.clock.sleep(for: .seconds(input == 0 ? 50 : 4))
      return "alive"
    }
    let alive = try await bench.whileAdvancing { try await runner.run("a", input: 5) }
    #expect(alive.output == "alive")
    let dead = try await bench.whileAdvancing { try await runner.run("d", input: 0) }
    #expect(dead.error == "States.HeartbeatTimeout")
  }

  @Test func `an unknown error of a function is a failed task`() async throws {
    struct Odd: Error {}
    let runner = try Bench().runner(oneTask) { _, _, _ in throw Odd() }
    let record = try await runner.run("o", input: [:])
    #expect(record.error == "States.TaskFailed")
  }

  @Test func `an interrupted execution is resumed once`() async throws {
    let bench = Bench()
    let definition: JSON = [
      "StartAt": "A",
      "States": [
        "A": ["Type": "Task", "Resource": "F", "Next": "B"],
        "B": ["Type": "Task", "Resource": "F", "End": true],
      ],
    ]
    let crashing = try bench.runner(definition) { _, _, context in
      if context.state == "B" { throw CancellationError() }
      return "a"
    }
    await #expect(throws: CancellationError.self) { _ = try await crashing.run("x", input: 0) }
    #expect(try await bench.log.unfinished().count == 1)
    let healthy = try bench.runner(definition) { _, input, context in
      ["state": .string(context.state), "input": input]
    }
    let resumed = try await healthy.resume("x")
    #expect(resumed.output == ["state": "B", "input": "a"])
    #expect(bench.calls.withLock { $0 } == ["A", "B", "B"])
    #expect(try await bench.log.unfinished().isEmpty)
  }

  @Test func `an execution that was given up is aborted once`() async throws {
    let bench = Bench()
    let crashing = try bench.runner(oneTask) { _, _, _ in throw CancellationError() }
    await #expect(throws: CancellationError.self) { _ = try await crashing.run("x", input: 0) }
    let record = try await crashing.abort("x", error: "Stop", cause: "asked")
    #expect(record.status == .aborted)
    #expect(record.error == "Stop" && record.cause == "asked")
    let events = try #require(try await bench.log.load(record.id)).events
    #expect(events.map(\.id) == Array(1...5))
    #expect(events.last?.type == "ExecutionAborted")
    #expect(try await crashing.abort("x", error: "again", cause: "") == record)
    await #expect(throws: WorkflowRunner.Refusal.self) {
      _ = try await crashing.abort("y", error: "", cause: "")
    }
  }

  @Test func `events wait for the end, or for a task's own commit`() async throws {
    let bench = Bench()
    let taken = Mutex<[HistoryEvent]>([])
    let runner = try bench.runner(oneTask, recording: .atEnd) { bench, _, context in
      let kept = try await bench.log.load(context.execution)
      #expect(kept?.events.isEmpty == true)
      let events = context.pending.take()
      #expect(events.map(\.type).last == "LambdaFunctionStarted")
      context.pending.putBack(events)
      let again = context.pending.take()
      #expect(again == events)
      taken.withLock { $0 = again }
      // As a transaction of the task's own would.
      try await bench.log.append(again, to: context.execution)
      return 1
    }
    let record = try await runner.run("e", input: [:])
    let kept = try await bench.log.load(record.id)
    #expect(kept?.events.map(\.id) == Array(1...7))
    #expect(taken.withLock { $0.count } == 4)
  }

  @Test func `the memory log forgets ended executions first`() async throws {
    let log = MemoryExecutionLog(executionsMost: 2)
    func record(_ name: String) -> ExecutionRecord {
      ExecutionRecord(
        id: ExecutionID(machine: "m", name: name), input: 1, startedAt: Timestamp(seconds: 0))
    }
    _ = try await log.start(record("running"))
    var ended = record("ended")
    _ = try await log.start(ended)
    ended.status = .succeeded
    try await log.finish(ended, with: [])
    _ = try await log.start(record("new"))
    #expect(try await log.load(ended.id) == nil)
    #expect(try await log.load(record("running").id) != nil)
  }
}

@Suite("The shipped state machine")
struct StockTraderTests {
  private func runner(
    _ bench: Bench, _ body: @escaping @Sendable (TaskContext) throws -> JSON
  ) throws -> WorkflowRunner {
    let path = "site/workflows/stock-trader.asl.json"
    let machine = try StateMachine(
      parsing: Array(Repository.text(path).utf8), name: "stock-trader", file: path)
    return WorkflowRunner(
      machine, log: bench.log, clock: bench.clock, environment: .fixed(), recording: .atEnd
    ) { _, _, context in
      bench.calls.withLock { $0.append(context.state) }
      return try body(context)
    }
  }

  private let input: JSON = ["symbol": "GOOGL", "quantity": 5, "side": "buy"]

  @Test func `a trade is validated, executed and recorded`() async throws {
    let bench = Bench()
    let runner = try runner(bench) { .string($0.state) }
    let record = try await runner.run("t", input: input)
    #expect(record.status == .succeeded)
    #expect(record.output?["trade"] == "ExecuteTrade")
    #expect(record.output?["record"] == "RecordTransaction")
    #expect(record.output?["symbol"] == "GOOGL")
  }

  @Test(
    arguments: ["ValidationError", "InsufficientFunds", "InsufficientShares", "PriceMoved"],
    ["ValidateTrade", "ExecuteTrade"])
  func `a rejection ends with its own name`(error: String, state: String) async throws {
    let bench = Bench()
    let runner = try runner(bench) {
      if $0.state == state { throw TaskFailure(error, cause: "why") }
      return [:]
    }
    let record = try await runner.run("t", input: input)
    #expect(record.status == .failed)
    #expect(record.error == error)
    #expect(record.cause == "why")
  }

  @Test func `a conflict is tried again`() async throws {
    let bench = Bench()
    let runner = try runner(bench) {
      if $0.state == "ExecuteTrade", $0.retryCount < 3 { throw TaskFailure("Conflict") }
      return [:]
    }
    let record = try await bench.whileAdvancing { try await runner.run("t", input: input) }
    #expect(record.status == .succeeded)
    #expect(bench.calls.withLock { $0.filter { $0 == "ExecuteTrade" }.count } == 4)
  }

  @Test func `a trade stands when it cannot be recorded`() async throws {
    let bench = Bench()
    let runner = try runner(bench) {
      if $0.state == "RecordTransaction" { throw TaskFailure("Away") }
      return .string($0.state)
    }
    let record = try await bench.whileAdvancing { try await runner.run("t", input: input) }
    #expect(record.status == .succeeded)
    #expect(record.output?["trade"] == "ExecuteTrade")
    #expect(record.output?["record"]?["recorded"] == false)
    #expect(record.output?["recordError"]?["Error"] == "Away")
  }
}
