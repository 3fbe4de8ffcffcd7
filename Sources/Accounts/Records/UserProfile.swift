import JSON
import Store
import Time

/// The account of a person, at the key that document 004 names: `USER#{username}` / `PROFILE`.
struct UserProfile: Sendable, Hashable {
  enum Status: String, Sendable {
    case enabled
    case disabled
  }

  /// Canonical, immutable: part of the key.
  var username: String
  /// The subject of tokens, a UUID that is never used again.
  var subject: String
  var passwordHash: String
  var email: String?
  var emailVerified = false
  var status = Status.enabled
  var groups: [String] = []
  var createdAt: Timestamp
  /// Tokens issued before are refused.
  var tokensValidAfter: Timestamp?
  var version = 0

  static func key(_ username: String) -> ItemKey { ItemKey("USER#\(username)", "PROFILE") }
  static func subjectKey(_ subject: String) -> ItemKey { ItemKey("SUB#\(subject)", "UNIQ") }
  static func emailKey(_ email: String) -> ItemKey { ItemKey("UNIQ#EMAIL#\(email)", "UNIQ") }

  var key: ItemKey { Self.key(username) }

  init(username: String, subject: String, passwordHash: String, createdAt: Timestamp) {
    self.username = username
    self.subject = subject
    self.passwordHash = passwordHash
    self.createdAt = createdAt
  }

  /// Reads a row; one of document 004 has only username, passwordHash and createdAt.
  init?(_ item: Item) {
    guard let username = item["username"]?.string, let hash = item["passwordHash"]?.string else {
      return nil
    }
    self.username = username
    passwordHash = hash
    // A row without a subject gets one that never changes: the name is immutable.
    subject = item["sub"]?.string ?? "legacy:\(username)"
    email = item["email"]?.string
    emailVerified = item["emailVerified"]?.bool ?? false
    status = item["status"]?.string.flatMap(Status.init) ?? .enabled
    groups = item["groups"]?.array?.compactMap(\.string) ?? []
    createdAt = item.time("createdAt") ?? Timestamp(milliseconds: 0)
    tokensValidAfter = item["tokensValidAfter"]?.int.map { Timestamp(milliseconds: $0) }
    version = item.version
  }

  var item: Item {
    var attributes = JSONObject([
      ("type", "user"), ("username", .string(username)), ("sub", .string(subject)),
      ("passwordHash", .string(passwordHash)), ("status", .string(status.rawValue)),
      ("createdAt", .string(createdAt.iso8601)),
    ])
    if let email { attributes["email"] = .string(email) }
    if email != nil { attributes["emailVerified"] = .bool(emailVerified) }
    if !groups.isEmpty { attributes["groups"] = .array(groups.map(JSON.string)) }
    if let tokensValidAfter {
      attributes["tokensValidAfter"] = .int(tokensValidAfter.milliseconds)
    }
    return Item(
      key, attributes, g1: email.map { IndexKey("EMAIL#\($0)", "USER") },
      g2: IndexKey("USERS", createdAt.iso8601))
  }

  /// What the person may see: everything but the hash.
  var publicView: JSONObject {
    var view = JSONObject([
      ("username", .string(username)), ("sub", .string(subject)),
      ("createdAt", .string(createdAt.iso8601)),
    ])
    if let email {
      view["email"] = .string(email)
      view["emailVerified"] = .bool(emailVerified)
    }
    if !groups.isEmpty { view["groups"] = .array(groups.map(JSON.string)) }
    return view
  }
}

extension Item {
  /// A point in time that was written as ISO 8601.
  func time(_ name: String) -> Timestamp? {
    self[name]?.string.flatMap { Timestamp(iso8601: $0) }
  }

  /// A point in time that was written as milliseconds.
  func instant(_ name: String) -> Timestamp? {
    self[name]?.int.map { Timestamp(milliseconds: $0) }
  }
}
