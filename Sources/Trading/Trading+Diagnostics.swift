import Diagnostics

extension DiagnosticCode {
  /// The state machine of trades is not where the settings say.
  package static let tradeWorkflowMissing: DiagnosticCode = "R001"
  /// The state machine calls something that is no function of trading.
  package static let tradeWorkflowFunction: DiagnosticCode = "R002"
  /// The state machine does not validate, execute and record a trade.
  package static let tradeWorkflowIncomplete: DiagnosticCode = "R003"
  /// An interrupted execution that could not be resumed.
  package static let tradeExecutionStuck: DiagnosticCode = "R004"
  /// An entry of the ledger breaks the books.
  package static let ledgerEntryBroken: DiagnosticCode = "R010"
  /// Cash, holds or shares that are not what the ledger makes.
  package static let ledgerStateDiffers: DiagnosticCode = "R011"
  /// A fill, an order or a record of a request without its counterpart.
  package static let tradeRecordBroken: DiagnosticCode = "R012"
  /// Books that were not examined at start.
  package static let ledgerUnread: DiagnosticCode = "R014"
  /// An open order, or those of a symbol, that could not be looked at.
  package static let ordersUnmatched: DiagnosticCode = "R015"
  /// A ledger that was asked for and is not there.
  package static let accountUnknown: DiagnosticCode = "R013"
}
