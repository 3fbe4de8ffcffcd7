import HTTPExchange

/// A browser in which an account has signed in before has its own counter of failures, so that a
/// stranger who guesses at a name cannot lock its owner out (ASVS 6.1.1).
struct KnownDevice: Sendable {
  let secrets: AccountSecrets
  let cookies: Cookies

  /// The cookie that marks this browser for an account.
  func issue(_ username: String) -> String {
    let id = Opaque.token(bytes: 16)
    return cookies.device("\(id).\(mac(id, username))")
  }

  /// The browser's mark when it is one for this name.
  func mark(for name: String, in request: Request) -> String? {
    guard let value = Cookies.value(cookies.deviceName, in: request) else { return nil }
    let parts = value.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, parts[0].utf8.count == 22,
      Opaque.equal(parts[1], mac(parts[0], name.lowercased()))
    else { return nil }
    return parts[0]
  }

  private func mac(_ id: String, _ username: String) -> String {
    secrets.mac(.knownDevice, id, username)
  }
}

extension AccountsService {
  var knownDevice: KnownDevice { KnownDevice(secrets: secrets, cookies: cookies) }
}
