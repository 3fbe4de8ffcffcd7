import Diagnostics

extension DiagnosticCode {
  /// No provider of the credential chain has credentials.
  package static let noCredentials: DiagnosticCode = "Y001"
  /// The service refused the credentials or what they may do.
  package static let accessRefused: DiagnosticCode = "Y002"
  /// The endpoint cannot be reached.
  package static let endpointUnreachable: DiagnosticCode = "Y003"
  /// The bucket does not exist.
  package static let bucketMissing: DiagnosticCode = "Y004"
  /// A provider of credentials is configured but does not work.
  package static let credentialSourceBroken: DiagnosticCode = "Y005"
  /// The service answered with an error that a retry did not heal.
  package static let serviceFailed: DiagnosticCode = "Y006"
  /// An endpoint URL, bucket name or region that cannot be used.
  package static let endpointInvalid: DiagnosticCode = "Y007"
}

extension AWSError {
  /// The error as a person reads it.
  ///
  /// - Parameters:
  ///   - action: what was tried, such as "list the bucket 'site'".
  ///   - endpoint: where, as the person would write it.
  package func diagnostic(while action: String, endpoint: String) -> Diagnostic {
    switch self {
    case .configuration(let diagnostic): return diagnostic
    case .transport(let error, let host): return Self.unreachable(error, host: host, action: action)
    case .service(let error): return error.diagnostic(while: action, endpoint: endpoint)
    case .malformed(let what):
      return Diagnostic(
        .serviceFailed, "cannot \(action): the answer of \(endpoint) is not S3's: \(what)",
        remedy: "check that the endpoint is an S3 service and not a web page or a proxy")
    }
  }

  private static func unreachable(
    _ error: TransportError, host: String, action: String
  ) -> Diagnostic {
    Diagnostic(
      .endpointUnreachable, "cannot \(action): \(host) \(error.reason)",
      remedy: "check the network, sync.endpoint_url and that the service runs; then run it again")
  }
}

extension ServiceError {
  fileprivate func diagnostic(while action: String, endpoint: String) -> Diagnostic {
    let said = message.isEmpty ? "" : ": \(Self.shortened(message))"
    let detail = "\(code) (HTTP \(status))\(said)"
    switch code {
    case "NoSuchBucket":
      return Diagnostic(
        .bucketMissing, "cannot \(action): \(endpoint) has no such bucket",
        remedy: "create the bucket, or correct sync.bucket or --bucket")
    case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken",
      "InvalidClientTokenId", "RequestTimeTooSkewed":
      return Diagnostic(
        .accessRefused, "cannot \(action): the credentials were refused, \(detail)",
        remedy: "check the key, its secret and the machine's clock; sign in again if they expire")
    case _ where status == 401 || status == 403:
      return Diagnostic(
        .accessRefused, "cannot \(action): not allowed, \(detail)",
        remedy: "give the deployer the permissions listed in the article Sync")
    default:
      return Diagnostic(
        .serviceFailed, "cannot \(action): \(endpoint) answered \(detail)",
        remedy: "run it again; what was sent stays sent")
    }
  }

  /// The service's words are somebody else's text: short, and one line.
  private static func shortened(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(200).map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
  }
}
