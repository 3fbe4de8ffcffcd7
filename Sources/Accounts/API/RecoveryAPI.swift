import HTTPExchange
import JSON
import Time

// Confirmation and recovery for applications with pages of their own: what the hosted pages do, as
// JSON. Every answer is the same for names with and without an account.

extension AccountsService {
  /// `POST /auth/confirm` {username, code}: confirms the address that the code was sent to.
  func confirmUser(_ request: Request, _ context: RequestContext) async throws -> Response {
    let fields = try await recoveryFields(["username", "code"], request)
    try takeRecoveryAttempt(context)
    guard let code = ConfirmationCode.typed(fields[1]),
      try await confirmEmail(fields[0], code: code, context)
    else { throw Self.wrongConfirmationCode }
    return Self.privateJSON(["message": "The address is confirmed"])
  }

  /// `POST /auth/resend-confirmation` {username}: another code, when one is due.
  func resendConfirmationCode(_ request: Request, _ context: RequestContext) async throws
    -> Response
  {
    let fields = try await recoveryFields(["username"], request)
    try takeRecoveryAttempt(context)
    try await resendConfirmation(fields[0], context)
    return Self.privateJSON([
      "message": "If the account has an address to confirm, another code is on its way"
    ])
  }

  /// `POST /auth/forgot-password` {username}: a code to the confirmed address.
  func forgotPassword(_ request: Request, _ context: RequestContext) async throws -> Response {
    let fields = try await recoveryFields(["username"], request)
    if let wait = try await requestReset(fields[0], context) { throw Self.tooMany(after: wait) }
    return Self.privateJSON([
      "message": "If the account has a confirmed address, a code is on its way there"
    ])
  }

  /// `POST /auth/confirm-forgot-password` {username, code, newPassword}: sets it; every session ends.
  func confirmForgotPassword(_ request: Request, _ context: RequestContext) async throws
    -> Response
  {
    let fields = try await recoveryFields(["username", "code", "newPassword"], request)
    guard let code = ConfirmationCode.typed(fields[1]) else { throw Self.wrongConfirmationCode }
    switch try await resetPassword(fields[0], code: code, password: fields[2], context) {
    case .done: return Self.privateJSON(["message": "The password is set"])
    case .refused: throw Self.wrongConfirmationCode
    case .invalid(let findings):
      throw JSONBody.invalid(findings.map { (["newPassword"], $0) })
    case .tooMany(let wait): throw Self.tooMany(after: wait)
    }
  }

  /// One text for every cause.
  private static var wrongConfirmationCode: Problem {
    Problem(
      status: 400, error: "invalid_code", message: "The code is wrong, used or expired",
      headers: HeaderFields([("cache-control", "no-store")]))
  }

  /// The address's own bucket, asked before anything is looked up.
  private func takeRecoveryAttempt(_ context: RequestContext) throws {
    let wait = recoveryBuckets.take(context.sourceAddress, at: clock.monotonic())
    if let wait { throw Self.tooMany(after: wait) }
  }

  /// Text members of the body, in the order of their names; none is empty.
  private func recoveryFields(_ names: [String], _ request: Request) async throws -> [String] {
    let body = try await JSONBody.object(of: request)
    var errors: [(path: [String], message: String)] = []
    var texts: [String] = []
    for name in names {
      switch JSONBody.text(body, name) {
      case .success(let text) where text.isEmpty: errors.append(([name], "Required"))
      case .success(let text): texts.append(text)
      case .failure(let error): errors.append(([name], error.message))
      }
    }
    guard errors.isEmpty else { throw JSONBody.invalid(errors) }
    return texts
  }
}
