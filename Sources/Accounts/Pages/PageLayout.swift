import HTTPExchange

// The frame of the hosted pages: no script at all, one stylesheet, every answer uncached.

extension AccountsService {
  /// One field of a form.
  struct Field: Sendable {
    var name: String
    var label: String
    var type = "text"
    /// What browsers and password keepers fill in; pasting is never hindered (ASVS 6.2.7).
    var autocomplete: String
    var value = ""
    var hint = ""
    var isRequired = true
    var isNumeric = false
    var isFocused = false
  }

  /// A page.
  struct Page: Sendable {
    var title: String
    var intro = ""
    /// What went wrong, announced by screen readers.
    var alert: String?
    /// What went well.
    var notice: String?
    var content: [HTML] = []
    var status = 200
    /// Where a form of it may lead beside here: Chromium applies form-action to the redirect, too.
    var formTargets: [String] = []
    var cookie: String?
  }

  /// The answer with a page.
  func render(_ page: Page) -> Response {
    let head: [HTML] = [
      .element("meta", [("charset", "utf-8")], []),
      .element(
        "meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")], []),
      .element("meta", [("name", "color-scheme"), ("content", "light dark")], []),
      .element("meta", [("name", "robots"), ("content", "noindex")], []),
      .element("title", [], [.text("\(page.title) - \(settings.serviceName)")]),
      .element("link", [("rel", "stylesheet"), ("href", "/oauth2/style.css")], []),
    ]
    var main: [HTML] = [.element("h1", [("id", "title")], [.text(page.title)])]
    if let alert = page.alert {
      main.append(
        .element("p", [("class", "alert"), ("role", "alert"), ("id", "alert")], [.text(alert)]))
    }
    if let notice = page.notice {
      main.append(.element("p", [("class", "notice"), ("role", "status")], [.text(notice)]))
    }
    if !page.intro.isEmpty { main.append(.p(page.intro, "intro")) }
    let brand: [HTML] = [Self.mark, .element("span", [], [.text(settings.serviceName)])]
    let header = HTML.element(
      "header", [], [.element("a", [("class", "brand"), ("href", "/")], brand)])
    let text = HTML.document(head, [header, .element("main", [], main + page.content)])
    var response = Response(
      status: page.status, text: text, contentType: "text/html; charset=utf-8")
    Self.protect(&response, formTargets: page.formTargets)
    if let cookie = page.cookie { response.headers.append("set-cookie", cookie) }
    return response
  }

  /// The site's mark.
  private static let mark: HTML = {
    let shapes = [
      "M16 3 30 11v2H2v-2z", "M5 15h4v12H5zM11 19h4v8h-4zM17 17h4v10h-4zM23 15h4v12h-4z",
      "M2 28h28v2H2z",
    ]
    return .element(
      "svg",
      [
        ("viewBox", "0 0 32 32"), ("width", "32"), ("height", "32"), ("aria-hidden", "true"),
        ("focusable", "false"),
      ], shapes.map { .element("path", [("d", $0), ("fill", "currentColor")], []) })
  }()

  private static func protect(_ response: inout Response, formTargets: [String]) {
    let targets = formTargets.map { " \($0)" }.joined()
    response.headers.append(
      "content-security-policy",
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        + "frame-ancestors 'none'; form-action 'self'\(targets)")
    response.headers.append("cache-control", "no-store")
    // With no-referrer the browser would send `Origin: null` with the form (Fetch §3.2).
    response.headers.append("referrer-policy", "same-origin")
    response.headers.append("x-content-type-options", "nosniff")
    response.headers.append("x-frame-options", "DENY")
    response.headers.append("cross-origin-opener-policy", "same-origin")
  }

  /// A form with its token; the action keeps the query, so that a reload keeps it, too.
  func form(
    _ request: Request, path: String, query: String, fields: [Field], submit: String,
    hasAlert: Bool, extra: [HTML] = []
  ) -> (html: HTML, cookie: String?) {
    let (token, cookie) = formGuard.issue(request, action: path, binding: query)
    let action = query.isEmpty ? path : "\(path)?\(query)"
    var children: [HTML] = [.hidden("csrf", token)]
    for field in fields { children.append(control(field, hasAlert: hasAlert)) }
    children += extra
    if !submit.isEmpty {
      children.append(.element("button", [("type", "submit")], [.text(submit)]))
    }
    return (.element("form", [("method", "post"), ("action", action)], children), cookie)
  }

  private func control(_ field: Field, hasAlert: Bool) -> HTML {
    var attributes: [(String, String)] = [
      ("id", field.name), ("name", field.name), ("type", field.type),
      ("autocomplete", field.autocomplete),
    ]
    var described: [String] = []
    if !field.hint.isEmpty { described.append("\(field.name)-hint") }
    if hasAlert { described.append("alert") }
    if !described.isEmpty {
      attributes.append(("aria-describedby", described.joined(separator: " ")))
    }
    if field.isRequired { attributes.append(("required", "")) }
    if field.isFocused { attributes.append(("autofocus", "")) }
    if field.isNumeric { attributes.append(("inputmode", "numeric")) }
    if field.type == "text" || field.type == "email" {
      attributes += [("autocapitalize", "none"), ("spellcheck", "false")]
    }
    if !field.value.isEmpty, field.type != "password" { attributes.append(("value", field.value)) }
    var parts: [HTML] = [
      .element("label", [("for", field.name)], [.text(field.label)]),
      .element("input", attributes, []),
    ]
    if !field.hint.isEmpty {
      parts.append(
        .element("p", [("class", "hint"), ("id", "\(field.name)-hint")], [.text(field.hint)]))
    }
    return .element("div", [("class", "field")], parts)
  }

  /// Links below a form.
  static func links(_ links: [(text: String, href: String)]) -> HTML {
    .element(
      "nav", [("aria-label", "More"), ("class", "links")],
      links.map { .element("p", [], [.a($0.text, href: $0.href)]) })
  }

  /// A path with the query that the page was reached with.
  static func path(_ path: String, _ query: String) -> String {
    query.isEmpty ? path : "\(path)?\(query)"
  }
}
