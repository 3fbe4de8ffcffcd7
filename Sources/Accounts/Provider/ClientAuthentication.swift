import Cryptography
import HTTPExchange

/// Which client calls the token endpoint (RFC 6749 §2.3, §3.2.1).
struct ClientAuthentication: Sendable {
  let clients: [OAuthClient]

  /// The client, or `invalid_client`; Basic and body parameters together are refused.
  func client(of request: Request, _ fields: FormFields) throws(OAuthError) -> OAuthClient {
    if let header = request.headers["authorization"] {
      guard header.utf8.count > 6, equalsIgnoringCase(String(header.prefix(6)), "basic ") else {
        throw .invalidRequest("The authorization header is not HTTP Basic")
      }
      if fields["client_secret"] != nil {
        throw .invalidRequest("The client authenticates in two ways at once (RFC 6749 §2.3)")
      }
      return try basic(String(header.dropFirst(6)), fields)
    }
    guard let id = fields["client_id"], let client = find(id) else {
      throw .invalidClient(basic: false)
    }
    try check(client, secret: fields["client_secret"], basic: false)
    return client
  }

  private func basic(_ credentials: String, _ fields: FormFields) throws(OAuthError)
    -> OAuthClient
  {
    guard let bytes = Base64.decode(credentials.filter { $0 != " " }),
      let text = String(validating: bytes, as: UTF8.self)
    else { throw .invalidClient(basic: true) }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    // Both halves are form-encoded first (RFC 6749 §2.3.1).
    guard parts.count == 2, let client = find(PercentEncoding.decodeForm(parts[0])) else {
      throw .invalidClient(basic: true)
    }
    if let named = fields["client_id"], named != client.id { throw .invalidClient(basic: true) }
    try check(client, secret: PercentEncoding.decodeForm(parts[1]), basic: true)
    return client
  }

  private func check(_ client: OAuthClient, secret: String?, basic: Bool) throws(OAuthError) {
    guard let digest = client.secretDigest else {
      // A public client has no secret; one that sends one is not what we registered.
      if client.kind == .confidential || !(secret ?? "").isEmpty {
        throw .invalidClient(basic: basic)
      }
      return
    }
    guard let secret, Opaque.equal(SHA256.hash(secret).hex, digest.lowercased()) else {
      throw .invalidClient(basic: basic)
    }
  }

  private func find(_ id: String) -> OAuthClient? { clients.first { $0.id == id } }
}

/// Cross-origin answers: exactly a registered origin, never with credentials (RFC 9700 §2.6 keeps
/// the authorization endpoint out).
struct ProviderCORS: Sendable {
  let clients: [OAuthClient]

  /// The preflight's answer.
  func preflight(_ request: Request) -> Response {
    var response = Response(status: 204)
    response.headers.vary(on: "Origin")
    guard let origin = request.headers["origin"],
      clients.contains(where: { $0.origins.contains(origin) })
    else { return response }
    response.headers.append("access-control-allow-origin", origin)
    response.headers.append("access-control-allow-methods", "GET, POST")
    response.headers.append("access-control-allow-headers", "authorization, content-type")
    response.headers.append("access-control-max-age", "600")
    return response
  }

  /// Opens an answer to the origin that asked, when one of these clients registered it.
  func apply(to response: inout Response, _ request: Request, clientID: String?) {
    response.headers.vary(on: "Origin")
    guard let origin = request.headers["origin"] else { return }
    let isOpen = clients.contains { client in
      (clientID == nil || client.id == clientID) && client.origins.contains(origin)
    }
    if isOpen { response.headers.append("access-control-allow-origin", origin) }
  }
}
