import JSON
import Store
import Time

/// An authorization code as it is stored: only its digest is known here (RFC 6749 §4.1.2).
struct AuthorizationCode: Sendable, Hashable {
  var digest: String
  var clientID: String
  var redirectURI: String
  var challenge: String
  var scopes: [String]
  var nonce: String?
  var username: String
  var sessionID: String
  /// After it no tokens are made of it.
  var expiresAt: Timestamp
  var usedAt: Timestamp?
  /// What was made of it, so that a replay can take it back.
  var family: String?
  var accessToken: String?
  var version = 0

  /// How long a used or expired code is remembered, so that a replay is noticed.
  static let tombstone: Duration = .seconds(600)

  static func key(_ digest: String) -> ItemKey { ItemKey("CODE#\(digest)", "CODE") }

  init(
    digest: String, request: AuthorizeRequest, session: SessionRecord, expiresAt: Timestamp
  ) {
    self.digest = digest
    clientID = request.clientID
    redirectURI = request.redirectURI
    challenge = request.challenge
    scopes = request.scopes
    nonce = request.nonce
    username = session.username
    sessionID = session.id
    self.expiresAt = expiresAt
  }

  init?(_ item: Item) {
    guard let client = item["clientId"]?.string, let redirect = item["redirectUri"]?.string,
      let challenge = item["challenge"]?.string, let scope = item["scope"]?.string,
      let username = item["username"]?.string, let session = item["sid"]?.string,
      let expires = item.instant("exp")
    else { return nil }
    digest = String(item.key.pk.dropFirst("CODE#".count))
    clientID = client
    redirectURI = redirect
    self.challenge = challenge
    scopes = scope.split(separator: " ").map(String.init)
    nonce = item["nonce"]?.string
    self.username = username
    sessionID = session
    expiresAt = expires
    usedAt = item.instant("usedAt")
    family = item["family"]?.string
    accessToken = item["accessToken"]?.string
    version = item.version
  }

  var item: Item {
    var attributes = JSONObject([
      ("type", "code"), ("clientId", .string(clientID)), ("redirectUri", .string(redirectURI)),
      ("challenge", .string(challenge)), ("scope", .string(scopes.joined(separator: " "))),
      ("username", .string(username)), ("sid", .string(sessionID)),
      ("exp", .int(expiresAt.milliseconds)),
    ])
    if let nonce { attributes["nonce"] = .string(nonce) }
    return Item(Self.key(digest), attributes, expiresAt: expiresAt + Self.tombstone)
  }

  /// Whether whoever presents it is whom it was made for.
  func belongs(to clientID: String, redirectURI: String?, verifier: String?) -> Bool {
    guard let redirectURI, let verifier else { return false }
    return clientID == self.clientID && redirectURI.utf8.elementsEqual(self.redirectURI.utf8)
      && PKCE.verifies(verifier, challenge: challenge)
  }
}
