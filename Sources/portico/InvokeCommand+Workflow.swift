import ArgumentParser
import Diagnostics
import Foundation
import JSON
import Store
import Synchronization
import Time
import Trading
import Workflows

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What `portico invoke --workflow` is told beside the input.
struct WorkflowOptions: ParsableArguments {
  @Option(
    name: .customLong("workflow"), help: "A file in Amazon States Language; runs it to its end.")
  var file: String?
  @Option(
    name: .customLong("substitute"),
    help: "NAME=VALUE for each '${NAME}' of the file, as SAM's DefinitionSubstitutions; repeatable."
  )
  var substitutions: [String] = []
  @Option(
    help: "Answers that stand for tasks, in the mock file's form of AWS Step Functions Local.")
  var mocks: String?
  @Option(name: .customLong("case"), help: "The test case of the mocks, if there are several.")
  var testCase: String?
  @Flag(help: "Print the execution and its history in AWS's shapes instead of the output.")
  var json = false

  func validate() throws {
    if file == nil, !substitutions.isEmpty || mocks != nil || testCase != nil || json {
      throw ValidationError("--substitute, --mocks, --case and --json go with --workflow")
    }
    if mocks == nil, testCase != nil { throw ValidationError("--case goes with --mocks") }
    _ = try named()
  }

  /// The substitutions by their names.
  func named() throws -> [String: String] {
    var values: [String: String] = [:]
    for substitution in substitutions {
      let parts = substitution.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw ValidationError("'\(substitution)' is not of the form NAME=VALUE")
      }
      guard values.updateValue(String(parts[1]), forKey: String(parts[0])) == nil else {
        throw ValidationError("'\(parts[0])' is substituted twice")
      }
    }
    return values
  }
}

extension InvokeCommand {
  /// Everything is examined before the store is opened; it is opened only for tasks without a mock.
  func runWorkflow(_ path: String, _ clock: any TimeSource) async throws {
    let machine = try machine(path)
    let mocks = try mocks(machine)
    let unbound = machine.unboundTasks(
      file: path, functions: ServeAssembly.capabilities.keys, mocks: mocks)
    if !unbound.isEmpty { throw DiagnosticList(unbound) }
    let input = try readEvent()
    let signals = Signals()
    let needsProject = machine.tasks.contains { mocks?.covers($0.state) != true }
    let functions = needsProject ? try await openFunctions(clock) : nil
    let tasks = WorkflowTasks(mocks: mocks, functions: functions)
    let log = ExecutionProgress(
      MemoryExecutionLog(), show: isatty(2) == 1 ? Terminal.writeError : nil)
    let runner = WorkflowRunner(
      machine, log: log, clock: clock, environment: TradeExecutions.environment
    ) { try await tasks.carryOut($0, $1, $2) }
    let outcome: Result<ExecutionRecord, any Error>
    do {
      outcome = .success(try await Self.run(runner, input, until: signals))
    } catch {
      outcome = .failure(error)
    }
    try await functions?.close()
    let record = try Self.explained(outcome, input: event)
    try show(record, try await log.load(record.id)?.events ?? [])
  }

  private func machine(_ path: String) throws -> StateMachine {
    let values = try workflow.named()
    let file = try WorkflowFile(
      path,
      missing: Diagnostic(
        .documentMissing, "there is no state machine '\(path)'", at: Place(file: path),
        remedy: "name a file in Amazon States Language"))
    let substitutions = DefinitionSubstitutions(values)
    let unused = substitutions.unused(in: file.bytes, file: path)
    if !unused.isEmpty { throw DiagnosticList(unused) }
    return try file.machine(substitutions)
  }

