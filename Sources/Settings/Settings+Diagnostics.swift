import Diagnostics

extension DiagnosticCode {
  /// The settings file is not YAML or not a mapping.
  package static let settingsSyntax: DiagnosticCode = "C001"
  /// A key that no part of Portico reads.
  package static let settingsUnknownKey: DiagnosticCode = "C002"
  /// A value of another kind than the key takes.
  package static let settingsWrongType: DiagnosticCode = "C003"
  /// A value outside what the key allows.
  package static let settingsWrongValue: DiagnosticCode = "C004"
  /// A secret written into the settings file.
  package static let secretInSettings: DiagnosticCode = "C005"
  /// A secret's file that cannot be read.
  package static let secretUnreadable: DiagnosticCode = "C006"
  /// There is no settings file.
  package static let settingsMissing: DiagnosticCode = "C007"
}
