import HTTPExchange
import JSON
import Store
import Time

// GET|POST /oauth2/authorize (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2).

extension AccountsService {
  /// The function `authorize`.
  func authorize(_ request: Request, _ context: RequestContext) async throws -> Response {
    // No CORS here (RFC 9700 §2.6): a page that reads this answer would read the code.
    if request.method == "OPTIONS" { return Response(status: 204) }
    let fields = await Self.authorizeFields(request)
    let asked: AuthorizeRequest
    switch AuthorizeRequest.judge(
      fields, clients: settings.clients, audience: settings.audience)
    {
    case .page(let error): return errorPage(error)
    case .redirect(let uri, let state, let code, let description):
      return authorizeError(uri, state: state, code: code, description: description)
    case .valid(let valid): asked = valid
    }
    guard case .success(let given) = fields else {
      return errorPage(.init(code: "invalid_request", message: "The request cannot be read"))
    }
    if request.method == "POST", given["csrf"] != nil {
      return try await answerConsent(asked, given, request, context)
    }
    let current = try await browserSession(request)
    let isFresh = current.map { isRecent($0.0, for: asked) } ?? false
    guard let (session, _) = current, isFresh, !asked.prompts.contains(.login),
      !asked.prompts.contains(.selectAccount)
    else {
      if asked.prompts.contains(.none) {
        return authorizeError(
          asked.redirectURI, state: asked.state, code: "login_required",
          description: "Nobody is signed in")
      }
      return Self.seeOther("/login?\(given.query)")
    }
    return try await proceed(asked, session, given, request, context)
  }

  /// The parameters: the query of a GET, the body of a POST.
  private static func authorizeFields(_ request: Request) async
    -> Result<FormFields, FormFields.Refusal>
  {
    do {
      if request.method == "POST", request.body.length != 0 {
        return .success(try await FormFields.body(of: request))
      }
      return .success(try FormFields(parsing: request.target.query ?? ""))
    } catch let refusal as FormFields.Refusal {
      return .failure(refusal)
    } catch {
      return .failure(.malformed)
    }
  }

  private func isRecent(_ session: SessionRecord, for asked: AuthorizeRequest) -> Bool {
    guard let limit = asked.maxAge else { return true }
    return clock.now() - session.authenticatedAt <= .seconds(limit)
  }

  /// With a session at hand: a code at once for our own clients, consent first for others.
  func proceed(
    _ asked: AuthorizeRequest, _ session: SessionRecord, _ given: FormFields, _ request: Request,
    _ context: RequestContext
  ) async throws -> Response {
    guard let client = settings.clients.first(where: { $0.id == asked.clientID }) else {
      return errorPage(.init(code: "invalid_client", message: "The application is not known here"))
    }
    let consented = try await hasConsented(session.username, client.id, asked.scopes)
    if !client.isFirstParty && (!consented || asked.prompts.contains(.consent)) {
      if asked.prompts.contains(.none) {
        return authorizeError(
          asked.redirectURI, state: asked.state, code: "consent_required",
          description: "The person has not agreed yet")
      }
      return consentPage(asked, session, given, request)
    }
    return try await grantCode(asked, session, context)
  }

  /// Writes a code and sends the browser back with it.
  func grantCode(
    _ asked: AuthorizeRequest, _ session: SessionRecord, _ context: RequestContext
  ) async throws -> Response {
    let code = Opaque.token()
    let stored = AuthorizationCode(
      digest: Opaque.digest(code), request: asked, session: session,
      expiresAt: clock.now() + settings.codeLifetime)
    try await store.write(.put(stored.item, if: .notExists))
    try await audit.append(
      .codeIssued, actor: session.username, address: context.sourceAddress,
      details: JSONObject([("client", .string(asked.clientID))]))
    var parameters = [("code", code)]
    if let state = asked.state { parameters.append(("state", state)) }
    parameters.append(("iss", settings.issuer))
    return Self.seeOther(Self.adding(parameters, to: asked.redirectURI))
  }

  /// An error told to the client, always with state and issuer (RFC 9207).
  func authorizeError(
    _ uri: String, state: String?, code: String, description: String
  ) -> Response {
    var parameters = [("error", code), ("error_description", description)]
    if let state { parameters.append(("state", state)) }
    parameters.append(("iss", settings.issuer))
    return Self.seeOther(Self.adding(parameters, to: uri))
  }

  /// 303, never 307: a password that was posted here must not be posted on (RFC 9700 §4.12).
  static func seeOther(_ location: String) -> Response {
    Response(
      status: 303,
      headers: HeaderFields([
        ("location", location), ("cache-control", "no-store"), ("referrer-policy", "no-referrer"),
      ]))
  }

  /// Parameters behind the query that a URI may have already.
  static func adding(_ parameters: [(String, String)], to uri: String) -> String {
    let query = parameters.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
    return uri + (uri.contains("?") ? "&" : "?") + query
  }

  // MARK: Consent

  static func consentKey(_ username: String, _ clientID: String) -> ItemKey {
    ItemKey("USER#\(username)", "CONSENT#\(clientID)")
  }

  private func hasConsented(_ username: String, _ clientID: String, _ scopes: [String])
    async throws -> Bool
  {
    let item = try await store.get(Self.consentKey(username, clientID))
    let granted = item?["scopes"]?.array?.compactMap(\.string) ?? []
    return item != nil && scopes.allSatisfy(granted.contains)
  }

  private func answerConsent(
    _ asked: AuthorizeRequest, _ given: FormFields, _ request: Request, _ context: RequestContext
  ) async throws -> Response {
    var parameters = given
    for name in ["csrf", "consent"] { parameters[name] = nil }
    guard let (session, _) = try await browserSession(request),
      formGuard.accepts(
        given["csrf"], request, action: "/oauth2/authorize", binding: session.id + parameters.query)
    else { return errorPage(.init(code: "form_expired", message: Self.formExpired)) }
    guard given["consent"] == "allow" else {
      return authorizeError(
        asked.redirectURI, state: asked.state, code: "access_denied",
        description: "The person did not agree")
    }
    let item = Item(
      Self.consentKey(session.username, asked.clientID),
      JSONObject([
        ("type", "consent"), ("scopes", .array(asked.scopes.map(JSON.string))),
        ("at", .string(clock.now().iso8601)),
      ]))
    try await store.write(.put(item))
    return try await grantCode(asked, session, context)
  }
}
