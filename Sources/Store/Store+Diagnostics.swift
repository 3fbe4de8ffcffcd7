import Diagnostics

extension DiagnosticCode {
  /// The store's file cannot be created or opened.
  package static let storeUnreadable: DiagnosticCode = "D001"
  /// What the file holds is damaged, or is no database.
  package static let storeCorrupt: DiagnosticCode = "D002"
  /// A newer Portico wrote the file.
  package static let storeNewer: DiagnosticCode = "D003"
  /// Another program's database.
  package static let storeForeign: DiagnosticCode = "D004"
  /// Another process serves from the file.
  package static let storeLocked: DiagnosticCode = "D005"
  /// The database does not promise that a commit reaches the disk.
  package static let storeNotDurable: DiagnosticCode = "D006"
  /// A backup could not be made.
  package static let backupFailed: DiagnosticCode = "D007"
  /// A backup could not be restored.
  package static let restoreFailed: DiagnosticCode = "D008"
  /// An item in the store breaks the contract.
  package static let storeItemBroken: DiagnosticCode = "D009"
  /// A line of an import is not an item.
  package static let importLineBroken: DiagnosticCode = "D010"
  /// A part of the program asked for what its capability list does not hold.
  package static let storeNotPermitted: DiagnosticCode = "D011"
  /// An item of a DynamoDB table that cannot be imported.
  package static let importItemBroken: DiagnosticCode = "D020"
}
