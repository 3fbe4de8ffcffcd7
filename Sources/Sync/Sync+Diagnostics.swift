import Diagnostics

extension DiagnosticCode {
  /// No bucket is named.
  package static let bucketUnnamed: DiagnosticCode = "Y010"
  /// `--delete` was asked for, which comes later.
  package static let deleteUnsupported: DiagnosticCode = "Y011"
  /// The deploy manifest in the bucket cannot be read.
  package static let deployManifestUnreadable: DiagnosticCode = "Y012"
  /// Another deploy wrote the deploy manifest meanwhile.
  package static let deployOvertaken: DiagnosticCode = "Y013"
  /// Some files were sent, then something failed.
  package static let partlyDone: DiagnosticCode = "Y014"
  /// The site is deployed but the edge may still show old copies.
  package static let invalidationFailed: DiagnosticCode = "Y015"
  /// The bundle publishes nothing.
  package static let bundleEmpty: DiagnosticCode = "Y016"
  /// A file is too large or its key too long for one upload.
  package static let objectOutOfBounds: DiagnosticCode = "Y017"
  /// A prefix that cannot be one.
  package static let prefixInvalid: DiagnosticCode = "Y018"
}
