import HTTPExchange
import JSON
import Store
import Time

// POST /oauth2/token (RFC 6749 §3.2): a code or a refresh token becomes tokens.

extension AccountsService {
  var clientAuthentication: ClientAuthentication { ClientAuthentication(clients: settings.clients) }
  var cors: ProviderCORS { ProviderCORS(clients: settings.clients) }

  /// The function `token`.
  func token(_ request: Request, _ context: RequestContext) async throws -> Response {
    try await crossOrigin(request, context) { fields in
      let client = try self.clientAuthentication.client(of: request, fields)
      guard let grant = fields["grant_type"] else {
        throw OAuthError.invalidRequest("grant_type is missing")
      }
      guard ["authorization_code", "refresh_token"].contains(grant) else {
        throw OAuthError.unsupportedGrant
      }
      guard client.grants.contains(grant) else { throw OAuthError.unauthorizedClient }
      return grant == "refresh_token"
        ? try await self.refresh(fields, client, request, context)
        : try await self.exchange(fields, client, request, context)
    }
  }

  /// What token, revocation and introspection share: preflight, form, and errors with CORS fields.
  func crossOrigin(
    _ request: Request, _ context: RequestContext,
    _ work: (FormFields) async throws -> Response
  ) async throws -> Response {
    if request.method == "OPTIONS" { return cors.preflight(request) }
    var clientID: String?
    var response = try await Self.answering(context) {
      guard request.method == "POST" else {
        throw OAuthError.invalidRequest("The method is POST")
      }
      do {
        let fields = try await FormFields.body(of: request)
        clientID = fields["client_id"]
        return try await work(fields)
      } catch let refusal as FormFields.Refusal {
        throw OAuthError.invalidRequest(refusal.message)
      }
    }
    cors.apply(to: &response, request, clientID: clientID)
    return response
  }

  // MARK: Code

  private func exchange(
    _ fields: FormFields, _ client: OAuthClient, _ request: Request, _ context: RequestContext
  ) async throws -> Response {
    guard let text = fields["code"] else { throw OAuthError.invalidRequest("code is missing") }
    if fields["code_verifier"] == nil {
      throw OAuthError.invalidRequest("code_verifier is missing (RFC 7636 §4.5)")
    }
    if let resource = fields["resource"], resource != settings.audience {
      throw OAuthError.invalidTarget
    }
    let now = clock.now()
    guard let code = try await code(text) else { throw OAuthError.invalidGrant }
    let isTheirs = code.belongs(
      to: client.id, redirectURI: fields["redirect_uri"], verifier: fields["code_verifier"])
    if code.usedAt != nil {
      if isTheirs { try await takeBack(code, context) }
      throw OAuthError.invalidGrant
    }
    guard isTheirs, now <= code.expiresAt,
      let session = try await session(code.username, code.sessionID),
      let profile = try await enabledProfile(code.username)
    else {
      try await burn(code)
      throw OAuthError.invalidGrant
    }
    var family = RefreshFamily(
      username: code.username, subject: profile.subject, id: Opaque.token(bytes: 16),
      sessionID: session.id, clientID: client.id, scopes: code.scopes, salt: Opaque.token(),
      keyVersion: try currentRefreshKey(), now: now,
      expiresAt: min(now + settings.refreshLifetime, session.expiresAt))
    let access = try tokens.access(
      profile, session,
      TokenIssuer.Grant(
        clientID: client.id, scopes: code.scopes, lifetime: settings.accessLifetime,
        family: family.id), now: now)
    family.remember(accessToken: access.id)
    guard try await consume(code, family, access.id, keepsFamily: client.refreshes, now: now) else {
      // Two at once: the other one won, so this is a replay of a valid code.
      if let used = try await self.code(text), used.usedAt != nil {
        try await takeBack(used, context)
      }
      throw OAuthError.invalidGrant
    }
    try await endSurplusFamilies(of: session)
    try await touch(session)
    try await audit.append(
      .tokensIssued, actor: profile.username, address: context.sourceAddress,
      details: JSONObject([("client", .string(client.id)), ("sid", .string(session.id))]))
    return try tokenAnswer(
      access, profile, session, client, scopes: code.scopes, nonce: code.nonce,
      family: client.refreshes ? family : nil, request)
  }

  private func code(_ text: String) async throws -> AuthorizationCode? {
    guard (40...64).contains(text.utf8.count) else { return nil }
    let item = try await store.get(AuthorizationCode.key(Opaque.digest(text)))
    return item.flatMap(AuthorizationCode.init)
  }

  /// Marks the code used and writes what is made of it, all or nothing; false when it was used.
  private func consume(
    _ code: AuthorizationCode, _ family: RefreshFamily, _ accessToken: String, keepsFamily: Bool,
    now: Timestamp
  ) async throws -> Bool {
    let mark = Write.update(
      AuthorizationCode.key(code.digest),
      [
        .set("usedAt", .int(now.milliseconds)), .set("family", .string(family.id)),
        .set("accessToken", .string(accessToken)),
      ], if: .version(code.version))
    let kept: [Write] =
      keepsFamily
      ? [.put(family.item, if: .notExists), .put(family.pointer, if: .notExists)] : []
    do {
      try await store.transact([mark] + kept)
      return true
    } catch let error as StoreError where error.isConditionFailure {
      return false
    }
  }

  /// A code presented wrongly is worth nothing any more, yet takes nothing back: otherwise a leaked
  /// code without its verifier would be a way to sign somebody out.
  private func burn(_ code: AuthorizationCode) async throws {
    do {
      try await store.write(
        .update(
          AuthorizationCode.key(code.digest), [.set("usedAt", .int(clock.now().milliseconds))],
          if: .version(code.version)))
    } catch let error as StoreError where error.isConditionFailure {
      // Used meanwhile: nothing left to burn.
    }
  }

  /// A replayed code ends what was made of it (RFC 6749 §4.1.2, ASVS 10.4.2).
  private func takeBack(_ code: AuthorizationCode, _ context: RequestContext) async throws {
    if let token = code.accessToken { try await revocationList.revoke(token: token) }
    if let id = code.family, let family = try await family(id) { try await endFamily(family) }
    try await audit.append(
      .codeReplayed, actor: code.username, address: context.sourceAddress,
      details: JSONObject([("client", .string(code.clientID))]))
  }

  func enabledProfile(_ username: String) async throws -> UserProfile? {
    let item = try await store.get(UserProfile.key(username))
    return item.flatMap(UserProfile.init).flatMap { $0.status == .enabled ? $0 : nil }
  }
}

extension OAuthClient {
  /// Whether it gets refresh tokens.
  var refreshes: Bool { grants.contains("refresh_token") }
}
