import HTTPExchange
import JSON
import Store
import Time

// The JSON API of a signed-in person: profile, sessions, settings, password.

extension AccountsService {
  /// The functions of the API by name.
  var apiFunctions: [(String, Function)] {
    [
      ("signup", signup), ("login", login), ("get-user", getUser), ("logout", logout),
      ("refresh", refreshSignIn), ("list-sessions", listSessions),
      ("revoke-session", revokeSession), ("revoke-sessions", revokeSessions),
      ("get-settings", getSettings), ("put-settings", putSettings),
      ("change-password", changePassword), ("confirm-user", confirmUser),
      ("resend-confirmation", resendConfirmationCode), ("forgot-password", forgotPassword),
      ("confirm-forgot-password", confirmForgotPassword),
    ]
  }

  /// Who calls; without the gateway's authorizer nobody does.
  func caller(_ context: RequestContext) throws -> Identity {
    // An ID token proves who somebody is to a client; it opens no API (RFC 9700 §4.9, ASVS 9.2.2).
    guard let identity = context.identity, identity.claims["token_use"]?.string != "id",
      !identity.username.isEmpty
    else {
      throw Problem(
        status: 401, error: "unauthorized", message: "Unauthorized",
        headers: HeaderFields([("www-authenticate", "Bearer")]))
    }
    return identity
  }

  /// The account of whoever calls; 404 when it is gone (document 004).
  func callerProfile(_ identity: Identity) async throws -> UserProfile {
    let item = try await store.get(UserProfile.key(identity.username))
    guard let profile = item.flatMap(UserProfile.init), profile.status == .enabled else {
      throw Problem(status: 404, error: "user_not_found", message: "User not found")
    }
    return profile
  }

  /// `GET /auth/user`: everything but the hash, and none of the store's own attributes.
  func getUser(_ request: Request, _ context: RequestContext) async throws -> Response {
    let profile = try await callerProfile(caller(context))
    return Self.privateJSON(.object(profile.publicView))
  }

  /// `POST /auth/logout`: ends the session of the token.
  func logout(_ request: Request, _ context: RequestContext) async throws -> Response {
    let identity = try caller(context)
    if let id = identity.sessionID {
      try await endSession(identity.username, id)
    } else if let id = identity.tokenID {
      try await revocationList.revoke(token: id)
    }
    try await audit.append(
      .signedOut, actor: identity.username, address: context.sourceAddress)
    return clearingCookies(Self.privateJSON(["message": "Signed out"]))
  }

  /// `POST /auth/refresh`: a new 24-hour token of the same session; the old one is refused.
  func refreshSignIn(_ request: Request, _ context: RequestContext) async throws -> Response {
    let identity = try caller(context)
    let profile = try await callerProfile(identity)
    guard let id = identity.sessionID, let session = try await session(identity.username, id) else {
      throw Problem(status: 401, error: "session_ended", message: "The session has ended")
    }
    try await touch(session)
    let response = try signInAnswer("Token refreshed", profile, session)
    if let token = identity.tokenID { try await revocationList.revoke(token: token) }
    return response
  }

  /// `GET /auth/sessions`: where this account is signed in.
  func listSessions(_ request: Request, _ context: RequestContext) async throws -> Response {
    let identity = try caller(context)
    let sessions = try await sessions(of: identity.username).sorted { $0.lastSeen > $1.lastSeen }
    return Self.privateJSON([
      "sessions": .array(sessions.map { $0.view(current: identity.sessionID) }),
      "count": .int(sessions.count),
    ])
  }

  /// `DELETE /auth/sessions/{sid}`: ends one session of the caller; another's is not found.
  func revokeSession(_ request: Request, _ context: RequestContext) async throws -> Response {
    let identity = try caller(context)
    guard let id = context.pathParameter("sid"), (1...64).contains(id.utf8.count),
      try await session(identity.username, id) != nil
    else { throw Problem(status: 404, error: "session_not_found", message: "Session not found") }
    try await endSession(identity.username, id)
    try await audit.append(
      .signedOut, actor: identity.username, address: context.sourceAddress,
      details: JSONObject([("sid", .string(id))]))
    return Self.privateJSON(["message": "Session ended"])
  }

  /// `DELETE /auth/sessions`: ends all of them, or with `?keep=current` all others.
  func revokeSessions(_ request: Request, _ context: RequestContext) async throws -> Response {
    let identity = try caller(context)
    let keepsCurrent = request.target.queryValue("keep") == "current"
    try await endAllSessions(
      of: identity.username, except: keepsCurrent ? identity.sessionID : nil)
    if !keepsCurrent { try await invalidateTokens(identity.username, identity.subject) }
    try await audit.append(
      .allSignedOut, actor: identity.username, address: context.sourceAddress)
    if keepsCurrent { return Self.privateJSON(["message": "Other sessions ended"]) }
    return clearingCookies(Self.privateJSON(["message": "Signed out everywhere"]))
  }

