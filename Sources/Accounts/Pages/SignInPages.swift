import HTTPExchange
import JSON
import Store

// The pages that lead to a session: sign-in and sign-up.

extension AccountsService {
  /// The functions of the hosted pages by name.
  var pageFunctions: [(String, Function)] {
    [
      ("login-page", loginPage), ("signup-page", signUpPage),
      ("confirm-user-page", confirmUserPage), ("forgot-password-page", forgotPasswordPage),
      ("confirm-forgot-password-page", confirmForgotPasswordPage), ("logout-page", logoutPage),
      ("error-page", errorPage), ("hosted-stylesheet", stylesheet),
    ]
  }

  /// The authorization that a page is part of: none, a valid one, or an answer that ends the visit.
  enum Visit: Sendable {
    case plain
    case authorization(AuthorizeRequest, FormFields)
    case answer(Response)
  }

  /// Judges the query again at every step: nothing of it is believed because an earlier page did.
  func visit(_ request: Request) -> Visit {
    guard let query = request.target.query, query.contains("client_id=") else { return .plain }
    let parsed: Result<FormFields, FormFields.Refusal>
    do throws(FormFields.Refusal) {
      parsed = .success(try FormFields(parsing: query))
    } catch {
      parsed = .failure(error)
    }
    switch AuthorizeRequest.judge(
      parsed, clients: settings.clients, audience: settings.audience)
    {
    case .page(let error): return .answer(errorPage(error))
    case .redirect(let uri, let state, let code, let description):
      return .answer(authorizeError(uri, state: state, code: code, description: description))
    case .valid(let asked):
      guard case .success(let fields) = parsed else { return .plain }
      return .authorization(asked, fields)
    }
  }

  /// The query that links and forms of a page carry on: the authorization's, nothing else.
  static func carried(_ visit: Visit) -> String {
    if case .authorization(_, let fields) = visit { return fields.query }
    return ""
  }

  static func formTargets(_ visit: Visit) -> [String] {
    if case .authorization(let asked, _) = visit { return formTargets(asked.redirectURI) }
    return []
  }

  /// A posted form that this browser was given; otherwise what to answer.
  func postedForm(_ request: Request, path: String, query: String) async throws -> FormFields {
    do {
      let fields = try await FormFields.body(of: request)
      guard formGuard.accepts(fields["csrf"], request, action: path, binding: query) else {
        throw FormExpired()
      }
      return fields
    } catch is FormFields.Refusal {
      throw FormExpired()
    }
  }

  struct FormExpired: Error {}

  // MARK: Sign-in

  /// The function `login-page`.
  func loginPage(_ request: Request, _ context: RequestContext) async throws -> Response {
    let visit = visit(request)
    if case .answer(let response) = visit { return response }
    guard request.method == "POST" else { return loginForm(request, visit) }
    let fields: FormFields
    do {
      fields = try await postedForm(request, path: "/login", query: Self.carried(visit))
    } catch is FormExpired {
      return loginForm(request, visit, alert: Self.formExpired, status: 403)
    }
    let name = fields["username"] ?? ""
    let password = fields["password"] ?? ""
    guard !name.isEmpty, policy.shapeRefusal(password) == nil else {
      return loginForm(
        request, visit, name: name, alert: "Enter your user name and your password.", status: 400)
    }
    let device = knownDevice.mark(for: name, in: request)
    switch try await authenticate(name, password, context, device: device) {
    case .tooMany(let wait):
      var page = loginForm(
        request, visit, name: name, alert: "Too many attempts. Try again later.", status: 429)
      page.headers.append("retry-after", String(max(1, wait.components.seconds)))
      return page
    case .refused:
      return loginForm(
        request, visit, name: name, alert: "The user name or the password is wrong.", status: 401)
    case .accepted(let profile):
      if settings.requireConfirmedEmail, profile.email != nil, !profile.emailVerified {
        return Self.seeOther(confirmPath(profile, visit))
      }
      return try await enter(profile, visit, request, context)
    }
  }

  private func loginForm(
    _ request: Request, _ visit: Visit, name: String = "", alert: String? = nil, status: Int = 200
  ) -> Response {
    let query = Self.carried(visit)
    var known = name
    if known.isEmpty, case .authorization(let asked, _) = visit { known = asked.loginHint ?? "" }
    let (form, cookie) = form(
      request, path: "/login", query: query,
      fields: [
        Field(
          name: "username", label: "User name", autocomplete: "username",
          value: String(known.prefix(128)), isFocused: known.isEmpty),
        Field(
          name: "password", label: "Password", type: "password", autocomplete: "current-password",
          isFocused: !known.isEmpty),
      ], submit: "Sign in", hasAlert: alert != nil)
    let links = Self.links([
      ("Create an account", Self.path("/signup", query)),
      ("Forgot your password?", Self.path("/forgotPassword", query)),
    ])
    let notices = [
      "confirmed": "Your address is confirmed.",
      "reset": "Your new password is set. Sign in with it.",
    ]
    let notice = request.target.query.flatMap { notices[$0] }
    return render(
      Page(
        title: "Sign in", alert: alert, notice: notice, content: [form, links], status: status,
        formTargets: Self.formTargets(visit), cookie: cookie))
  }

