import Cryptography
import Time

/// Makes and checks password hashes on threads of their own.
struct PasswordHasher: Sendable {
  /// What a check found.
  struct Verdict: Sendable, Hashable {
    var matches: Bool
    /// The hash that should replace the stored one.
    var upgrade: String?
  }

  let pool: PasswordPool
  let cost: ScryptCost
  let legacySalt: LegacySalt
  /// What a name without an account is checked against: the same work with the same parameters.
  let dummy: StoredPassword

  init(pool: PasswordPool, cost: ScryptCost = .current, legacySalt: LegacySalt) {
    self.pool = pool
    self.cost = cost
    self.legacySalt = legacySalt
    dummy = .phc(
      cost, salt: SecureRandom.bytes(StoredPassword.saltBytes),
      key: SecureRandom.bytes(StoredPassword.keyBytes))
  }

  /// The text that is stored for a new password, over its NFC form.
  func hash(_ password: String) async throws -> String {
    let cost = cost
    let text = try await pool.run { Self.hash(password, cost: cost) }
    guard let text else { throw HashFailure() }
    return text
  }

  /// Checks a password against a stored text; nil takes as long and never matches.
  func verify(_ password: String, stored text: String?) async throws -> Verdict {
    let stored = text.flatMap(StoredPassword.init(parsing:))
    let (cost, legacySalt, target) = (cost, legacySalt, stored ?? dummy)
    return try await pool.run {
      let matches = Self.matches(password, target, legacySalt: legacySalt)
      guard stored != nil, matches else { return Verdict(matches: false, upgrade: nil) }
      let upgrade = target.needsUpgrade(to: cost) ? Self.hash(password, cost: cost) : nil
      return Verdict(matches: true, upgrade: upgrade)
    }
  }

  /// OpenSSL found the parameters impossible, or had no memory.
  struct HashFailure: Error, Sendable {}

  // MARK: On the pool's threads

  private static func hash(_ password: String, cost: ScryptCost) -> String? {
    let salt = SecureRandom.bytes(StoredPassword.saltBytes)
    let bytes = Array(PasswordPolicy.normalized(password).utf8)
    return derive(bytes, salt: salt, cost, length: StoredPassword.keyBytes).map {
      StoredPassword.phc(cost, salt: salt, key: $0).text
    }
  }

  /// Document 004 hashed what the browser sent; new hashes are over NFC. So the bytes as given come
  /// first, and NFC only when it differs.
  static func matches(_ password: String, _ stored: StoredPassword, legacySalt: LegacySalt) -> Bool
  {
    let raw = Array(password.utf8)
    let normal = Array(PasswordPolicy.normalized(password).utf8)
    return attempt(raw, stored, legacySalt)
      || (normal != raw && attempt(normal, stored, legacySalt))
  }

  private static func attempt(
    _ password: [UInt8], _ stored: StoredPassword, _ legacySalt: LegacySalt
  ) -> Bool {
    switch stored {
    case .phc(let cost, let salt, let key):
      return equals(password, salt, cost, key)
    case .legacy(let salt, let saltText, let key):
      let asBytes = legacySalt != .string && equals(password, salt, .legacy, key)
      return asBytes
        || (legacySalt != .bytes && equals(password, Array(saltText.utf8), .legacy, key))
    }
  }

  private static func equals(
    _ password: [UInt8], _ salt: [UInt8], _ cost: ScryptCost, _ key: [UInt8]
  ) -> Bool {
    guard let derived = derive(password, salt: salt, cost, length: key.count) else { return false }
    return ConstantTime.equal(derived, key)
  }

  private static func derive(
    _ password: [UInt8], salt: [UInt8], _ cost: ScryptCost, length: Int
  ) -> [UInt8]? {
    Scrypt.derive(
      password: password, salt: salt, n: 1 << cost.ln, r: cost.r, p: cost.p, length: length)
  }
}
