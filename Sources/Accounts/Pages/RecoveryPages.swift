import HTTPExchange
import Time

// The pages that confirm an address and bring back an account.

extension AccountsService {
  private static let wrongCode = "The code is wrong, used or expired. Ask for a new one."
  private static let tooManyAttempts = "Too many attempts. Try again later."

  /// Name and code; the focus is on the first that is empty.
  private func codeFields(name: String) -> [Field] {
    var known = nameField(name)
    known.isFocused = name.isEmpty
    let code = Field(
      name: "code", label: "Code", autocomplete: "one-time-code",
      hint: "The eight digits from our message.", isNumeric: true, isFocused: !name.isEmpty)
    return [known, code]
  }

  private func nameField(_ value: String) -> Field {
    Field(
      name: "username", label: "User name", autocomplete: "username",
      value: String(value.prefix(128)))
  }

  // MARK: Confirmation

  /// The function `confirm-user-page`.
  func confirmUserPage(_ request: Request, _ context: RequestContext) async throws -> Response {
    let visit = visit(request)
    if case .answer(let response) = visit { return response }
    let query = Self.carried(visit)
    let given = request.target.queryValue("username") ?? ""
    guard request.method == "POST" else { return confirmForm(request, visit, name: given) }
    let fields: FormFields
    do {
      fields = try await postedForm(request, path: "/confirmUser", query: query)
    } catch is FormExpired {
      return confirmForm(request, visit, name: given, alert: Self.formExpired, status: 403)
    }
    let name = fields["username"] ?? given
    if recoveryBuckets.take(context.sourceAddress, at: clock.monotonic()) != nil {
      return confirmForm(request, visit, name: name, alert: Self.tooManyAttempts, status: 429)
    }
    if fields["resend"] != nil {
      try await resendConfirmation(name, context)
      return confirmForm(
        request, visit, name: name,
        notice: "If the account has an address to confirm, another code is on its way.")
    }
    guard let code = ConfirmationCode.typed(fields["code"] ?? ""),
      try await confirmEmail(name, code: code, context)
    else {
      return confirmForm(request, visit, name: name, alert: Self.wrongCode, status: 400)
    }
    return Self.seeOther(query.isEmpty ? "/login?confirmed" : "/login?\(query)")
  }

  private func confirmForm(
    _ request: Request, _ visit: Visit, name: String, alert: String? = nil,
    notice: String? = nil, status: Int = 200
  ) -> Response {
    let query = Self.carried(visit)
    // Without `formnovalidate` the browser would want the very code that is missing.
    let again = HTML.element(
      "button",
      [
        ("type", "submit"), ("name", "resend"), ("value", "1"), ("class", "quiet"),
        ("formnovalidate", ""),
      ], [.text("Send another code")])
    let confirm = HTML.element("button", [("type", "submit")], [.text("Confirm the address")])
    let (form, cookie) = form(
      request, path: "/confirmUser", query: query, fields: codeFields(name: name),
      submit: "", hasAlert: alert != nil, extra: [confirm, again])
    let later = settings.requireConfirmedEmail ? "Back to sign-in" : "Do this later"
    return render(
      Page(
        title: "Confirm your address", intro: "We sent a code to the address you gave.",
        alert: alert, notice: notice,
        content: [form, Self.links([(later, Self.path("/login", query))])],
        status: status, formTargets: Self.formTargets(visit), cookie: cookie))
  }

  // MARK: Forgotten password

  /// The function `forgot-password-page`.
  func forgotPasswordPage(_ request: Request, _ context: RequestContext) async throws -> Response {
    let visit = visit(request)
    if case .answer(let response) = visit { return response }
    let query = Self.carried(visit)
    guard request.method == "POST" else { return forgotForm(request, visit) }
    let fields: FormFields
    do {
      fields = try await postedForm(request, path: "/forgotPassword", query: query)
    } catch is FormExpired {
      return forgotForm(request, visit, alert: Self.formExpired, status: 403)
    }
    guard let name = fields["username"] else {
      return forgotForm(request, visit, alert: "Enter your user name.", status: 400)
    }
    if try await requestReset(name, context) != nil {
      return forgotForm(request, visit, alert: Self.tooManyAttempts, status: 429)
    }
    // The same for every name: whether something was sent, only its owner learns.
    return Self.seeOther(Self.path("/confirmForgotPassword", query))
  }

  private func forgotForm(
    _ request: Request, _ visit: Visit, alert: String? = nil, status: Int = 200
  ) -> Response {
    let query = Self.carried(visit)
    var field = nameField("")
    field.isFocused = true
    field.hint = "Your confirmed e-mail address will do, too."
    let (form, cookie) = form(
      request, path: "/forgotPassword", query: query, fields: [field], submit: "Send a code",
      hasAlert: alert != nil)
    return render(
      Page(
        title: "Forgot your password?",
        intro: "We send a code to the confirmed address of the account.", alert: alert,
        content: [form, Self.links([("Back to sign-in", Self.path("/login", query))])],
        status: status, formTargets: Self.formTargets(visit), cookie: cookie))
  }

  /// The function `confirm-forgot-password-page`.
  func confirmForgotPasswordPage(_ request: Request, _ context: RequestContext) async throws
    -> Response
  {
    let visit = visit(request)
    if case .answer(let response) = visit { return response }
    let query = Self.carried(visit)
    guard request.method == "POST" else { return resetForm(request, visit) }
    let fields: FormFields
    do {
      fields = try await postedForm(request, path: "/confirmForgotPassword", query: query)
    } catch is FormExpired {
      return resetForm(request, visit, alert: Self.formExpired, status: 403)
    }
    let name = fields["username"] ?? ""
    guard let code = ConfirmationCode.typed(fields["code"] ?? "") else {
      return resetForm(request, visit, name: name, alert: Self.wrongCode, status: 400)
    }
    switch try await resetPassword(
      name, code: code, password: fields["password"] ?? "", context)
    {
    case .invalid(let findings):
      let text = findings.joined(separator: ". ") + "."
      return resetForm(request, visit, name: name, alert: text, status: 400)
    case .tooMany:
      return resetForm(request, visit, name: name, alert: Self.tooManyAttempts, status: 429)
    case .refused:
      return resetForm(request, visit, name: name, alert: Self.wrongCode, status: 400)
    case .done: return Self.seeOther(query.isEmpty ? "/login?reset" : "/login?\(query)")
    }
  }

  private func resetForm(
    _ request: Request, _ visit: Visit, name: String = "", alert: String? = nil,
    status: Int = 200
  ) -> Response {
    let query = Self.carried(visit)
    let password = Field(
      name: "password", label: "New password", type: "password", autocomplete: "new-password",
      hint: "At least \(settings.passwordMinimumCharacters) characters.")
    let (form, cookie) = form(
      request, path: "/confirmForgotPassword", query: query,
      fields: codeFields(name: name) + [password], submit: "Set the new password",
      hasAlert: alert != nil)
    return render(
      Page(
        title: "Set a new password",
        intro: "If the account has a confirmed address, a code is on its way there.",
        alert: alert,
        content: [form, Self.links([("Send another code", Self.path("/forgotPassword", query))])],
        status: status, formTargets: Self.formTargets(visit), cookie: cookie))
  }
}