  /// A new session for this browser (ASVS 7.2.4), then on to where the visit leads.
  func enter(
    _ profile: UserProfile, _ visit: Visit, _ request: Request, _ context: RequestContext
  ) async throws -> Response {
    if let (old, _) = try await browserSession(request) {
      try await forgetCookie(of: old)
    }
    let cookie = Opaque.token()
    let session = try await openSession(
      profile, lifetime: settings.sessionLifetime, request: request, context: context,
      cookie: cookie)
    var response: Response
    if case .authorization(let asked, let fields) = visit {
      response = try await proceed(asked, session, fields, request, context)
    } else {
      response = Self.seeOther("/")
    }
    response.headers.append(
      "set-cookie", cookies.session(cookie, lifetime: settings.sessionLifetime))
    if knownDevice.mark(for: profile.username, in: request) == nil {
      response.headers.append("set-cookie", knownDevice.issue(profile.username))
    }
    return response
  }

  /// The browser's former session keeps its tokens, but the browser no longer leads to it.
  private func forgetCookie(of session: SessionRecord) async throws {
    guard let digest = session.cookieDigest else { return }
    try await store.write(.delete(SessionRecord.cookieKey(digest)))
  }

  // MARK: Sign-up

  /// The function `signup-page`.
  func signUpPage(_ request: Request, _ context: RequestContext) async throws -> Response {
    let visit = visit(request)
    if case .answer(let response) = visit { return response }
    guard request.method == "POST" else { return signUpForm(request, visit) }
    let fields: FormFields
    do {
      fields = try await postedForm(request, path: "/signup", query: Self.carried(visit))
    } catch is FormExpired {
      return signUpForm(request, visit, alert: Self.formExpired, status: 403)
    }
    let wish = SignUpRequest(
      username: fields["username"] ?? "", password: fields["password"] ?? "",
      email: fields["email"])
    switch try await signUp(wish, context) {
    case .invalid(let errors):
      let text = errors.map(\.message).joined(separator: ". ") + "."
      return signUpForm(request, visit, wish: wish, alert: text, status: 400)
    case .nameTaken:
      return signUpForm(
        request, visit, wish: wish, alert: "This user name is taken. Choose another.", status: 409)
    case .tooMany(let wait):
      var page = signUpForm(
        request, visit, wish: wish, alert: "Too many attempts. Try again later.", status: 429)
      page.headers.append("retry-after", String(max(1, wait.components.seconds)))
      return page
    case .created(let profile):
      if profile.email != nil { return Self.seeOther(confirmPath(profile, visit)) }
      return try await enter(profile, visit, request, context)
    }
  }

  /// Where somebody enters the code that was sent.
  func confirmPath(_ profile: UserProfile, _ visit: Visit) -> String {
    var fields = FormFields()
    if case .authorization(_, let given) = visit { fields = given }
    fields["username"] = profile.username
    return "/confirmUser?\(fields.query)"
  }

  private func signUpForm(
    _ request: Request, _ visit: Visit, wish: SignUpRequest? = nil, alert: String? = nil,
    status: Int = 200
  ) -> Response {
    let query = Self.carried(visit)
    let (form, cookie) = form(
      request, path: "/signup", query: query,
      fields: [
        Field(
          name: "username", label: "User name", autocomplete: "username",
          value: String((wish?.username ?? "").prefix(128)),
          hint: "3 to 64 letters, digits, dots, underscores or hyphens.", isFocused: true),
        Field(
          name: "email", label: "E-mail address (optional)", type: "email", autocomplete: "email",
          value: String((wish?.email ?? "").prefix(254)),
          hint: "Needed only to get back in when you forget your password.", isRequired: false),
        Field(
          name: "password", label: "Password", type: "password", autocomplete: "new-password",
          hint: "At least \(settings.passwordMinimumCharacters) characters. "
            + "Four words nobody would guess together are a good one."),
      ], submit: "Create the account", hasAlert: alert != nil)
    return render(
      Page(
        title: "Create an account", alert: alert,
        content: [form, Self.links([("Sign in instead", Self.path("/login", query))])],
        status: status, formTargets: Self.formTargets(visit), cookie: cookie))
  }
}
