import Diagnostics

extension DiagnosticCode {
  /// A source file or folder that cannot be read.
  package static let sourceUnreadable: DiagnosticCode = "B008"
  /// A front matter that cannot be read, or a field of the wrong kind.
  package static let frontMatterInvalid: DiagnosticCode = "B009"
  /// A page or layout that has to be there and is not.
  package static let pageMissing: DiagnosticCode = "B010"
  /// Two sources for one address.
  package static let addressTaken: DiagnosticCode = "B011"
  /// A page on an address that belongs to the API or the accounts.
  package static let addressReserved: DiagnosticCode = "B012"
  /// A link to a page, file or anchor that does not exist.
  package static let linkDead: DiagnosticCode = "B013"
  /// Code or style written into a page where the policy forbids it.
  package static let inlineCode: DiagnosticCode = "B014"
  /// A resource from elsewhere that the policy would block.
  package static let resourceBlocked: DiagnosticCode = "B015"
  /// A script or style sheet that names a file which does not exist.
  package static let assetMissing: DiagnosticCode = "B016"
  /// A script, style sheet or page that cannot be read.
  package static let assetSyntax: DiagnosticCode = "B017"
  /// Header fields or an edge function beyond CloudFront's quotas.
  package static let policyTooLong: DiagnosticCode = "B018"
  /// A redirect that cannot be.
  package static let redirectInvalid: DiagnosticCode = "B019"
  /// The API document that the page on the API is made of cannot be read.
  package static let apiDocumentUnreadable: DiagnosticCode = "B020"
}
