import HTTPExchange

/// Keeps foreign pages from posting our forms, the sign-in form included (auth.md §2.8): a token
/// bound to a cookie of this browser, and the browser's own word on where the form came from.
struct FormGuard: Sendable {
  let secrets: AccountSecrets
  let cookies: Cookies
  let origin: String

  /// A form's token, and the cookie it needs when the browser has none yet.
  func issue(_ request: Request, action: String, binding: String) -> (
    token: String, cookie: String?
  ) {
    if let value = cookieValue(request) { return (mac(value, action, binding), nil) }
    let value = Opaque.token()
    return (mac(value, action, binding), cookies.form(value))
  }

  /// Whether a posted form is one that this browser was given.
  func accepts(_ token: String?, _ request: Request, action: String, binding: String) -> Bool {
    guard isFromHere(request), let token, let value = cookieValue(request) else { return false }
    return Opaque.equal(token, mac(value, action, binding))
  }

  /// `Origin` decides; without one `Sec-Fetch-Site` does; without either nothing is accepted.
  private func isFromHere(_ request: Request) -> Bool {
    let origins = request.headers.values("origin")
    if !origins.isEmpty { return origins == [origin] }
    return request.headers["sec-fetch-site"] == "same-origin"
  }

  private func cookieValue(_ request: Request) -> String? {
    Cookies.value(cookies.formName, in: request).flatMap { $0.utf8.count == 43 ? $0 : nil }
  }

  private func mac(_ value: String, _ action: String, _ binding: String) -> String {
    secrets.mac(.formToken, value, action, binding)
  }
}

extension AccountsService {
  var formGuard: FormGuard {
    FormGuard(secrets: secrets, cookies: cookies, origin: settings.origin)
  }

  static let formExpired = "The form has expired. Go back, reload the page and try again."
}
