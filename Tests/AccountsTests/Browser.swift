import HTTPExchange
import JSON
import Testing
import Time

@testable import Accounts

/// A browser without script: keeps cookies, sends `Origin`, fills in forms.
final class Browser {
  static let paths = [
    "/oauth2/authorize": "authorize", "/oauth2/token": "token", "/login": "login-page",
    "/signup": "signup-page", "/confirmUser": "confirm-user-page",
    "/forgotPassword": "forgot-password-page",
    "/confirmForgotPassword": "confirm-forgot-password-page", "/logout": "logout-page",
    "/error": "error-page",
  ]

  let harness: AccountsHarness
  var cookies: [String: String] = [:]
  /// Where the last answer was got.
  var address = ""

  init(_ harness: AccountsHarness) { self.harness = harness }

  func get(_ target: String, headers: [(String, String)] = []) async throws -> Response {
    try await send("GET", target, headers: headers, body: "")
  }

  /// Posts a form as a page of ours would.
  func post(
    _ target: String, _ fields: [(String, String)],
    headers: [(String, String)] = [("origin", AccountsHarness.origin)]
  ) async throws -> Response {
    let body = fields.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
    return try await send(
      "POST", target,
      headers: headers + [("content-type", "application/x-www-form-urlencoded")], body: body)
  }

  /// Fills in the form of a page and posts it; hidden fields go along.
  func submit(_ page: Response, _ fields: [(String, String)]) async throws -> Response {
    let html = page.text
    let action = try #require(Self.attribute("action", of: html, in: "<form"))
    var all = Self.hiddenFields(html)
    all += fields
    return try await post(Self.unescaped(action), all)
  }

  private func send(
    _ method: String, _ target: String, headers: [(String, String)], body: String
  ) async throws -> Response {
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = String(parts[0])
    let name = try #require(Self.paths[path], "nothing answers at \(path)")
    var fields = headers
    let sent = cookies.filter { name, _ in
      !name.contains("rt-") || path.hasPrefix("/oauth2/token")
    }
    if !sent.isEmpty {
      let pairs = sent.map { "\($0.key)=\($0.value)" }.sorted()
      fields.append(("cookie", pairs.joined(separator: "; ")))
    }
    let response = try await harness.call(
      name, method: method, path: path, query: parts.count > 1 ? String(parts[1]) : nil,
      headers: fields, body: body)
    for line in response.headers.values("set-cookie") { keep(line) }
    address = target
    return response
  }

  private func keep(_ line: String) {
    let pair = line.split(separator: ";")[0].split(
      separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let value = String(pair[1])
    cookies[String(pair[0])] = line.contains("Max-Age=0") ? nil : value
  }

  static func hiddenFields(_ html: String) -> [(String, String)] {
    html.split(separator: "<input type=\"hidden\"").dropFirst().map { part in
      let tag = "<" + part.prefix { $0 != ">" }
      return (
        unescaped(attribute("name", of: tag, in: "<") ?? ""),
        unescaped(attribute("value", of: tag, in: "<") ?? "")
      )
    }
  }

  static func attribute(_ name: String, of html: String, in start: String) -> String? {
    guard let tag = html.firstRange(of: start) else { return nil }
    let rest = html[tag.upperBound...]
    guard let found = rest.firstRange(of: " \(name)=\"") else { return nil }
    return String(rest[found.upperBound...].prefix { $0 != "\"" })
  }

  static func unescaped(_ text: String) -> String {
    text.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
      .replacing("&#39;", with: "'").replacing("&amp;", with: "&")
  }
}

/// A client of the provider: one attempt of the code flow with PKCE.
struct ClientAttempt {
  var clientID = "portico-web"
  var redirectURI = "\(AccountsHarness.origin)/callback"
  var verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
  var state = "af0ifjsldkj"
  var extra: [(String, String)] = []
  var scope: String? = "openid email profile"

  /// The query of the authorization request, in a stable order.
  func query(without dropped: Set<String> = [], replacing: [String: String] = [:]) -> String {
    var fields = [
      ("response_type", "code"), ("client_id", clientID), ("redirect_uri", redirectURI),
      ("state", state), ("nonce", "n-0S6_WzA2Mj"), ("code_challenge", Opaque.digest(verifier)),
      ("code_challenge_method", "S256"),
    ]
    if let scope { fields.append(("scope", scope)) }
    fields += extra
    return fields.filter { !dropped.contains($0.0) }
      .map { "\($0.0)=\(PercentEncoding.encode(replacing[$0.0] ?? $0.1))" }
      .joined(separator: "&")
  }

  /// The parameters that an answer brings back to the client.
  static func returned(_ response: Response) -> [String: String] {
    guard let location = response.headers["location"],
      let query = location.split(separator: "?", maxSplits: 1).dropFirst().first
    else { return [:] }
    let target = RequestTarget(path: "/", query: String(query))
    return Dictionary(
      target.queryItems.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// The body of the exchange.
  func exchange(_ code: String, replacing: [String: String] = [:], without: Set<String> = [])
    -> String
  {
    let fields = [
      ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURI),
      ("client_id", clientID), ("code_verifier", verifier),
    ]
    return fields.filter { !without.contains($0.0) }
      .map { "\($0.0)=\(PercentEncoding.encode(replacing[$0.0] ?? $0.1))" }
      .joined(separator: "&")
  }
}

extension AccountsHarness {
  static let form = [("content-type", "application/x-www-form-urlencoded")]

  /// A POST of a form to a function.
  func post(_ name: String, _ body: String, headers: [(String, String)] = []) async throws
    -> Response
  {
    try await call(name, headers: Self.form + headers, body: body)
  }

  /// A browser that is signed in on the hosted pages, and the code it was given.
  func code(_ attempt: ClientAttempt = ClientAttempt(), name: String = "alice") async throws
    -> (browser: Browser, code: String)
  {
    _ = try await json(
      "signup", ["username": .string(name), "password": .string(Self.password)])
    let browser = Browser(self)
    let start = try await browser.get("/oauth2/authorize?\(attempt.query())")
    #expect(start.status == 303)
    let page = try await browser.get(try #require(start.headers["location"]))
    #expect(page.status == 200)
    let answer = try await browser.submit(
      page, [("username", name), ("password", Self.password)])
    #expect(answer.status == 303)
    let code = try #require(ClientAttempt.returned(answer)["code"])
    return (browser, code)
  }

  /// Tokens of the whole flow, in the body.
  func tokens(_ attempt: ClientAttempt = ClientAttempt(), name: String = "alice") async throws
    -> JSON
  {
    let (_, code) = try await code(attempt, name: name)
    let answer = try await post("token", attempt.exchange(code))
    #expect(answer.status == 200)
    return answer.json
  }
}
