import HTTPExchange
import JSON
import Store
import Time

// POST /auth/signup, and the creation of an account that the hosted page shares with it.

extension AccountsService {
  /// What somebody wants to sign up with.
  struct SignUpRequest: Sendable {
    var username: String
    var password: String
    var email: String?
  }

  /// What became of a sign-up.
  enum SignUpOutcome: Sendable {
    case created(UserProfile)
    case nameTaken
    case invalid([(path: [String], message: String)])
    case tooMany(Duration)
  }

  /// Creates an account: the conditional write decides, not a look beforehand.
  func signUp(_ wish: SignUpRequest, _ context: RequestContext) async throws -> SignUpOutcome {
    let (name, email, errors) = judge(wish)
    guard errors.isEmpty, let name else { return .invalid(errors) }
    if let wait = signUpBuckets.take(context.sourceAddress, at: clock.monotonic()) {
      return .tooMany(wait)
    }
    // Spares a hash when the name is plainly taken; a race is settled below.
    if try await store.get(UserProfile.key(name)) != nil { return .nameTaken }
    let hash: String
    do {
      hash = try await hasher.hash(wish.password)
    } catch let overloaded as PasswordPool.Overloaded {
      // Of many who want one name at once, those who waited in vain learn that it is gone.
      if try await store.get(UserProfile.key(name)) != nil { return .nameTaken }
      throw overloaded
    }
    var profile = UserProfile(
      username: name, subject: Opaque.uuid(), passwordHash: hash, createdAt: clock.now())
    profile.email = email
    guard try await create(profile) else { return .nameTaken }
    try await audit.append(.signedUp, actor: name, address: context.sourceAddress)
    if email != nil { try await sendConfirmation(to: profile) }
    return .created(profile)
  }

  private func judge(_ wish: SignUpRequest) -> (
    name: String?, email: String?, errors: [(path: [String], message: String)]
  ) {
    var errors: [(path: [String], message: String)] = []
    let name = AccountName.canonical(wish.username)
    if name == nil {
      errors.append(
        (["username"], "Username must be 3 to 64 letters, digits, dots, underscores or hyphens"))
    }
    let email = wish.email.flatMap(AccountName.canonicalEmail)
    if wish.email != nil, email == nil {
      errors.append((["email"], "Invalid e-mail address"))
    }
    let findings = policy.findings(wish.password, username: name ?? "", email: email)
    errors += findings.map { (["password"], $0) }
    return (name, email, errors)
  }

  /// Writes the account with what makes its name, subject and address unique, in one transaction.
  ///
  /// An address that another account has claimed does not refuse the sign-up, since the refusal
  /// would tell whose address is known here: the account begins without the claim, and only its
  /// confirmation settles who owns the address.
  private func create(_ profile: UserProfile) async throws -> Bool {
    func owner(_ key: ItemKey) -> Write {
      let attributes = JSONObject([("type", "unique"), ("username", .string(profile.username))])
      return .put(Item(key, attributes), if: .notExists)
    }
    let base: [Write] = [
      .put(profile.item, if: .notExists), owner(UserProfile.subjectKey(profile.subject)),
    ]
    let claim = profile.email.map { [owner(UserProfile.emailKey($0))] } ?? []
    do {
      try await store.transact(base + claim)
      return true
    } catch StoreError.conditionFailed(let reasons) {
      if reasons.first == .conditionFailed { return false }
      guard !claim.isEmpty, reasons.last == .conditionFailed else { return false }
    }
    do {
      try await store.transact(base)
      return true
    } catch let error as StoreError where error.isConditionFailure {
      return false
    }
  }

  /// `POST /auth/signup` of document 004.
  func signup(_ request: Request, _ context: RequestContext) async throws -> Response {
    let body = try await JSONBody.object(of: request)
    var errors: [(path: [String], message: String)] = []
    var texts: [String: String] = [:]
    for field in ["username", "password", "email"] {
      switch JSONBody.text(body, field) {
      case .success(let text): texts[field] = text
      case .failure(.missing) where field == "email": break
      case .failure(let error): errors.append(([field], error.message))
      }
    }
    guard errors.isEmpty, let username = texts["username"], let password = texts["password"] else {
      throw JSONBody.invalid(errors)
    }
    let wish = SignUpRequest(username: username, password: password, email: texts["email"])
    switch try await signUp(wish, context) {
    case .invalid(let errors): throw JSONBody.invalid(errors)
    case .tooMany(let wait): throw Self.tooMany(after: wait)
    case .nameTaken:
      throw Problem(status: 409, error: "user_exists", message: "User already exists")
    case .created(let profile):
      return Response(
        status: 201,
        json: [
          "message": "User created successfully", "username": .string(profile.username),
        ], headers: HeaderFields([("cache-control", "no-store")]))
    }
  }
}
