import HTTPExchange
import JSON
import Store
import Time

// POST /auth/login, and the check of a password that the hosted page shares with it.

extension AccountsService {
  /// What a check of name and password found.
  enum SignInOutcome: Sendable {
    case accepted(UserProfile)
    /// One answer for every cause.
    case refused
    /// Too many attempts of this address or on this name.
    case tooMany(Duration)
  }

  /// Checks name and password: limits first, one hash whoever it is, failures all alike in time.
  ///
  /// - Parameter device: the mark of a browser known for this name, whose failures count alone.
  func authenticate(
    _ name: String, _ password: String, _ context: RequestContext, device: String? = nil
  ) async throws -> SignInOutcome {
    let started = clock.monotonic()
    if let wait = signInBuckets.take(context.sourceAddress, at: started) { return .tooMany(wait) }
    let lockName =
      device.map { secrets.mac(.nameLock, name.lowercased(), $0) }
      ?? secrets.mac(.nameLock, name.lowercased())
    if let wait = try await signInGuard.begin(lockName, at: clock.now()) {
      try await audit.append(.signInLocked, address: context.sourceAddress)
      return .tooMany(wait)
    }
    let profile = AccountName.isPlausible(name) ? try await signInProfile(name) : nil
    let verdict = try await hasher.verify(password, stored: profile?.passwordHash)
    guard var profile, verdict.matches, profile.status == .enabled else {
      try await signInGuard.fail(lockName)
      try await audit.append(.signInFailed, address: context.sourceAddress)
      try await waitOut(since: started)
      return .refused
    }
    try await signInGuard.succeed(lockName)
    if let upgrade = verdict.upgrade {
      try await storeUpgrade(upgrade, of: &profile, address: context.sourceAddress)
    }
    return .accepted(profile)
  }

  /// The account of a name, or of a confirmed address.
  func signInProfile(_ name: String) async throws -> UserProfile? {
    guard name.contains("@") else { return try await profile(named: name) }
    guard let email = AccountName.canonicalEmail(name),
      let owner = try await store.get(UserProfile.emailKey(email))?["username"]?.string,
      let profile = try await profile(named: owner), profile.emailVerified
    else { return nil }
    return profile
  }

  /// Replaces a hash only if it is still the one that was checked.
  private func storeUpgrade(
    _ hash: String, of profile: inout UserProfile, address: String
  ) async throws {
    var changes: [Change] = [.set("passwordHash", .string(hash))]
    // A row of document 004 has no subject yet; it gets the one that tokens already carry.
    changes.append(.set("sub", .string(profile.subject)))
    do {
      try await store.write(.update(profile.key, changes, if: .version(profile.version)))
      profile.passwordHash = hash
      try await audit.append(.passwordUpgraded, actor: profile.username, address: address)
    } catch let error as StoreError where error.isConditionFailure {
      // Somebody changed the account meanwhile; the next sign-in tries again.
    }
  }

  /// Ends a failure at a multiple of the budget, so that its cause does not show in its time.
  func waitOut(since started: MonotonicInstant) async throws {
    let budget = settings.signInBudget.wholeNanoseconds
    guard budget > 0 else { return }
    let elapsed = (clock.monotonic() - started).wholeNanoseconds
    let rest = budget - elapsed % budget
    try await clock.sleep(for: .nanoseconds(rest))
  }

  /// `POST /auth/login` of document 004.
  func login(_ request: Request, _ context: RequestContext) async throws -> Response {
    let body = try await JSONBody.object(of: request)
    let (name, password) = try credentials(body)
    switch try await authenticate(name, password, context) {
    case .tooMany(let wait): throw Self.tooMany(after: wait)
    case .refused:
      throw Problem(
        status: 401, error: "invalid_credentials", message: "Invalid username or password")
    case .accepted(let profile):
      if settings.requireConfirmedEmail, profile.email != nil, !profile.emailVerified {
        throw Problem(
          status: 403, error: "email_not_confirmed", message: "Confirm your e-mail address first")
      }
      let session = try await openSession(
        profile, lifetime: settings.refreshLifetime, request: request, context: context)
      return try signInAnswer("Login successful", profile, session)
    }
  }

  /// Name and password of a body, or the 400 that says what is wrong with them.
  private func credentials(_ body: JSONObject) throws -> (String, String) {
    var errors: [(path: [String], message: String)] = []
    var values: [String] = []
    for field in ["username", "password"] {
      switch JSONBody.text(body, field) {
      case .success(let text) where text.isEmpty: errors.append(([field], "Required"))
      case .success(let text): values.append(text)
      case .failure(let error): errors.append(([field], error.message))
      }
    }
    guard errors.isEmpty else { throw JSONBody.invalid(errors) }
    if let refusal = policy.shapeRefusal(values[1]) {
      throw JSONBody.invalid([(["password"], refusal)])
    }
    return (values[0], values[1])
  }

  /// The 24-hour token of `/auth/login`, bound to a session.
  func signInAnswer(_ message: String, _ profile: UserProfile, _ session: SessionRecord) throws
    -> Response
  {
    let issued = try tokens.access(
      profile, session,
      TokenIssuer.Grant(
        clientID: settings.firstPartyClientID, scopes: ["openid", "email", "profile"],
        lifetime: settings.signInLifetime), now: clock.now())
    return Response(
      json: [
        "message": .string(message), "token": .string(issued.text),
        "username": .string(profile.username),
        "expiresIn": .int(Int(issued.lifetime.components.seconds)),
      ], headers: HeaderFields([("cache-control", "no-store")]))
  }
}
