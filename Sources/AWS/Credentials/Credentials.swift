import Time

/// A key pair, its session token and who gave it; printing it shows the giver alone.
package struct Credentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// Public half; appears in every signed request.
  package let accessKeyID: String
  let secretAccessKey: String
  let sessionToken: String?
  /// When they end, if they do.
  package let expiration: Timestamp?
  /// The provider, as a person knows it: "the environment", "profile 'site' in ~/.aws/config".
  package let source: String

  package init(
    accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil,
    expiration: Timestamp? = nil, source: String
  ) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
    self.expiration = expiration
    self.source = source
  }

  package var description: String { "<credentials from \(source)>" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// One link of the credential chain.
package protocol CredentialProvider: Sendable {
  /// Credentials; nil when this provider is not configured here, an error when it is and fails.
  func credentials() async throws(AWSError) -> Credentials?
}

/// Asks the providers in order and keeps what the first one gave until shortly before it ends.
package actor CredentialCache {
  /// Renewed this long before the end, so that no request is signed with a dying key.
  private static let margin: Duration = .seconds(300)

  private let providers: [any CredentialProvider]
  private let clock: any TimeSource
  private var held: Credentials?
  private var isRenewing = false

  package init(providers: [any CredentialProvider], clock: any TimeSource) {
    self.providers = providers
    self.clock = clock
  }

  /// Credentials that are good for the next minutes.
  package func current() async throws(AWSError) -> Credentials {
    // While one caller renews, the others use the old ones: the margin keeps those alive.
    if let held, isRenewing || isFresh(held) { return held }
    isRenewing = true
    defer { isRenewing = false }
    let found = try await resolve()
    held = found
    return found
  }

  /// Forgets credentials that the service called expired; others have been renewed meanwhile.
  package func invalidate(_ refused: Credentials) {
    if held?.accessKeyID == refused.accessKeyID { held = nil }
  }

  private func isFresh(_ credentials: Credentials) -> Bool {
    guard let expiration = credentials.expiration else { return true }
    return clock.now() < expiration - Self.margin
  }

  private func resolve() async throws(AWSError) -> Credentials {
    for provider in providers {
      if let found = try await provider.credentials() { return found }
    }
    throw .configuration(.noneFound)
  }
}
