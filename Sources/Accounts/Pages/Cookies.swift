import HTTPExchange
import JSON
import Store
import Time

/// The provider's cookies: names with the prefixes that make browsers enforce their attributes
/// (RFC 6265bis §4.1.3), without them only on plain http of this machine.
struct Cookies: Sendable {
  let isSecure: Bool

  var sessionName: String { isSecure ? "__Host-sid" : "portico-sid" }
  var formName: String { isSecure ? "__Host-pre" : "portico-pre" }
  var deviceName: String { isSecure ? "__Host-dev" : "portico-dev" }
  func refreshName(_ clientID: String) -> String {
    isSecure ? "__Secure-rt-\(clientID)" : "portico-rt-\(clientID)"
  }

  /// The provider's session. Lax: an authorization request comes from another site.
  func session(_ value: String, lifetime: Duration) -> String {
    make(sessionName, value, path: "/", sameSite: "Lax", lifetime: lifetime)
  }

  /// What a form's token is bound to.
  func form(_ value: String) -> String {
    make(formName, value, path: "/", sameSite: "Lax", lifetime: .seconds(3600))
  }

  /// What marks a browser in which somebody has signed in before.
  func device(_ value: String) -> String {
    make(deviceName, value, path: "/", sameSite: "Lax", lifetime: .seconds(180 * 86_400))
  }

  /// The refresh token of a first-party page: only the token endpoint ever sees it.
  func refresh(_ clientID: String, _ value: String, lifetime: Duration) -> String {
    make(
      refreshName(clientID), value, path: "/oauth2/token", sameSite: "Strict", lifetime: lifetime)
  }

  /// Ends the session and the refresh cookies.
  func clearing(clients: [OAuthClient]) -> [String] {
    [make(sessionName, "", path: "/", sameSite: "Lax", lifetime: .zero)]
      + clients.filter(\.isFirstParty).map { refresh($0.id, "", lifetime: .zero) }
  }

  private func make(
    _ name: String, _ value: String, path: String, sameSite: String, lifetime: Duration
  ) -> String {
    "\(name)=\(value); Path=\(path); HttpOnly; SameSite=\(sameSite)"
      + "; Max-Age=\(lifetime.components.seconds)\(isSecure ? "; Secure" : "")"
  }

  /// The value of a cookie in a request; two of one name are none, since one of them is not ours.
  static func value(_ name: String, in request: Request) -> String? {
    var found: String?
    for line in request.headers.values("cookie") {
      for pair in line.split(separator: ";") {
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].drop(while: { $0 == " " }) == name else { continue }
        if found != nil { return nil }
        found = String(parts[1])
      }
    }
    return found.flatMap { $0.isEmpty || $0.utf8.count > 512 ? nil : $0 }
  }
}

extension AccountsService {
  var cookies: Cookies { Cookies(isSecure: settings.hasSecureCookies) }

  /// The provider's session of this browser, while both lives: cookie and account.
  func browserSession(_ request: Request) async throws -> (SessionRecord, UserProfile)? {
    guard let value = Cookies.value(cookies.sessionName, in: request),
      let pointer = try await store.get(SessionRecord.cookieKey(Opaque.digest(value))),
      let username = pointer["username"]?.string, let id = pointer["sid"]?.string,
      let session = try await session(username, id),
      let item = try await store.get(UserProfile.key(username)),
      let profile = UserProfile(item), profile.status == .enabled
    else { return nil }
    return (session, profile)
  }
}
