import ArgumentParser
import Diagnostics
import JSON

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The program: one subcommand per way of the data.
@main
struct Portico: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "portico",
    abstract: "Build a static site, serve it with its API, and sync it to S3 and CloudFront.",
    version: "0.1.0",
    subcommands: [
      BuildCommand.self, ServeCommand.self, SyncCommand.self, CheckCommand.self,
      ExplainCommand.self, KeyCommand.self, StoreCommand.self, InvokeCommand.self,
    ])
}

/// How commands end when something is wrong: the findings on standard error, then the code.
enum CommandFailure {
  /// Prints findings for a person, or as JSON lines for a machine, and returns the exit code 1.
  static func report(_ error: any Error, json: Bool = false) -> ExitCode {
    let findings: [Diagnostic] =
      switch error {
      case let list as DiagnosticList: list.diagnostics
      case let one as Diagnostic: [one]
      default: [Diagnostic(.unexpected, "\(error)")]
      }
    show(findings, json: json)
    return ExitCode(1)
  }

  /// Prints findings on standard error.
  static func show(_ findings: [Diagnostic], json: Bool = false) {
    for finding in findings {
      let text = json ? finding.json.text + "\n" : finding.terminalText(colour: isatty(2) == 1)
      Terminal.writeError(text)
    }
  }
}

extension DiagnosticCode {
  /// Something failed that has no code of its own.
  static let unexpected: DiagnosticCode = "S010"
}
