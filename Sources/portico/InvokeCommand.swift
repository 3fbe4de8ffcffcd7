import Accounts
import ArgumentParser
import Diagnostics
import Foundation
import Gateway
import JSON
import Store
import Time
import Trading
import Workflows

/// `portico invoke NAME --event FILE`: one function, one event, without a socket.
struct InvokeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "invoke",
    abstract: "Run one function with one event.",
    discussion: """
      A function behind a route takes an event of API Gateway; one that a state machine calls takes \
      the state's input.
      Exit codes: 0 the function answered, 1 it failed or could not be run.
      """)

  @Argument(help: "The function, such as StockCheckerFunction.")
  var name: String
  @Option(
    help: "A file with the event (payload format 1.0 or 2.0, or a state's input); '-' reads stdin.")
  var event: String
  @Option(help: "Folder of the store; otherwise store.folder (var).")
  var data: String?
  @Option(help: "The settings file.")
  var config = "portico.yaml"

  func run() async throws {
    do {
      var overrides: [String: String] = [:]
      if let data { overrides["store.folder"] = data }
      let project = try Project.load(Project.Options(config: config, overrides: overrides))
      let clock = SystemClock()
      let assembly = ServeAssembly(
        project: project, isProduction: false, clock: clock,
        log: { Terminal.writeError($0 + "\n") })
      let input = try readEvent()
      let parts = try await assembly.parts()
      defer { parts.accounts.stop() }
      let outcome = await Self.outcome(of: name, input, parts, clock)
      try await parts.store.close()
      Terminal.write(try outcome.get().prettyText + "\n")
    } catch {
      throw CommandFailure.report(error)
    }
  }

  private static func outcome(
    of name: String, _ input: JSON, _ parts: ServeAssembly.Parts, _ clock: any TimeSource
  ) async -> Result<JSON, any Error> {
    do {
      if let handler = parts.functions[name] {
        return .success(try await EventInvocation(handler, clock: clock).invoke(input))
      }
      if let function = parts.trading.taskFunctions[name] {
        let grant = TradingService.grant(name, caller: input["user"]?.string)
        return .success(try await grant.run { try await function(input, nil) })
      }
    } catch let failure as TaskFailure {
      return .failure(
        Diagnostic(
          .functionFailed, "'\(name)' failed with \(failure.error): \(failure.cause)",
          remedy: "give it what the state gives it, with 'user', 'side', 'symbol' and 'quantity'"))
    } catch {
      return .failure(error)
    }
    let names = Array(parts.functions.keys) + Array(parts.trading.taskFunctions.keys)
    let near = Suggestion.nearest(to: name, among: names)
    return .failure(
      Diagnostic(
        .unknownFunction, "there is no function '\(name)'",
        remedy: near.map { "did you mean '\($0)'?" }
          ?? "one of \(names.sorted().joined(separator: ", "))"))
  }

  private func readEvent() throws -> JSON {
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
}
