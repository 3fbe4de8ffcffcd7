import Accounts
import ArgumentParser
import Diagnostics
import Foundation
import Gateway
import JSON
import Store
import Time

/// `portico invoke NAME --event FILE`: one function, one event, without a socket.
struct InvokeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "invoke", abstract: "Run one function with one API Gateway event.")

  @Argument(help: "The function, such as StockCheckerFunction.")
  var name: String
  @Option(help: "A file with the event (payload format 1.0 or 2.0); '-' reads standard input.")
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
      guard let handler = parts.functions[name] else {
        let near = Suggestion.nearest(to: name, among: parts.functions.keys)
        throw Diagnostic(
          .unknownFunction, "there is no function '\(name)'",
          remedy: near.map { "did you mean '\($0)'?" }
            ?? "one of \(parts.functions.keys.sorted().joined(separator: ", "))")
      }
      let result = try await EventInvocation(handler, clock: clock).invoke(input)
      try await parts.store.close()
      Terminal.write(result.prettyText + "\n")
    } catch {
      throw CommandFailure.report(error)
    }
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
}
