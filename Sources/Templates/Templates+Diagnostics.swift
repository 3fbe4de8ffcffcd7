import Diagnostics

extension DiagnosticCode {
  /// A template that cannot be read.
  package static let templateSyntax: DiagnosticCode = "B004"
  /// A name in a template that nothing defines.
  package static let templateUndefined: DiagnosticCode = "B005"
  /// A template that another names is missing, or names itself in a circle.
  package static let templateMissing: DiagnosticCode = "B006"
  /// A value of a kind that a tag or filter cannot take.
  package static let templateValue: DiagnosticCode = "B007"
}
