import HTTPExchange
import JSON
import NIOCore

/// Every answer that the gateway makes itself: one case per reason, with AWS's status and text.
package enum GatewayRefusal: Sendable, Hashable {
  /// No route for method and path.
  case notFound
  /// A host that the settings do not name.
  case misdirected
  /// No token where one is needed.
  case tokenMissing
  /// A token that was not accepted, and why.
  case tokenInvalid(String)
  /// A good token without any of the route's scopes.
  case insufficientScope([String])
  /// The issuer's keys were never loaded, so nothing can be let through.
  case keysUnavailable(String)
  /// No API key, an unknown or a disabled one.
  case keyInvalid
  /// A bucket is empty.
  case throttled(BucketStanding, retryAfterSeconds: Int)
  /// A usage plan's quota is used up.
  case quotaExceeded
  /// What is left of a quota cannot be known, since its journal cannot be written.
  case quotaUnavailable
  /// The body differs from the document.
  case invalidBody(message: String, violations: JSON)
  /// The parameters differ from the document.
  case invalidParameters(message: String, violations: JSON)
  /// A body of a media type that the document does not name.
  case unsupportedMediaType
  /// A body over the route's limit.
  case bodyTooLarge
  /// The integration threw.
  case integrationFailed
  /// The integration answered nonsense.
  case integrationMalformed
  /// The integration took too long, or its upstream cannot be reached.
  case integrationUnavailable
  /// What the transport found.
  case transport(status: Int, message: String)
}

extension GatewayRefusal {
  /// Status, AWS's text, a word for programs and AWS's response type.
  private var parts: (status: Int, message: String, error: String, type: String) {
    switch self {
    case .notFound: (404, "Not Found", "not_found", "ROUTE_NOT_FOUND")
    case .misdirected: (421, "Misdirected Request", "misdirected_request", "DEFAULT_4XX")
    case .tokenMissing: (401, "Unauthorized", "unauthorized", "UNAUTHORIZED")
    case .tokenInvalid: (401, "Unauthorized", "invalid_token", "UNAUTHORIZED")
    case .insufficientScope: (403, "Forbidden", "insufficient_scope", "ACCESS_DENIED")
    case .keysUnavailable:
      (503, "Service Unavailable", "keys_unavailable", "AUTHORIZER_CONFIGURATION_ERROR")
    case .keyInvalid: (403, "Forbidden", "invalid_api_key", "INVALID_API_KEY")
    case .throttled: (429, "Too Many Requests", "throttled", "THROTTLED")
    case .quotaExceeded: (429, "Limit Exceeded", "quota_exceeded", "QUOTA_EXCEEDED")
    case .quotaUnavailable: (503, "Service Unavailable", "quota_unavailable", "DEFAULT_5XX")
    case .invalidBody(let message, _): (400, message, "invalid_request", "BAD_REQUEST_BODY")
    case .invalidParameters(let message, _):
      (400, message, "invalid_request", "BAD_REQUEST_PARAMETERS")
    case .unsupportedMediaType:
      (415, "Unsupported Media Type", "unsupported_media_type", "UNSUPPORTED_MEDIA_TYPE")
    case .bodyTooLarge: (413, "Request Entity Too Large", "too_large", "REQUEST_TOO_LARGE")
    case .integrationFailed:
      (500, "Internal Server Error", "internal_error", "INTEGRATION_FAILURE")
    case .integrationMalformed:
      (500, "Internal Server Error", "bad_integration_answer", "INTEGRATION_FAILURE")
    case .integrationUnavailable:
      (503, "Service Unavailable", "service_unavailable", "INTEGRATION_TIMEOUT")
    case .transport(let status, let message):
      (status, message, "http_\(status)", status < 500 ? "DEFAULT_4XX" : "DEFAULT_5XX")
    }
  }

  /// The fields that belong to the reason whatever the body's form.
  private func headers(strict: Bool) -> HeaderFields {
    var headers = HeaderFields()
    switch self {
    case .tokenMissing: headers.append("www-authenticate", "Bearer")
    case .tokenInvalid(let reason):
      headers.append(
        "www-authenticate",
        "Bearer scope=\"\" error=\"invalid_token\" error_description=\"\(quotable(reason))\"")
    case .insufficientScope(let scopes):
      headers.append(
        "www-authenticate",
        "Bearer scope=\"\(quotable(scopes.joined(separator: " ")))\" error=\"insufficient_scope\"")
    case .keysUnavailable where strict:
      headers.append("www-authenticate", "Bearer scope=\"\" error=\"invalid_token\"")
    case .keysUnavailable, .integrationUnavailable, .quotaUnavailable:
      if !strict { headers.append("retry-after", "5") }
    case .throttled(let standing, let seconds):
      if !strict {
        headers.append("retry-after", String(seconds))
        standing.write(to: &headers)
      }
    default: break
    }
    return headers
  }

  /// Without what would end a quoted string (RFC 9110 §5.6.4).
  private func quotable(_ text: String) -> String {
    String(
      decoding: text.utf8.filter { $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C },
      as: UTF8.self)
  }

  /// The answer: AWS's bytes in `strict_aws`, else the superset of X-24 with the same text.
  package func response(requestID: String, strict: Bool) -> Response {
    let (status, message, error, type) = parts
    var response: Response
    if strict {
      // Without keys AWS's authorizer denies; it has no answer of its own for that.
      let denied = if case .keysUnavailable = self { true } else { false }
      response = Response(
        status: denied ? 401 : status,
        json: ["message": .string(denied ? "Unauthorized" : message)],
        headers: headers(strict: true))
    } else {
      var details = JSONObject()
      if let violations { details["violations"] = violations }
      response = Problem(
        status: status, error: error, message: message, details: details,
        headers: headers(strict: false)
      ).response(requestID: requestID)
    }
    response.headers.append("apigw-requestid", requestID)
    response.notes.errorType = type
    response.notes.error = reason
    return response
  }

  private var violations: JSON? {
    switch self {
    case .invalidBody(_, let violations), .invalidParameters(_, let violations): violations
    default: nil
    }
  }

  /// What the operator reads in the log; the client never sees it.
  private var reason: String {
    switch self {
    case .tokenInvalid(let reason), .keysUnavailable(let reason): reason
    case .throttled(let standing, _): "\(standing.scope) bucket is empty"
    case .insufficientScope(let scopes): "none of \(scopes.joined(separator: " "))"
    case .transport(_, let message): message
    case .invalidBody(_, let violations), .invalidParameters(_, let violations): violations.text
    default: parts.message
    }
  }
}
