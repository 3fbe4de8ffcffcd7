import Diagnostics

extension DiagnosticCode {
  /// The port is taken by another program.
  package static let portInUse: DiagnosticCode = "S001"
  /// The address cannot be bound.
  package static let cannotBind: DiagnosticCode = "S002"
  /// A network that is not CIDR.
  package static let addressRangeInvalid: DiagnosticCode = "S003"
}
