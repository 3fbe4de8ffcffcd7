import HTTPExchange
import JSON

// GET|POST /logout: Cognito's parameters and those of OpenID Connect RP-Initiated Logout 1.0.

extension AccountsService {
  /// Where a sign-out leads, once it has been found registered.
  private enum LogoutTarget {
    /// Our own page.
    case here
    /// A registered address.
    case address(String)
    /// Cognito's second form: sign in again with these parameters.
    case signInAgain(String)
    case refused(AuthorizeRequest.PageError)
  }

  /// The function `logout-page`.
  func logoutPage(_ request: Request, _ context: RequestContext) async throws -> Response {
    let fields: FormFields
    do {
      fields =
        request.method == "POST" && request.target.query == nil
        ? try await FormFields.body(of: request)
        : try FormFields(parsing: request.target.query ?? "")
    } catch let refusal as FormFields.Refusal {
      return errorPage(.init(code: "invalid_request", message: refusal.message))
    }
    let hint = fields["id_token_hint"].flatMap { keys.hinted($0, issuer: settings.issuer) }
    let target = logoutTarget(fields, hint: hint)
    if case .refused(let error) = target { return errorPage(error) }
    guard let (session, _) = try await browserSession(request) else {
      return finishLogout(target)
    }
    var parameters = fields
    parameters["csrf"] = nil
    let query = parameters.query
    if request.method == "POST", request.target.query != nil || fields["csrf"] != nil {
      let posted = try? await FormFields.body(of: request)
      guard
        formGuard.accepts(
          posted?["csrf"], request, action: "/logout", binding: session.id + query)
      else { return confirmLogout(request, session, query, target, alert: Self.formExpired) }
    } else if hint?["sid"]?.string != session.id {
      // Whoever sent the browser here has not shown that it is about this session (ASVS 10.6.2).
      return confirmLogout(request, session, query, target)
    }
    try await endSession(session.username, session.id)
    try await audit.append(
      .signedOut, actor: session.username, address: context.sourceAddress,
      details: JSONObject([("sid", .string(session.id))]))
    return finishLogout(target)
  }

  private func logoutTarget(_ fields: FormFields, hint: JSONObject?) -> LogoutTarget {
    // A hint whose audience is not the client named is somebody else's (RP-Initiated Logout §2).
    let hinted = hint?["aud"]?.string
    if let named = fields["client_id"], let hinted, named != hinted {
      return .refused(.init(code: "invalid_client", message: "The application is not known here."))
    }
    let id = fields["client_id"] ?? hinted
    let client = settings.clients.first { $0.id == id }
    if let uri = fields["logout_uri"] ?? fields["post_logout_redirect_uri"] {
      guard let client, client.logoutURIs.contains(where: { $0.utf8.elementsEqual(uri.utf8) })
      else {
        return .refused(
          .init(
            code: "redirect_mismatch",
            message: "The application asked to return to an address that it has not registered."))
      }
      guard let state = fields["state"], fields["logout_uri"] == nil else { return .address(uri) }
      return .address(Self.adding([("state", state)], to: uri))
    }
    if fields["redirect_uri"] != nil, fields["response_type"] != nil {
      guard let client, client.allows(redirect: fields["redirect_uri"] ?? "") else {
        return .refused(
          .init(
            code: "redirect_mismatch",
            message: "The application asked to return to an address that it has not registered."))
      }
      return .signInAgain(fields.query)
    }
    if fields["client_id"] != nil, client == nil {
      return .refused(.init(code: "invalid_client", message: "The application is not known here"))
    }
    return .here
  }

  private func confirmLogout(
    _ request: Request, _ session: SessionRecord, _ query: String, _ target: LogoutTarget,
    alert: String? = nil
  ) -> Response {
    let (token, cookie) = formGuard.issue(
      request, action: "/logout", binding: session.id + query)
    let form = HTML.element(
      "form", [("method", "post"), ("action", Self.path("/logout", query))],
      [
        .hidden("csrf", token),
        .element("button", [("type", "submit")], [.text("Sign out")]),
      ])
    var targets: [String] = []
    if case .address(let uri) = target { targets = Self.formTargets(uri) }
    return render(
      Page(
        title: "Sign out?", intro: "You are signed in as \(session.username).", alert: alert,
        content: [form, Self.links([("Stay signed in", "/")])],
        status: alert == nil ? 200 : 403, formTargets: targets, cookie: cookie))
  }

  private func finishLogout(_ target: LogoutTarget) -> Response {
    var response: Response
    switch target {
    case .here, .refused:
      response = render(
        Page(
          title: "You are signed out", notice: "This browser is signed out.",
          content: [Self.links([("Sign in again", "/login"), ("To the start page", "/")])]))
    case .address(let uri): response = Self.seeOther(uri)
    case .signInAgain(let query): response = Self.seeOther("/login?\(query)")
    }
    for cookie in cookies.clearing(clients: settings.clients) {
      response.headers.append("set-cookie", cookie)
    }
    return response
  }
}
