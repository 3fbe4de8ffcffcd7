/// A validated authorization request (RFC 6749 §4.1.1 with PKCE, OpenID Connect Core §3.1.2.1).
struct AuthorizeRequest: Sendable, Hashable {
  enum Prompt: String, Sendable {
    case none
    case login
    case consent
    case selectAccount = "select_account"
  }

  var clientID: String
  var redirectURI: String
  var state: String?
  var scopes: [String]
  var nonce: String?
  var challenge: String
  var prompts: Set<Prompt>
  /// Seconds since the last sign-in after which a new one is due.
  var maxAge: Int?
  var loginHint: String?
  var resource: String?

  /// Where a request leads.
  enum Outcome: Sendable, Hashable {
    case valid(AuthorizeRequest)
    /// Never redirected: the client or its URI is not known (RFC 9700 §2.1, RFC 6749 §4.1.2.1).
    case page(PageError)
    /// Told to the client.
    case redirect(uri: String, state: String?, code: String, description: String)
  }

  /// Why the provider answers with a page of its own.
  struct PageError: Sendable, Hashable {
    var code: String
    var message: String
    /// For the developer: the registered URI that is nearest.
    var hint: String?
  }

  static let limitParameterBytes = 2048

  /// Judges a request; the order is that of auth.md §2.2.
  static func judge(
    _ parsed: Result<FormFields, FormFields.Refusal>, clients: [OAuthClient], audience: String
  ) -> Outcome {
    let fields: FormFields
    switch parsed {
    case .success(let read): fields = read
    case .failure(let refusal):
      return .page(PageError(code: "invalid_request", message: refusal.message))
    }
    guard let id = fields["client_id"], let client = clients.first(where: { $0.id == id }) else {
      return .page(PageError(code: "invalid_client", message: "The application is not known here."))
    }
    guard let uri = fields["redirect_uri"], client.allows(redirect: uri) else {
      return .page(
        PageError(
          code: "redirect_mismatch",
          message: "The application asked to return to an address that it has not registered.",
          hint: fields["redirect_uri"].flatMap { RedirectHint.hint(for: $0, client) }))
    }
    let state = fields["state"]
    do throws(OAuthError) {
      return .valid(
        try read(fields, client: client, redirectURI: uri, state: state, audience: audience))
    } catch {
      return .redirect(uri: uri, state: state, code: error.code, description: error.description)
    }
  }

  private static func read(
    _ fields: FormFields, client: OAuthClient, redirectURI: String, state: String?,
    audience: String
  ) throws(OAuthError) -> AuthorizeRequest {
    for name in ["request", "request_uri"] where fields[name] != nil {
      throw OAuthError(code: "\(name)_not_supported", description: "Request objects are not read")
    }
    guard let type = fields["response_type"] else {
      throw .invalidRequest("response_type is missing")
    }
    guard type == "code" else {
      throw OAuthError(
        code: "unsupported_response_type", description: "The only response type is code")
    }
    guard client.grants.contains("authorization_code") else { throw .unauthorizedClient }
    if let mode = fields["response_mode"], mode != "query" {
      throw .invalidRequest("The only response mode is query")
    }
    for name in ["state", "nonce", "login_hint"] {
      if let value = fields[name], value.utf8.count > limitParameterBytes {
        throw .invalidRequest("\(name) is too long")
      }
    }
    let challenge = try PKCE.challenge(
      fields["code_challenge"], method: fields["code_challenge_method"])
    let scopes = try ScopeList.requested(fields["scope"], allowed: client.scopes)
    let prompts = try prompts(fields["prompt"])
    let maxAge = try fields["max_age"].map { text throws(OAuthError) -> Int in
      guard text.utf8.count <= 9, let age = Int(text), age >= 0 else {
        throw .invalidRequest("max_age is not a number of seconds")
      }
      return age
    }
    if let resource = fields["resource"], resource != audience { throw .invalidTarget }
    return AuthorizeRequest(
      clientID: client.id, redirectURI: redirectURI, state: state, scopes: scopes,
      nonce: fields["nonce"], challenge: challenge, prompts: prompts, maxAge: maxAge,
      loginHint: fields["login_hint"], resource: fields["resource"])
  }

  private static func prompts(_ text: String?) throws(OAuthError) -> Set<Prompt> {
    guard let text else { return [] }
    var prompts: Set<Prompt> = []
    for word in text.split(separator: " ") {
      guard let prompt = Prompt(rawValue: String(word)) else {
        throw .invalidRequest("prompt is not known")
      }
      prompts.insert(prompt)
    }
    if prompts.contains(.none), prompts.count > 1 {
      throw .invalidRequest("prompt none stands alone")
    }
    return prompts
  }
}

/// Scopes as RFC 6749 §3.3 writes them.
enum ScopeList {
  /// The scopes asked for, or all that the client may have.
  static func requested(_ text: String?, allowed: [String]) throws(OAuthError) -> [String] {
    guard let text else { return allowed }
    var scopes: [String] = []
    for word in text.split(separator: " ") {
      guard allowed.contains(String(word)) else {
        throw .invalidScope("A scope is not allowed for this client")
      }
      if !scopes.contains(String(word)) { scopes.append(String(word)) }
    }
    if scopes.isEmpty { throw .invalidScope("No scope is named") }
    return scopes
  }

  /// A narrower list on refresh; it may only shrink (RFC 6749 §6).
  static func narrowed(_ text: String?, granted: [String]) throws(OAuthError) -> [String] {
    try requested(text, allowed: granted)
  }
}

/// What is nearest to a redirect URI that is not registered: the question developers ask most.
enum RedirectHint {
  static func hint(for uri: String, _ client: OAuthClient) -> String? {
    for registered in client.redirectURIs {
      if registered == uri + "/" || registered + "/" == uri {
        return "The registered address differs in the slash at its end: \(registered)"
      }
      if registered.lowercased() == uri.lowercased() {
        return "The registered address differs in capital letters: \(registered)"
      }
      let parts = (split(registered), split(uri))
      guard let ours = parts.0, let theirs = parts.1, ours.rest == theirs.rest else { continue }
      if ours.host == theirs.host, ours.port == theirs.port {
        return "The registered address has another scheme: \(registered)"
      }
      if ours.host == theirs.host {
        return "The registered address has another port: \(registered)"
      }
      if ["localhost", "127.0.0.1"].contains(ours.host),
        ["localhost", "127.0.0.1"].contains(theirs.host)
      {
        return "'localhost' and '127.0.0.1' are two addresses; registered is \(registered)"
      }
    }
    return nil
  }

  private static func split(_ uri: String) -> (host: String, port: String, rest: String)? {
    guard let scheme = uri.firstRange(of: "://") else { return nil }
    let after = uri[scheme.upperBound...]
    let authority = after.prefix { $0 != "/" && $0 != "?" }
    let host = authority.prefix { $0 != ":" }
    return (
      String(host), String(authority.dropFirst(host.count)),
      String(after.dropFirst(authority.count))
    )
  }
}
