import Diagnostics

extension DiagnosticCode {
  /// The text is not a state machine at all.
  package static let workflowNotADocument: DiagnosticCode = "W001"
  /// A field is missing or its value is wrong.
  package static let workflowFieldWrong: DiagnosticCode = "W002"
  /// A field that the language, or the kind of state, does not have.
  package static let workflowFieldUnknown: DiagnosticCode = "W003"
  /// A part of the language that Portico lacks.
  package static let workflowUnsupported: DiagnosticCode = "W004"
  /// A transition to a state that does not exist.
  package static let workflowTargetMissing: DiagnosticCode = "W005"
  /// A state that cannot be reached.
  package static let workflowStateUnreachable: DiagnosticCode = "W006"
  /// A path that is no JSONPath, or not of the kind that is needed.
  package static let workflowPathWrong: DiagnosticCode = "W007"
  /// An intrinsic function that does not exist or is called wrongly.
  package static let workflowIntrinsicWrong: DiagnosticCode = "W008"
  /// A retrier or catcher that can never work.
  package static let workflowErrorRuleWrong: DiagnosticCode = "W009"
  /// A choice rule that compares nothing, or several things.
  package static let workflowChoiceWrong: DiagnosticCode = "W010"
  /// A resource that names no function here.
  package static let workflowResourceWrong: DiagnosticCode = "W011"
  /// A name or a document beyond AWS's limits.
  package static let workflowLimit: DiagnosticCode = "W012"
  /// A file of mocks that is not of AWS Step Functions Local's form, or fits another machine.
  package static let workflowMocksWrong: DiagnosticCode = "W013"
  /// A task that nothing here carries out.
  package static let workflowTaskUnbound: DiagnosticCode = "W014"
  /// A substitution that the definition has no use for.
  package static let workflowSubstitutionUnused: DiagnosticCode = "W015"
}
