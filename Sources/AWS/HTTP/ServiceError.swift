/// An error as a service stated it, or as its status alone says when the body is silent.
package struct ServiceError: Error, Sendable, Hashable {
  /// HTTP status.
  package let status: Int
  /// The service's word, such as `NoSuchBucket`; `HTTP503` when there is none.
  package let code: String
  /// The service's explanation.
  package let message: String
  /// For the service's support.
  package let requestID: String?
  /// The region that the bucket is in, when the answer is about that.
  let region: String?
  /// The server's clock as it stated it.
  let date: String?

  package init(status: Int, headers: [HeaderField], body: [UInt8]) {
    let answer = HTTPResponse(status: status, headers: headers)
    let texts = XMLReader.texts(in: body, named: ["Code", "Message", "Region", "RequestId"])
    self.status = status
    code = texts["Code"] ?? Self.code(of: status)
    message = texts["Message"] ?? ""
    requestID = answer.header("x-amz-request-id") ?? texts["RequestId"]
    region = answer.header("x-amz-bucket-region") ?? texts["Region"]
    date = answer.header("date")
  }

  /// HEAD has no body, so the status has to say it.
  private static func code(of status: Int) -> String {
    switch status {
    case 404: "NotFound"
    case 403: "Forbidden"
    case 412: "PreconditionFailed"
    case 301: "PermanentRedirect"
    default: "HTTP\(status)"
    }
  }

  /// What to do about an error before giving up.
  enum Cure: Equatable {
    /// Wait, then send it again; `slower` when the service asked for less.
    case retry(slower: Bool)
    /// Sign for the region that the answer names.
    case region(String)
    /// Sign by the server's clock.
    case clock
    /// Get new credentials.
    case credentials
    /// Nothing helps.
    case none
  }

  /// By spec/sync.md §1.4: 503 always means "slower", 403, 404 and 412 are final.
  var cure: Cure {
    switch code {
    case "SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException",
      "RequestLimitExceeded", "BandwidthLimitExceeded":
      return .retry(slower: true)
    case "RequestTimeout", "InternalError", "ConditionalRequestConflict", "OperationAborted":
      return .retry(slower: false)
    case "RequestTimeTooSkewed": return .clock
    case "ExpiredToken", "ExpiredTokenException": return .credentials
    default: break
    }
    switch status {
    case 429, 503: return .retry(slower: true)
    case 408, 500, 502, 504: return .retry(slower: false)
    case 301, 307, 400: return region.map(Cure.region) ?? .none
    default: return .none
    }
  }
}
