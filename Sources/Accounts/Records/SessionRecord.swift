import JSON
import Store
import Time

/// One sign-in of a person on one device: what every token of it hangs on.
struct SessionRecord: Sendable, Hashable {
  var username: String
  var subject: String
  var id: String
  var createdAt: Timestamp
  var lastSeen: Timestamp
  /// When the password was last given (OpenID Connect Core §2, `auth_time`).
  var authenticatedAt: Timestamp
  /// How: `pwd`, later `otp` (RFC 8176).
  var methods: [String]
  /// Beyond that nothing keeps it alive.
  var expiresAt: Timestamp
  /// What the list of sessions shows.
  var agent: String
  var address: String
  /// The digest of the browser's cookie; nil for a session of the API.
  var cookieDigest: String?

  static func key(_ username: String, _ id: String) -> ItemKey {
    ItemKey("USER#\(username)", "SESSION#\(id)")
  }

  /// Where a browser's cookie leads to its session.
  static func cookieKey(_ digest: String) -> ItemKey { ItemKey("COOKIE#\(digest)", "SESSION") }

  var key: ItemKey { Self.key(username, id) }

  init(
    username: String, subject: String, id: String, now: Timestamp, expiresAt: Timestamp,
    agent: String, address: String, cookieDigest: String? = nil
  ) {
    self.username = username
    self.subject = subject
    self.id = id
    createdAt = now
    lastSeen = now
    authenticatedAt = now
    methods = ["pwd"]
    self.expiresAt = expiresAt
    self.agent = agent
    self.address = address
    self.cookieDigest = cookieDigest
  }

  init?(_ item: Item) {
    guard let username = item["username"]?.string, let subject = item["sub"]?.string,
      let id = item["sid"]?.string, let created = item.time("createdAt"),
      let authenticated = item.time("authTime"), let expires = item.expiresAt
    else { return nil }
    self.username = username
    self.subject = subject
    self.id = id
    createdAt = created
    lastSeen = item.time("lastSeen") ?? created
    authenticatedAt = authenticated
    methods = item["amr"]?.array?.compactMap(\.string) ?? ["pwd"]
    expiresAt = expires
    agent = item["agent"]?.string ?? ""
    address = item["address"]?.string ?? ""
    cookieDigest = item["cookie"]?.string
  }

  var item: Item {
    var attributes = JSONObject([
      ("type", "session"), ("username", .string(username)), ("sub", .string(subject)),
      ("sid", .string(id)), ("createdAt", .string(createdAt.iso8601)),
      ("lastSeen", .string(lastSeen.iso8601)), ("authTime", .string(authenticatedAt.iso8601)),
      ("amr", .array(methods.map(JSON.string))), ("agent", .string(agent)),
      ("address", .string(address)),
    ])
    if let cookieDigest { attributes["cookie"] = .string(cookieDigest) }
    return Item(key, attributes, expiresAt: expiresAt, g1: IndexKey("SID#\(id)", "S"))
  }

  /// The row of the list of sessions.
  func view(current: String?) -> JSON {
    [
      "sid": .string(id), "createdAt": .string(createdAt.iso8601),
      "lastSeen": .string(lastSeen.iso8601), "expiresAt": .string(expiresAt.iso8601),
      "agent": .string(agent), "address": .string(address), "current": .bool(id == current),
    ]
  }
}

/// A family of rotating refresh tokens: one of them is current (auth.md §2.6).
struct RefreshFamily: Sendable, Hashable {
  var username: String
  var subject: String
  var id: String
  var sessionID: String
  var clientID: String
  var scopes: [String]
  /// The number of the current token.
  var generation: Int
  var rotatedAt: Timestamp
  /// Mixed into every token of the family.
  var salt: String
  /// Which key the current generation's token is made with.
  var keyVersion: Int
  var expiresAt: Timestamp
  /// The access tokens made from it that may still live: they end with it (RFC 7009 §2.1).
  var accessTokens: [String] = []
  var version = 0

  /// Access tokens that are remembered: more are not made within one's lifetime by honest use.
  static let accessTokenLimit = 16

  static func key(_ username: String, _ id: String) -> ItemKey {
    ItemKey("USER#\(username)", "REFRESH#\(id)")
  }

  /// Where the family's id leads to its owner.
  static func pointerKey(_ id: String) -> ItemKey { ItemKey("RFAM#\(id)", "OWNER") }

  var key: ItemKey { Self.key(username, id) }

  init(
    username: String, subject: String, id: String, sessionID: String, clientID: String,
    scopes: [String], salt: String, keyVersion: Int, now: Timestamp, expiresAt: Timestamp
  ) {
    self.username = username
    self.subject = subject
    self.id = id
    self.sessionID = sessionID
    self.clientID = clientID
    self.scopes = scopes
    generation = 0
    rotatedAt = now
    self.salt = salt
    self.keyVersion = keyVersion
    self.expiresAt = expiresAt
  }

  init?(_ item: Item) {
    guard let username = item["username"]?.string, let subject = item["sub"]?.string,
      let id = item["family"]?.string, let session = item["sid"]?.string,
      let client = item["clientId"]?.string, let scope = item["scope"]?.string,
      let generation = item["gen"]?.int, let rotated = item.instant("rotatedAt"),
      let salt = item["salt"]?.string, let keyVersion = item["kv"]?.int,
      let expires = item.expiresAt
    else { return nil }
    self.username = username
    self.subject = subject
    self.id = id
    sessionID = session
    clientID = client
    scopes = scope.split(separator: " ").map(String.init)
    self.generation = generation
    rotatedAt = rotated
    self.salt = salt
    self.keyVersion = keyVersion
    expiresAt = expires
    accessTokens = item["access"]?.array?.compactMap(\.string) ?? []
    version = item.version
  }

  /// Notes an access token made from it.
  mutating func remember(accessToken id: String) {
    accessTokens = accessTokens.suffix(Self.accessTokenLimit - 1) + [id]
  }

  /// Where the family's owner is found.
  var pointer: Item {
    Item(
      Self.pointerKey(id),
      JSONObject([("type", "refresh-owner"), ("username", .string(username))]),
      expiresAt: expiresAt)
  }

  var item: Item {
    var attributes = JSONObject([
      ("type", "refresh"), ("username", .string(username)), ("sub", .string(subject)),
      ("family", .string(id)), ("sid", .string(sessionID)), ("clientId", .string(clientID)),
      ("scope", .string(scopes.joined(separator: " "))), ("gen", .int(generation)),
      ("rotatedAt", .int(rotatedAt.milliseconds)), ("salt", .string(salt)),
      ("kv", .int(keyVersion)),
    ])
    attributes["access"] = .array(accessTokens.map(JSON.string))
    return Item(key, attributes, expiresAt: expiresAt, g1: IndexKey("RFAM#\(id)", "0"))
  }
}
