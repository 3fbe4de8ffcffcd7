// The vocabulary of `$context` (AWS, "Customize HTTP API access logs").

extension AccessLogRecord {
  /// Variables that may have a value here.
  static let variables: Set<String> = [
    "requestId", "extendedRequestId", "accountId", "apiId", "stage", "domainName", "domainPrefix",
    "routeKey", "httpMethod", "path", "protocol", "status", "responseLength", "dataProcessed",
    "requestTime", "requestTimeEpoch", "responseLatency", "integrationLatency",
    "integration.latency", "integration.status", "integration.integrationStatus",
    "integration.error", "integrationErrorMessage", "error.message", "error.messageString",
    "error.responseType", "authorizer.principalId", "authorizer.error", "identity.sourceIp",
    "identity.userAgent", "customDomain.basePathMatched", "cacheStatus", "xrayTraceId",
  ]

  /// AWS's variables that are always empty here, since what they tell of is not: `-` is written.
  static let emptyVariables: Set<String> = [
    "integration.requestId", "awsEndpointRequestId", "awsEndpointRequestId2", "authorizer.claims",
    "identity.clientCert.clientCertPem", "identity.clientCert.subjectDN",
    "identity.clientCert.issuerDN", "identity.clientCert.serialNumber",
    "identity.clientCert.validity.notBefore", "identity.clientCert.validity.notAfter",
  ]

  /// Whether a variable means anything; any claim may be asked for.
  static func knows(_ name: String) -> Bool {
    variables.contains(name) || emptyVariables.contains(name)
      || (name.hasPrefix("authorizer.claims.") && name.utf8.count > "authorizer.claims.".utf8.count)
  }
}
