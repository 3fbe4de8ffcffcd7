import Diagnostics

extension DiagnosticCode {
  /// An issuer's key set cannot be fetched or read.
  package static let keySetUnavailable: DiagnosticCode = "T001"
  /// A key of an issuer's set is left out.
  package static let keyLeftOut: DiagnosticCode = "T002"
  /// An issuer's key set has no key that can verify.
  package static let keySetUseless: DiagnosticCode = "T003"
}
