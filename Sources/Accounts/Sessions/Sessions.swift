import HTTPExchange
import JSON
import Store
import Time

// Opening and ending sessions: everything that hangs on one ends with it.

extension AccountsService {
  /// Sessions of one account; the oldest ends when there would be more.
  static let sessionLimit = 100

  /// A new session, with its browser cookie when there is one.
  func openSession(
    _ profile: UserProfile, lifetime: Duration, request: Request, context: RequestContext,
    cookie: String? = nil
  ) async throws -> SessionRecord {
    let now = clock.now()
    let session = SessionRecord(
      username: profile.username, subject: profile.subject, id: Opaque.token(bytes: 16), now: now,
      expiresAt: now + lifetime, agent: String((request.headers["user-agent"] ?? "").prefix(120)),
      address: context.sourceAddress, cookieDigest: cookie.map(Opaque.digest))
    var writes: [Write] = [.put(session.item, if: .notExists)]
    if let digest = session.cookieDigest {
      let pointer = Item(
        SessionRecord.cookieKey(digest),
        JSONObject([
          ("type", "cookie"), ("username", .string(profile.username)), ("sid", .string(session.id)),
        ]), expiresAt: session.expiresAt)
      writes.append(.put(pointer, if: .notExists))
    }
    try await store.transact(writes)
    try await endSurplusSessions(of: profile.username)
    try await audit.append(
      .signedIn, actor: profile.username, address: context.sourceAddress,
      details: JSONObject([("sid", .string(session.id))]))
    return session
  }

  /// The session of that id when it lives.
  func session(_ username: String, _ id: String) async throws -> SessionRecord? {
    try await store.get(SessionRecord.key(username, id)).flatMap(SessionRecord.init)
  }

  /// Every session of an account.
  func sessions(of username: String) async throws -> [SessionRecord] {
    try await items(of: username, "SESSION#").compactMap(SessionRecord.init)
  }

  /// All items of an account with that beginning: what ends sessions must not stop at a page.
  private func items(of username: String, _ prefix: String) async throws -> [Item] {
    var query = Query(
      pk: "USER#\(username)", .beginsWith(prefix), limit: StoreLimits.pageItemsMost)
    var items: [Item] = []
    repeat {
      let page = try await store.query(query)
      items += page.items
      query.cursor = page.cursor
    } while query.cursor != nil
    return items
  }

  /// Ends a session: its tokens are refused from now on, its refresh families and cookie are gone.
  func endSession(_ username: String, _ id: String) async throws {
    try await revocationList.revoke(session: id)
    let session = try await session(username, id)
    for family in try await families(of: username) where family.sessionID == id {
      try await endFamily(family)
    }
    if let digest = session?.cookieDigest {
      try await store.write(.delete(SessionRecord.cookieKey(digest)))
    }
    try await store.write(.delete(SessionRecord.key(username, id)))
  }

  /// Ends every session but one.
  func endAllSessions(of username: String, except kept: String? = nil) async throws {
    for session in try await sessions(of: username) where session.id != kept {
      try await endSession(username, session.id)
    }
    for family in try await families(of: username) where family.sessionID != kept {
      try await endFamily(family)
    }
  }

  /// Every refresh family of an account.
  func families(of username: String) async throws -> [RefreshFamily] {
    try await items(of: username, "REFRESH#").compactMap(RefreshFamily.init)
  }

  /// Families of one session: an application makes one at each sign-in through it.
  static let familyLimit = 20

  /// Ends the least used families of a session when there are too many.
  func endSurplusFamilies(of session: SessionRecord) async throws {
    let all = try await families(of: session.username).filter { $0.sessionID == session.id }
    guard all.count > Self.familyLimit else { return }
    let oldest = all.sorted { $0.rotatedAt < $1.rotatedAt }.prefix(all.count - Self.familyLimit)
    for family in oldest { try await endFamily(family) }
  }

  /// Notes that a session is in use, at most every five minutes.
  func touch(_ session: SessionRecord) async throws {
    let now = clock.now()
    guard now - session.lastSeen >= .seconds(300) else { return }
    do {
      try await store.write(
        .update(session.key, [.set("lastSeen", .string(now.iso8601))], if: .exists))
    } catch let error as StoreError where error.isConditionFailure {
      // Ended meanwhile: what follows finds that out.
    }
  }

  /// Ends a refresh family and the access tokens made from it.
  func endFamily(_ family: RefreshFamily) async throws {
    for token in family.accessTokens { try await revocationList.revoke(token: token) }
    try await store.transact([
      .delete(family.key), .delete(RefreshFamily.pointerKey(family.id)),
    ])
  }

  private func endSurplusSessions(of username: String) async throws {
    let all = try await sessions(of: username)
    guard all.count > Self.sessionLimit else { return }
    let oldest = all.sorted { $0.createdAt < $1.createdAt }.prefix(all.count - Self.sessionLimit)
    for session in oldest { try await endSession(username, session.id) }
  }

  /// The account of a user name, exactly as typed first and then in its stored form.
  func profile(named name: String) async throws -> UserProfile? {
    let canonical = name.lowercased()
    var keys = [UserProfile.key(name)]
    if canonical != name { keys.append(UserProfile.key(canonical)) }
    return try await store.batchGet(keys).lazy.compactMap { $0.flatMap(UserProfile.init) }.first
  }
}
