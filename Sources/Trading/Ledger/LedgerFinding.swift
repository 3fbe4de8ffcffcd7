import Diagnostics

/// A place where the books do not hold: whose account, which item of it, and what is wrong.
package struct LedgerFinding: Sendable, Hashable, CustomStringConvertible {
  /// Which promise of the ledger is broken.
  package enum Kind: Sendable, Hashable {
    /// An entry: its form, its balance, its place in the sequence, or the fill behind it.
    case entry
    /// The cash, holds or shares that are stored are not those of the ledger replayed.
    case state
    /// A fill, order or record of a request that has no counterpart or more than one.
    case trade
  }

  package var kind: Kind
  /// The user.
  package var account: String
  /// The sort key of the item, or its key where it lies elsewhere.
  package var item: String
  package var message: String

  package init(_ kind: Kind, account: String, item: String, _ message: String) {
    self.kind = kind
    self.account = account
    self.item = item
    self.message = message
  }

  package var description: String { "account '\(account)', \(item): \(message)" }

  /// The finding for people.
  package var diagnostic: Diagnostic {
    let code: DiagnosticCode =
      switch kind {
      case .entry: .ledgerEntryBroken
      case .state: .ledgerStateDiffers
      case .trade: .tradeRecordBroken
      }
    return Diagnostic(
      code, description,
      remedy: "keep the file, and restore the last backup that 'portico store verify' passes")
  }
}
