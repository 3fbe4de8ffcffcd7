import HTTPExchange
import JSON

/// An error of the token, revocation and introspection endpoints (RFC 6749 §5.2).
struct OAuthError: Error, Sendable, Hashable {
  var status = 400
  var code: String
  var description: String
  /// Whether the client tried HTTP Basic, which a 401 must then name.
  var challengesBasic = false

  static func invalidRequest(_ description: String) -> OAuthError {
    OAuthError(code: "invalid_request", description: description)
  }

  /// One text for every cause: which of them it was is nobody's business.
  static let invalidGrant = OAuthError(
    code: "invalid_grant", description: "The grant is invalid, expired, revoked or used")

  static func invalidClient(basic: Bool) -> OAuthError {
    OAuthError(
      status: 401, code: "invalid_client", description: "The client cannot be authenticated",
      challengesBasic: basic)
  }

  static let unauthorizedClient = OAuthError(
    code: "unauthorized_client", description: "The client may not use this grant")

  static let unsupportedGrant = OAuthError(
    code: "unsupported_grant_type",
    description: "The grants are authorization_code and refresh_token")

  static func invalidScope(_ description: String) -> OAuthError {
    OAuthError(code: "invalid_scope", description: description)
  }

  static let invalidTarget = OAuthError(
    code: "invalid_target", description: "The resource is not known here")

  var response: Response {
    var headers = HeaderFields([("cache-control", "no-store"), ("pragma", "no-cache")])
    if challengesBasic { headers.append("www-authenticate", "Basic realm=\"token\"") }
    return Response(
      status: status,
      json: ["error": .string(code), "error_description": .string(description)], headers: headers)
  }
}

/// What a bearer token is refused with (RFC 6750 §3).
enum BearerChallenge {
  /// No token at all: no error code is told.
  static let none = Response(
    status: 401,
    headers: HeaderFields([("www-authenticate", "Bearer"), ("cache-control", "no-store")]))

  /// A token that does not hold.
  static let invalidToken = refusal(
    status: 401, code: "invalid_token", description: "The access token is invalid or expired")

  /// A token that holds but may not do this.
  static func insufficientScope(_ scope: String) -> Response {
    refusal(
      status: 403, code: "insufficient_scope", description: "The token lacks a scope",
      more: ", scope=\"\(scope)\"")
  }

  private static func refusal(
    status: Int, code: String, description: String, more: String = ""
  ) -> Response {
    Response(
      status: status,
      json: ["error": .string(code), "error_description": .string(description)],
      headers: HeaderFields([
        (
          "www-authenticate",
          "Bearer error=\"\(code)\", error_description=\"\(description)\"\(more)"
        ), ("cache-control", "no-store"),
      ]))
  }
}
