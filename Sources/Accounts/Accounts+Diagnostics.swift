import Diagnostics

extension DiagnosticCode {
  /// The master key is missing where it must be given.
  package static let masterKeyMissing: DiagnosticCode = "A001"
  /// The master key is not 32 bytes.
  package static let masterKeyMalformed: DiagnosticCode = "A002"
  /// The stored keys cannot be opened with this master key.
  package static let keysSealedOtherwise: DiagnosticCode = "A003"
  /// A client's settings cannot be used.
  package static let clientUnusable: DiagnosticCode = "A004"
  /// The issuer is not a URL that tokens may name.
  package static let issuerUnusable: DiagnosticCode = "A005"
  /// The security log's chain is broken.
  package static let auditChainBroken: DiagnosticCode = "A006"
  /// A message could not be delivered and waits.
  package static let messageUndelivered: DiagnosticCode = "A007"
}
