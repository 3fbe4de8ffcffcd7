import Diagnostics

extension DiagnosticCode {
  /// A cache rule that could give one caller's answer to another.
  package static let cacheUnsafe: DiagnosticCode = "G022"
  /// A cache rule that contradicts itself or its route.
  package static let cacheInvalid: DiagnosticCode = "G023"
}
