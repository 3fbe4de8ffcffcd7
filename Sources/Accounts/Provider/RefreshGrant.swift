import HTTPExchange
import JSON
import Store
import Time

// The refresh grant (RFC 6749 §6) with rotation and an idempotent successor (auth.md §2.6).

extension AccountsService {
  /// The current refresh token of a family: nothing of it is stored, so it can be told again, in the
  /// same words when the key has been rotated meanwhile.
  func refreshToken(_ family: RefreshFamily) throws -> String {
    guard let mac = refreshMAC(family, family.generation, version: family.keyVersion) else {
      throw RefreshKeys.Failure.noKey
    }
    return RefreshTokenParts(
      keyVersion: family.keyVersion, family: family.id, generation: family.generation, mac: mac
    ).text
  }

  private func refreshMAC(_ family: RefreshFamily, _ generation: Int, version: Int) -> String? {
    refreshKeys.mac(
      version: version, family: family.id, generation: generation, salt: family.salt)
  }

  /// The version that makes tokens now.
  func currentRefreshKey() throws -> Int {
    guard let version = refreshKeys.current else { throw RefreshKeys.Failure.noKey }
    return version
  }

  /// The family of that id while it lives.
  func family(_ id: String) async throws -> RefreshFamily? {
    guard
      let owner = try await store.get(RefreshFamily.pointerKey(id))?["username"]?.string,
      let item = try await store.get(RefreshFamily.key(owner, id))
    else { return nil }
    return RefreshFamily(item)
  }

  /// The family and generation of a genuine refresh token.
  func genuineRefresh(_ text: String) async throws -> (RefreshFamily, Int)? {
    guard let parts = RefreshTokenParts(parsing: text),
      let family = try await family(parts.family),
      let mac = refreshMAC(family, parts.generation, version: parts.keyVersion),
      Opaque.equal(parts.mac, mac)
    else { return nil }
    return (family, parts.generation)
  }

  func refresh(
    _ fields: FormFields, _ client: OAuthClient, _ request: Request, _ context: RequestContext
  ) async throws -> Response {
    let presented: String
    if let given = fields["refresh_token"] {
      presented = given
    } else if usesRefreshCookie(client, request),
      let cookie = Cookies.value(cookies.refreshName(client.id), in: request)
    {
      presented = cookie
    } else {
      throw OAuthError.invalidRequest("refresh_token is missing")
    }
    // Other tabs may move the family between our look and our write; each round one is done.
    for _ in 0..<32 {
      if let answer = try await refreshOnce(presented, fields, client, request, context) {
        return answer
      }
    }
    throw StoreError.conflict
  }

  /// One attempt; nil when somebody else moved the family meanwhile.
  private func refreshOnce(
    _ presented: String, _ fields: FormFields, _ client: OAuthClient, _ request: Request,
    _ context: RequestContext
  ) async throws -> Response? {
    let now = clock.now()
    guard let (family, generation) = try await genuineRefresh(presented),
      family.clientID == client.id
    else { throw OAuthError.invalidGrant }
    let scopes = try ScopeList.narrowed(fields["scope"], granted: family.scopes)
    if let resource = fields["resource"], resource != settings.audience {
      throw OAuthError.invalidTarget
    }
    guard let session = try await session(family.username, family.sessionID),
      let profile = try await enabledProfile(family.username)
    else { throw OAuthError.invalidGrant }
    var next = family
    switch RefreshDecision(
      presented: generation, current: family.generation, rotatedAt: family.rotatedAt, now: now,
      idleLimit: settings.refreshIdle)
    {
    case .unknown: throw OAuthError.invalidGrant
    case .idle:
      try await endFamily(family)
      throw OAuthError.invalidGrant
    case .reuse:
      try await punishReuse(family, profile, context)
      throw OAuthError.invalidGrant
    case .rotate:
      next.generation += 1
      next.rotatedAt = now
      next.keyVersion = try currentRefreshKey()
    case .repeatSuccessor: break
    }
    // Noted before it is made: what is revoked must be known, and a signature costs a millisecond.
    let tokenID = Opaque.token(bytes: 16)
    next.remember(accessToken: tokenID)
    guard try await move(family, to: next) else { return nil }
    try await touch(session)
    let access = try tokens.access(
      profile, session,
      TokenIssuer.Grant(
        clientID: client.id, scopes: scopes, lifetime: settings.accessLifetime, family: family.id,
        tokenID: tokenID), now: now)
    return try tokenAnswer(
      access, profile, session, client, scopes: scopes, nonce: nil, family: next, request)
  }

  private func move(_ family: RefreshFamily, to next: RefreshFamily) async throws -> Bool {
    let changes: [Change] = [
      .set("gen", .int(next.generation)), .set("rotatedAt", .int(next.rotatedAt.milliseconds)),
      .set("kv", .int(next.keyVersion)),
      .set("access", .array(next.accessTokens.map(JSON.string))),
    ]
    do {
      try await store.write(.update(family.key, changes, if: .version(family.version)))
      return true
    } catch let error as StoreError where error.isConditionFailure {
      return false
    }
  }

  /// Somebody else has the token: the family and its session end, the person is told.
  private func punishReuse(
    _ family: RefreshFamily, _ profile: UserProfile, _ context: RequestContext
  ) async throws {
    try await endFamily(family)
    try await endSession(family.username, family.sessionID)
    try await audit.append(
      .refreshReused, actor: family.username, address: context.sourceAddress,
      details: JSONObject([
        ("client", .string(family.clientID)), ("sid", .string(family.sessionID)),
      ]))
    try await notifyReuse(profile)
  }

  // MARK: The answer

  /// Whether this client keeps its refresh token in the cookie: ours, called from our own pages.
  func usesRefreshCookie(_ client: OAuthClient, _ request: Request) -> Bool {
    guard client.isFirstParty, client.kind == .public, settings.browserRefresh == .cookie else {
      return false
    }
    if let origin = request.headers["origin"] { return origin == settings.origin }
    return request.headers["sec-fetch-site"] == "same-origin"
  }

  /// The 200 of RFC 6749 §5.1.
  func tokenAnswer(
    _ access: TokenIssuer.Issued, _ profile: UserProfile, _ session: SessionRecord,
    _ client: OAuthClient, scopes: [String], nonce: String?, family: RefreshFamily?,
    _ request: Request
  ) throws -> Response {
    let now = clock.now()
    var body = JSONObject([
      ("access_token", .string(access.text)), ("token_type", "Bearer"),
      ("expires_in", .int(Int(access.lifetime.components.seconds))),
      ("scope", .string(scopes.joined(separator: " "))),
    ])
    if scopes.contains("openid") {
      body["id_token"] = .string(
        try tokens.identity(
          profile, session, clientID: client.id, scopes: scopes, nonce: nonce,
          accessToken: access.text, lifetime: access.lifetime, now: now))
    }
    var headers = HeaderFields([("cache-control", "no-store"), ("pragma", "no-cache")])
    if let family {
      let token = try refreshToken(family)
      if usesRefreshCookie(client, request) {
        let lifetime = max(.zero, family.expiresAt - now)
        headers.append("set-cookie", cookies.refresh(client.id, token, lifetime: lifetime))
      } else {
        body["refresh_token"] = .string(token)
      }
    }
    return Response(status: 200, json: .object(body), headers: headers)
  }
}
