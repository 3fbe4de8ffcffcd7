import Diagnostics

extension DiagnosticCode {
  /// A schema of an API document that cannot be compiled.
  package static let schemaInvalid: DiagnosticCode = "G020"
  /// A parameter or a body of an API document that cannot be validated.
  package static let parameterInvalid: DiagnosticCode = "G021"
}
