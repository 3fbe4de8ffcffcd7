import Diagnostics

extension DiagnosticCode {
  /// The source needs a key that nobody gave.
  package static let marketKeyMissing: DiagnosticCode = "M001"
  /// The folder of recorded quotes cannot be read.
  package static let marketReplayUnreadable: DiagnosticCode = "M002"
}
