import HTTPExchange
import JSON
import Store
import Time

// Revocation (RFC 7009), introspection (RFC 7662) and userInfo (OpenID Connect Core §5.3).

extension AccountsService {
  /// The function `revoke`: 200 for whatever is not a live token of this client, too.
  func revoke(_ request: Request, _ context: RequestContext) async throws -> Response {
    try await crossOrigin(request, context) { fields in
      let client = try self.clientAuthentication.client(of: request, fields)
      guard let token = fields["token"] else {
        throw OAuthError.invalidRequest("token is missing")
      }
      if let (family, _) = try await self.genuineRefresh(token) {
        if family.clientID == client.id {
          try await self.endFamily(family)
          try await self.audit.append(
            .tokenRevoked, actor: family.username, address: context.sourceAddress,
            details: JSONObject([("client", .string(client.id)), ("kind", "refresh")]))
        }
      } else if let claims = self.keys.verified(token, issuer: self.settings.issuer),
        claims["token_use"]?.string == "access", claims["client_id"]?.string == client.id,
        let id = claims["jti"]?.string
      {
        try await self.revocationList.revoke(token: id)
        try await self.audit.append(
          .tokenRevoked, actor: claims["username"]?.string, address: context.sourceAddress,
          details: JSONObject([("client", .string(client.id)), ("kind", "access")]))
      }
      return Response(
        status: 200, headers: HeaderFields([("cache-control", "no-store")]))
    }
  }

  /// The function `introspect`: for confidential clients about their own tokens.
  func introspect(_ request: Request, _ context: RequestContext) async throws -> Response {
    try await crossOrigin(request, context) { fields in
      let client = try self.clientAuthentication.client(of: request, fields)
      guard client.kind == .confidential else {
        throw OAuthError.invalidClient(basic: request.headers.contains("authorization"))
      }
      guard let token = fields["token"] else {
        throw OAuthError.invalidRequest("token is missing")
      }
      let claims = self.liveClaims(token)
      guard let claims, claims["client_id"]?.string == client.id else {
        return Self.privateJSON(["active": false])
      }
      var answer = JSONObject([("active", true), ("token_type", "Bearer")])
      for name in [
        "scope", "client_id", "username", "exp", "iat", "sub", "aud", "iss", "jti", "sid",
      ] {
        if let value = claims[name] { answer[name] = value }
      }
      return Self.privateJSON(.object(answer))
    }
  }

  /// The function `userinfo`.
  func userInfo(_ request: Request, _ context: RequestContext) async throws -> Response {
    if request.method == "OPTIONS" { return cors.preflight(request) }
    var clientID: String?
    var response = try await Self.answering(context) {
      guard let header = request.headers["authorization"] else { return BearerChallenge.none }
      guard request.headers.values("authorization").count == 1, header.utf8.count > 7,
        equalsIgnoringCase(String(header.prefix(7)), "bearer ")
      else { return BearerChallenge.invalidToken }
      let token = header.dropFirst(7).drop { $0 == " " }
      guard let claims = self.liveClaims(String(token)),
        let username = claims["username"]?.string,
        let profile = try await self.enabledProfile(username),
        profile.subject == claims["sub"]?.string
      else { return BearerChallenge.invalidToken }
      clientID = claims["client_id"]?.string
      let scopes = (claims["scope"]?.string ?? "").split(separator: " ").map(String.init)
      guard scopes.contains("openid") else { return BearerChallenge.insufficientScope("openid") }
      var answer = JSONObject([
        ("sub", .string(profile.subject)), ("username", .string(profile.username)),
      ])
      for (name, value) in TokenIssuer.userClaims(profile, scopes: scopes) { answer[name] = value }
      return Self.privateJSON(.object(answer))
    }
    cors.apply(to: &response, request, clientID: clientID)
    return response
  }

  /// The claims of an access token that holds and has not been revoked.
  func liveClaims(_ token: String) -> JSONObject? {
    guard let claims = keys.verified(token, issuer: settings.issuer),
      claims["token_use"]?.string == "access", let subject = claims["sub"]?.string,
      let issued = claims["iat"]?.int
    else { return nil }
    let isRevoked = revocationList.isRevoked(
      subject: subject, sessionID: claims["sid"]?.string, tokenID: claims["jti"]?.string,
      issuedAt: Timestamp(seconds: issued))
    return isRevoked ? nil : claims
  }
}
