import Cryptography

/// CloudFront's API, as far as a deploy needs it: invalidations.
package final class CloudFrontClient: Sendable {
  private let address: ServiceAddress
  private let connection: ServiceConnection

  /// The scope of a global service is the region where it lives.
  package static let region = "us-east-1"

  /// - Parameter url: nil for AWS.
  package init(url: String?, connection: ServiceConnection) throws(AWSError) {
    address = try ServiceAddress(
      url ?? "https://cloudfront.amazonaws.com", setting: "sync.cloudfront_endpoint_url")
    self.connection = connection
  }

  /// The host, for messages.
  package var host: String { address.host }

  /// Asks the edge to forget these paths.
  ///
  /// - Parameters:
  ///   - distribution: its id, such as `E2EXAMPLE`.
  ///   - paths: encoded, each from its first slash; at most one `*`, at the end.
  ///   - callerReference: the same reference with the same paths is the same invalidation.
  /// - Returns: the invalidation's id.
  package func createInvalidation(
    distribution: String, paths: [String], callerReference: String
  ) async throws(AWSError) -> String {
    let body = Array(Self.batch(paths: paths, callerReference: callerReference).utf8)
    let answer = try await connection.send { _ throws(AWSError) in
      HTTPRequest(
        method: "POST", scheme: address.scheme, host: address.host,
        path: address.basePath + "/2020-05-31/distribution/"
          + PercentEncoding.encode(distribution) + "/invalidation",
        headers: [HeaderField("content-type", "text/xml")], body: body,
        payloadHash: SHA256.hash(body).hex)
    }
    let found = XMLReader.texts(in: answer.body, named: ["Id"])
    guard let id = found["Id"] else { throw .malformed("the invalidation has no id") }
    return id
  }

  static func batch(paths: [String], callerReference: String) -> String {
    let items = paths.map { "<Path>\(XMLReader.escape($0))</Path>" }.joined()
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Paths>\
      <Quantity>\(paths.count)</Quantity><Items>\(items)</Items></Paths>\
      <CallerReference>\(XMLReader.escape(callerReference))</CallerReference></InvalidationBatch>
      """
  }
}