  /// The answer with the browser's cookies of this provider ended.
  private func clearingCookies(_ answer: Response) -> Response {
    var response = answer
    for cookie in cookies.clearing(clients: settings.clients) {
      response.headers.append("set-cookie", cookie)
    }
    return response
  }

  /// Refuses every token of an account issued until now, whatever session it names.
  func invalidateTokens(_ username: String, _ subject: String) async throws {
    try await revocationList.revoke(subject: subject)
    try await store.write(
      .update(
        UserProfile.key(username),
        [.set("tokensValidAfter", .int(clock.now().milliseconds))], if: .exists))
  }

  // MARK: Settings

  /// Members of the settings beyond which a person keeps none.
  static let settingsLimit = 64

  /// `GET /users/settings`: what the person keeps, such as the theme.
  func getSettings(_ request: Request, _ context: RequestContext) async throws -> Response {
    let identity = try caller(context)
    let item = try await store.get(ItemKey("USER#\(identity.username)", "SETTINGS"))
    return Self.privateJSON(["settings": item?["settings"] ?? [:]])
  }

  /// `PUT /users/settings`: replaces them; flat texts, numbers and truth values.
  func putSettings(_ request: Request, _ context: RequestContext) async throws -> Response {
    let identity = try caller(context)
    let body = try await JSONBody.object(of: request)
    let wished = body["settings"]?.object ?? body
    var errors: [(path: [String], message: String)] = []
    if wished.count > Self.settingsLimit {
      errors.append(([], "At most \(Self.settingsLimit) settings"))
    }
    for (name, value) in wished {
      if name.utf8.count > 64 { errors.append(([String(name.prefix(64))], "Name is too long")) }
      switch value {
      case .string(let text) where text.utf8.count <= 1024: break
      case .number, .bool, .null: break
      default: errors.append(([name], "Expected a short text, a number or a truth value"))
      }
    }
    guard errors.isEmpty else { throw JSONBody.invalid(errors) }
    let item = Item(
      ItemKey("USER#\(identity.username)", "SETTINGS"),
      JSONObject([
        ("type", "settings"), ("settings", .object(wished)),
        ("updatedAt", .string(clock.now().iso8601)),
      ]))
    do {
      try await store.write(.put(item))
    } catch StoreError.limitExceeded(let reason) {
      // What the store cannot hold, such as a number of 300 places, is the caller's mistake.
      throw JSONBody.invalid([(["settings"], "The settings hold \(reason)")])
    }
    return Self.privateJSON(["settings": .object(wished)])
  }

  // MARK: Password

  /// `POST /auth/change-password` {currentPassword, newPassword}: other sessions end (ASVS 7.4.3).
  func changePassword(_ request: Request, _ context: RequestContext) async throws -> Response {
    let identity = try caller(context)
    let body = try await JSONBody.object(of: request)
    var errors: [(path: [String], message: String)] = []
    var texts: [String] = []
    for field in ["currentPassword", "newPassword"] {
      switch JSONBody.text(body, field) {
      case .success(let text): texts.append(text)
      case .failure(let error): errors.append(([field], error.message))
      }
    }
    guard errors.isEmpty else { throw JSONBody.invalid(errors) }
    if let refusal = policy.shapeRefusal(texts[0]) {
      throw JSONBody.invalid([(["currentPassword"], refusal)])
    }
    let profile = try await callerProfile(identity)
    let findings = policy.findings(texts[1], username: profile.username, email: profile.email)
    guard findings.isEmpty else {
      throw JSONBody.invalid(findings.map { (["newPassword"], $0) })
    }
    switch try await authenticate(identity.username, texts[0], context) {
    case .tooMany(let wait): throw Self.tooMany(after: wait)
    case .refused:
      throw Problem(
        status: 403, error: "wrong_password", message: "The current password is wrong")
    case .accepted: break
    }
    try await setPassword(texts[1], of: profile.username)
    try await endAllSessions(of: profile.username, except: identity.sessionID)
    try await audit.append(
      .passwordChanged, actor: profile.username, address: context.sourceAddress)
    try await notifyPasswordChange(profile)
    return Self.privateJSON(["message": "Password changed"])
  }

  /// Stores the hash of a new password.
  func setPassword(_ password: String, of username: String) async throws {
    let hash = try await hasher.hash(password)
    try await store.write(
      .update(
        UserProfile.key(username), [.set("passwordHash", .string(hash))], if: .exists))
  }

  /// A 200 that no cache keeps.
  static func privateJSON(_ json: JSON) -> Response {
    Response(json: json, headers: HeaderFields([("cache-control", "no-store")]))
  }
}
