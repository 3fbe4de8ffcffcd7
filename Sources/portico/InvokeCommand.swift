import ArgumentParser
import Diagnostics
import Foundation
import JSON
import Time
import Workflows

/// `portico invoke`: one function with one event, or one run of a state machine, without a socket.
struct InvokeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "invoke",
    abstract: "Run one function with one event, or a state machine to its end.",
    usage: """
      portico invoke NAME --event FILE
      portico invoke --workflow FILE --event FILE [--substitute NAME=VALUE ...] [--mocks FILE]
      """,
    discussion: """
      A function behind a route takes an event of API Gateway; one that a state machine calls takes \
      the state's input.
      A state machine calls the functions of this project; --mocks answers for its other tasks. Its \
      waits are waited, Ctrl-C ends it as ABORTED.
      Exit codes: 0 the function answered or the execution SUCCEEDED, 1 it failed, timed out, was \
      aborted or could not be run.
      """)

  @Argument(help: "The function, such as StockCheckerFunction.")
  var name: String?
  @Option(
    help: "A file with the event or the machine's input; '-' reads stdin.")
  var event: String
  @OptionGroup(title: "State machine") var workflow: WorkflowOptions
  @Option(help: "Folder of the store; otherwise store.folder (var).")
  var data: String?
  @Option(help: "The settings file.")
  var config = "portico.yaml"

  func validate() throws {
    if (name == nil) == (workflow.file == nil) {
      throw ValidationError("name either a function or a state machine by --workflow")
    }
  }

  func run() async throws {
    do {
      let clock = SystemClock()
      if let file = workflow.file {
        return try await runWorkflow(file, clock)
      }
      let input = try readEvent()
      guard input.object != nil else {
        throw Diagnostic(
          .eventMalformed, "the event is no object", at: Place(file: event),
          remedy: "write one JSON object, as API Gateway sends it")
      }
      let functions = try await openFunctions(clock)
      let outcome = await Self.outcome(of: name ?? "", input, functions)
      try await functions.close()
      Terminal.write(try outcome.get().prettyText + "\n")
    } catch let code as ExitCode {
      throw code
    } catch {
      throw CommandFailure.report(error, json: workflow.json)
    }
  }

  /// The project's functions over its store.
  func openFunctions(_ clock: any TimeSource) async throws -> FunctionBinding {
    var overrides: [String: String] = [:]
    if let data { overrides["store.folder"] = data }
    let project = try Project.load(Project.Options(config: config, overrides: overrides))
    let assembly = ServeAssembly(
      project: project, isProduction: false, clock: clock,
      log: { Terminal.writeError($0 + "\n") })
    return FunctionBinding(parts: try await assembly.parts(), clock: clock)
  }

  private static func outcome(
    of name: String, _ input: JSON, _ functions: FunctionBinding
  ) async -> Result<JSON, any Error> {
    do {
      if let answer = try await functions.invoke(name, input, caller: input["user"]?.string) {
        return .success(answer)
      }
    } catch let failure as TaskFailure {
      return .failure(
        Diagnostic(
          .functionFailed, "'\(name)' failed with \(failure.error): \(failure.cause)",
          remedy: "give it what the state gives it, with 'user', 'side', 'symbol' and 'quantity'"))
    } catch {
      return .failure(error)
    }
    let near = Suggestion.nearest(to: name, among: functions.names)
    return .failure(
      Diagnostic(
        .unknownFunction, "there is no function '\(name)'",
        remedy: near.map { "did you mean '\($0)'?" }
          ?? "one of \(functions.names.joined(separator: ", "))"))
  }

  func readEvent() throws -> JSON {
    let data =
      event == "-"
      ? FileHandle.standardInput.readDataToEndOfFile()
      : FileManager.default.contents(atPath: event)
    guard let data else {
      throw Diagnostic(
        .documentMissing, "there is no event '\(event)'", at: Place(file: event),
        remedy: "name a file with one event")
    }
    let bytes = [UInt8](data)
    do {
      return try JSON(parsing: bytes)
    } catch {
      throw Diagnostic(
        .eventMalformed, "the event is not JSON: \(error.reason)",
        at: Place(file: event, text: bytes, offset: error.offset),
        remedy: "write one JSON object, as API Gateway sends it")
    }
  }
}

extension DiagnosticCode {
  /// A function that no part of the program has.
  static let unknownFunction: DiagnosticCode = "S007"
  /// An event that is not JSON.
  static let eventMalformed: DiagnosticCode = "S008"
  /// A function of a state machine that failed with an error of its own.
  static let functionFailed: DiagnosticCode = "S009"
  /// An execution that did not succeed.
  static let executionNotSucceeded: DiagnosticCode = "S011"
}
