import Diagnostics

extension DiagnosticCode {
  /// The source needs a key that nobody gave.
  package static let marketKeyMissing: DiagnosticCode = "M001"
  /// A speed of the simulator without its epoch, or of a source that is not simulated.
  package static let marketSpeedUnfounded: DiagnosticCode = "M003"
  /// An instrument of the store that cannot be a stock of the catalogue.
  package static let marketInstrumentUnusable: DiagnosticCode = "M004"
  /// The folder of recorded quotes cannot be read.
  package static let marketReplayUnreadable: DiagnosticCode = "M002"
}
