// AWS's wire: signatures, credentials, S3 and CloudFront over one small transport.
//
// Everything that decides is a value and needs neither network nor clock: `SigV4`, `RetryPolicy`,
// `ErrorDocument`, `ListPage`. Three owners hold state: `SigningKeyCache`, `CredentialCache` and
// `ServiceConnection`, which signs, sends, retries and follows a bucket to its region.
import Diagnostics

/// Why a request to AWS did not end in an answer that the caller can use.
package enum AWSError: Error, Sendable, Hashable {
  /// What is configured cannot be used: no credentials, a broken provider, an invalid address.
  case configuration(Diagnostic)
  /// The request did not get there or the answer did not come back.
  case transport(TransportError, host: String)
  /// The service answered with an error.
  case service(ServiceError)
  /// The service answered what it never should.
  case malformed(String)

  /// The service's own error code, when the service answered.
  package var serviceCode: String? {
    if case .service(let error) = self { return error.code }
    return nil
  }
}

/// The process environment as far as AWS's tools read it; tests give their own.
package struct AWSEnvironment: Sendable {
  /// Variables by name.
  package var variables: [String: String]
  /// Reads a file whole, or nil when it cannot be read.
  package var readFile: @Sendable (String) -> [UInt8]?

  package init(
    variables: [String: String], readFile: @escaping @Sendable (String) -> [UInt8]?
  ) {
    self.variables = variables
    self.readFile = readFile
  }

  /// A variable, or nil when absent or empty.
  package subscript(_ name: String) -> String? {
    guard let value = variables[name], !value.isEmpty else { return nil }
    return value
  }

  func text(of file: String) -> String? {
    readFile(file).map { String(decoding: $0, as: UTF8.self) }
  }
}
