import HTTPExchange

// The provider's own error page, and the page on which a person agrees.

extension AccountsService {
  /// What the page says of a code; other codes say nothing of themselves.
  private static let errorTexts = [
    "redirect_mismatch":
      "The application asked to return to an address that it has not registered.",
    "invalid_client": "The application is not known here.",
    "invalid_request": "The request is malformed.",
    "form_expired": formExpired,
    "access_denied": "Access was denied.",
  ]

  /// The function `error-page`.
  func errorPage(_ request: Request, _ context: RequestContext) async throws -> Response {
    // Never the text of the query: a page of ours must not say what a stranger wrote.
    let code = request.target.queryValue("error") ?? ""
    let text = Self.errorTexts[code] ?? "Something went wrong on the way here."
    return render(
      Page(
        title: "That did not work", alert: text,
        content: [Self.links([("To the start page", "/")])], status: 400))
  }

  /// A 400 of our own, for what must not be told by redirect.
  func errorPage(_ error: AuthorizeRequest.PageError) -> Response {
    var content: [HTML] = []
    if let hint = error.hint {
      content.append(.p("For the developer of the application: \(hint)", "hint"))
    }
    content.append(.element("p", [("class", "hint")], [.text("Error: \(error.code)")]))
    content.append(Self.links([("To the start page", "/")]))
    return render(
      Page(title: "That did not work", alert: error.message, content: content, status: 400))
  }

  /// Asks whether an application that is not ours may know who this is (ASVS 10.7).
  func consentPage(
    _ asked: AuthorizeRequest, _ session: SessionRecord, _ given: FormFields, _ request: Request
  ) -> Response {
    let (token, cookie) = formGuard.issue(
      request, action: "/oauth2/authorize", binding: session.id + given.query)
    var children: [HTML] = [.hidden("csrf", token)]
    for name in given.names { children.append(.hidden(name, given[name] ?? "")) }
    children += [
      .element(
        "button", [("type", "submit"), ("name", "consent"), ("value", "allow")],
        [.text("Allow")]),
      .element(
        "button",
        [("type", "submit"), ("name", "consent"), ("value", "deny"), ("class", "quiet")],
        [.text("Do not allow")]),
    ]
    let meanings = [
      "openid": "know that it is you", "email": "see your e-mail address",
      "profile": "see your user name",
    ]
    let list = HTML.element(
      "ul", [], asked.scopes.map { .element("li", [], [.text(meanings[$0] ?? $0)]) })
    let form = HTML.element(
      "form", [("method", "post"), ("action", "/oauth2/authorize")], children)
    // Where the answer goes tells applications of similar names apart.
    let targets = Self.formTargets(asked.redirectURI)
    let place = targets.first.map { " at \($0)" } ?? ""
    return render(
      Page(
        title: "Allow access?",
        intro: "The application \(asked.clientID)\(place) asks, as \(session.username), to:",
        content: [list, form], formTargets: targets, cookie: cookie))
  }

  /// The source expression for a redirect: its origin, or the scheme of a native application.
  static func formTargets(_ uri: String) -> [String] {
    if uri.hasPrefix("http://") || uri.hasPrefix("https://") {
      // A source expression cannot hold what ends a directive.
      return origin(of: uri).map { [$0.filter { !";, '\"".contains($0) }] } ?? []
    }
    return uri.firstRange(of: ":").map { ["\(uri[..<$0.lowerBound]):"] } ?? []
  }
}