  private func mocks(_ machine: StateMachine) throws -> MockedTasks? {
    guard let path = workflow.mocks else { return nil }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Diagnostic(
        .documentMissing, "there is no file of mocks '\(path)'", at: Place(file: path),
        remedy: "name a file in the form of AWS Step Functions Local")
    }
    return try MockedTasks(
      parsing: [UInt8](data), file: path, for: machine, testCase: workflow.testCase)
  }

  /// Runs the machine to its end, or to the first signal, which aborts it.
  private static func run(
    _ runner: WorkflowRunner, _ input: JSON, until signals: Signals
  ) async throws -> ExecutionRecord {
    let name = UUID().uuidString.lowercased()
    return try await withThrowingTaskGroup(of: ExecutionRecord?.self) { group in
      group.addTask { try await runner.run(name, input: input) }
      group.addTask {
        await signals.termination()
        return nil
      }
      defer { group.cancelAll() }
      if let first = try await group.next(), let record = first { return record }
      group.cancelAll()
      do {
        // It may have come to its end all the same.
        if let last = try await group.next(), let record = last { return record }
      } catch is CancellationError {
        // Where it was given up it is aborted.
      }
      return try await runner.abort(
        name, error: "Interrupted", cause: "The program was asked to end.")
    }
  }

  private static func explained(
    _ outcome: Result<ExecutionRecord, any Error>, input: String
  ) throws -> ExecutionRecord {
    do {
      return try outcome.get()
    } catch WorkflowRunner.Refusal.inputTooLarge {
      throw Diagnostic(
        .workflowLimit, "the input is over \(StateMachine.Limits.payloadBytes) bytes",
        at: Place(file: input))
    }
  }

  private func show(_ record: ExecutionRecord, _ events: [HistoryEvent]) throws {
    if workflow.json {
      let document: JSON = [
        "execution": record.json, "history": ["events": .array(events.map(\.json))],
      ]
      Terminal.write(document.prettyText + "\n")
    } else if let output = record.output {
      Terminal.write(output.prettyText + "\n")
    }
    if record.status == .succeeded { return }
    let reason = [record.error, record.cause].compactMap(\.self).joined(separator: ": ")
    throw Diagnostic(
      .executionNotSucceeded,
      "the execution ended as \(record.status.rawValue)"
        + (reason.isEmpty ? "" : " with \(reason)"),
      remedy: "look at the events that lead there, by --json")
  }
}

/// Carries out the tasks of a state machine: a mock where there is one, the project otherwise.
private final class WorkflowTasks: Sendable {
  private let mocks: MockedTasks?
  private let functions: FunctionBinding?
  /// Tasks that were called, each with its repetitions counted once.
  private let begun = Mutex(0)

  init(mocks: MockedTasks?, functions: FunctionBinding?) {
    self.mocks = mocks
    self.functions = functions
  }

  func carryOut(_ resource: TaskResource, _ input: JSON, _ context: TaskContext) async throws
    -> JSON
  {
    // A function may not notice that the program is ending; the next one does not begin.
    try Task.checkCancellation()
    if context.retryCount == 0 { begun.withLock { $0 += 1 } }
    do {
      if let answer = try mocks?.next(context.state) { return answer }
      if resource == .dynamoDBPutItem { return try await put(input) }
      guard let (name, payload) = resource.call(input) else {
        throw TaskFailure("Lambda.ValidationException", cause: "FunctionName names no function")
      }
      return resource.result(try await call(name, payload, context))
    } catch {
      try Task.checkCancellation()
      throw error
    }
  }

  /// For the user who began the execution, as `serve` has it, whatever name the document puts into
  /// the payload.
  private func call(_ name: String, _ payload: JSON, _ context: TaskContext) async throws -> JSON {
    var payload = payload
    // What a trade is not done twice by, when its state is tried again; another one has another.
    if case .object(var object) = payload, object["executionId"] == nil,
      functions?.parts.trading.taskFunctions[name] != nil
    {
      object["executionId"] = .string("\(context.execution.name)-\(begun.withLock { $0 })")
      payload = .object(object)
    }
    let caller = context.executionInput["user"]?.string
    guard let answer = try await functions?.invoke(name, payload, caller: caller) else {
      throw TaskFailure(
        "Lambda.ResourceNotFoundException", cause: "Function not found: \(name)")
    }
    return answer
  }

  /// `dynamodb:putItem`: an item of the one table, by the rules of `portico store import`.
  private func put(_ input: JSON) async throws -> JSON {
    let item: Item
    do throws(ImportFault) {
      item = try Item(singleTable: try AttributeValue.attributes(input["Item"] ?? .null))
    } catch {
      let place = (["Item"] + error.path).joined(separator: ".")
      throw TaskFailure("DynamoDB.AmazonDynamoDBException", cause: "\(place): \(error.reason)")
    }
    try await functions?.parts.store.write(.put(item))
    return ["SdkHttpMetadata": ["HttpStatusCode": 200]]
  }
}
