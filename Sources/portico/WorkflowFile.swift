import Diagnostics
import Foundation
import Workflows

/// A state machine in a file: named after it, as `stock-trader.asl.json` has the name `stock-trader`.
struct WorkflowFile {
  static let ending = ".asl.json"

  let path: String
  let bytes: [UInt8]

  /// Reads the file; `missing` says what is wrong when there is none.
  init(_ path: String, missing: Diagnostic) throws {
    guard let data = FileManager.default.contents(atPath: path) else { throw missing }
    self.path = path
    bytes = [UInt8](data)
  }

  private var name: String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return file.hasSuffix(Self.ending) ? String(file.dropLast(Self.ending.count)) : file
  }

  func machine(
    _ substitutions: DefinitionSubstitutions = DefinitionSubstitutions()
  ) throws(DiagnosticList) -> StateMachine {
    try StateMachine(parsing: bytes, name: name, file: path, substitutions: substitutions)
  }
}
