import Cryptography
import HTTPExchange
import JSON

// The documents by which clients find everything else (OpenID Connect Discovery §3, RFC 8414).

extension AccountsService {
  /// The functions of the provider by name.
  var providerFunctions: [(String, Function)] {
    [
      ("authorize", authorize), ("token", token), ("revoke", revoke), ("userinfo", userInfo),
      ("introspect", introspect), ("oidc-configuration", configuration), ("jwks", jwks),
    ]
  }

  /// The function `oidc-configuration`.
  func configuration(_ request: Request, _ context: RequestContext) async throws -> Response {
    let base = settings.origin
    let texts = { (values: [String]) in JSON.array(values.map(JSON.string)) }
    let scopes = Set(settings.clients.flatMap(\.scopes)).sorted()
    let document: JSON = [
      "issuer": .string(settings.issuer),
      "authorization_endpoint": .string("\(base)/oauth2/authorize"),
      "token_endpoint": .string("\(base)/oauth2/token"),
      "userinfo_endpoint": .string("\(base)/oauth2/userInfo"),
      "jwks_uri": .string("\(base)/.well-known/jwks.json"),
      "revocation_endpoint": .string("\(base)/oauth2/revoke"),
      "introspection_endpoint": .string("\(base)/oauth2/introspect"),
      "end_session_endpoint": .string("\(base)/logout"),
      "response_types_supported": texts(["code"]),
      "response_modes_supported": texts(["query"]),
      "grant_types_supported": texts(["authorization_code", "refresh_token"]),
      "code_challenge_methods_supported": texts(["S256"]),
      "id_token_signing_alg_values_supported": texts(["RS256"]),
      "token_endpoint_auth_methods_supported": texts([
        "none", "client_secret_basic", "client_secret_post",
      ]),
      "revocation_endpoint_auth_methods_supported": texts([
        "none", "client_secret_basic", "client_secret_post",
      ]),
      "introspection_endpoint_auth_methods_supported": texts([
        "client_secret_basic", "client_secret_post",
      ]),
      "scopes_supported": texts(scopes),
      "subject_types_supported": texts(["public"]),
      "claims_supported": texts([
        "sub", "iss", "aud", "exp", "iat", "auth_time", "amr", "nonce", "at_hash", "sid", "email",
        "email_verified", "preferred_username", "updated_at", "cognito:username", "cognito:groups",
      ]),
      "prompt_values_supported": texts(["none", "login", "consent", "select_account"]),
      "authorization_response_iss_parameter_supported": true,
      "request_parameter_supported": false,
      "request_uri_parameter_supported": false,
      "claims_parameter_supported": false,
    ]
    return Self.publicDocument(document.bytes, request)
  }

  /// The function `jwks`.
  func jwks(_ request: Request, _ context: RequestContext) async throws -> Response {
    Self.publicDocument(keys.jwks, request, contentType: "application/jwk-set+json")
  }

  /// A document for everybody, kept five minutes, with a validator (RFC 9110 §13).
  private static func publicDocument(
    _ bytes: [UInt8], _ request: Request, contentType: String = "application/json"
  ) -> Response {
    let tag = "\"\(SHA256.hash(bytes).base64URL.prefix(22))\""
    var headers = HeaderFields([
      ("cache-control", "public, max-age=300"), ("etag", tag),
      ("access-control-allow-origin", "*"),
    ])
    if request.method == "OPTIONS" {
      headers.append("access-control-allow-methods", "GET")
      return Response(status: 204, headers: headers)
    }
    let given = (request.headers.joined("if-none-match") ?? "").split(separator: ",")
    if given.contains(where: {
      $0.filter { $0 != " " } == tag || $0.filter { $0 != " " } == "W/\(tag)"
    }) {
      return Response(status: 304, headers: headers)
    }
    headers.append("content-type", contentType)
    return Response(status: 200, headers: headers, body: Body(bytes))
  }
}
