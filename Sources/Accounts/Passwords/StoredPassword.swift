import Cryptography

/// The cost of one scrypt (RFC 7914 §2).
struct ScryptCost: Sendable, Hashable {
  /// The logarithm of N.
  var ln: Int
  var r: Int
  var p: Int

  /// OWASP's equivalent of 2^17, p 1 in a quarter of the memory: 32 MiB.
  static let current = ScryptCost(ln: 15, r: 8, p: 3)
  /// Node's defaults, which document 004 used.
  static let legacy = ScryptCost(ln: 14, r: 8, p: 1)

  /// What a stored row may ask for; one bad row must not allocate gigabytes.
  var isAcceptable: Bool {
    (10...18).contains(ln) && (8...16).contains(r) && (1...8).contains(p)
      && memoryBytes <= 256 << 20
  }

  /// The memory that OpenSSL must be allowed: 128·r·(N + p + 2).
  var memoryBytes: Int { 128 * r * ((1 << ln) + p + 2) }
}

/// A stored password: PHC scrypt, or the `salt:hash` of document 004.
enum StoredPassword: Sendable, Hashable {
  case phc(ScryptCost, salt: [UInt8], key: [UInt8])
  /// The salt also as its text, since origins differ in which of the two they hashed with.
  case legacy(salt: [UInt8], saltText: String, key: [UInt8])

  static let saltBytes = 32
  static let keyBytes = 64

  /// Reads either form; nil for anything else.
  init?(parsing text: String) {
    if text.utf8.count > 512 { return nil }
    if text.hasPrefix("$") {
      self.init(phc: text)
    } else {
      self.init(legacy: text)
    }
  }

  private init?(phc text: String) {
    // $scrypt$ln=15,r=8,p=3$salt$hash
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
    let fields = parts[2].split(separator: ",", omittingEmptySubsequences: false)
    guard fields.count == 3, let ln = Self.number(fields[0], "ln="),
      let r = Self.number(fields[1], "r="), let p = Self.number(fields[2], "p=")
    else { return nil }
    let cost = ScryptCost(ln: ln, r: r, p: p)
    guard cost.isAcceptable, let salt = Self.unpadded(parts[3]),
      let key = Self.unpadded(parts[4]), (16...64).contains(salt.count),
      (32...64).contains(key.count)
    else { return nil }
    self = .phc(cost, salt: salt, key: key)
  }

  private init?(legacy text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let salt = Base64.decode(String(parts[0])),
      let key = Base64.decode(String(parts[1])), salt.count == Self.saltBytes,
      key.count == Self.keyBytes
    else { return nil }
    self = .legacy(salt: salt, saltText: String(parts[0]), key: key)
  }

  private static func number(_ field: Substring, _ prefix: String) -> Int? {
    guard field.hasPrefix(prefix) else { return nil }
    let digits = field.dropFirst(prefix.count)
    guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
      !digits.hasPrefix("0")
    else { return nil }
    return Int(digits)
  }

  /// Base64 as PHC strings write it: without padding.
  private static func unpadded(_ text: Substring) -> [UInt8]? {
    if text.contains("=") { return nil }
    return Base64.decode(text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4))
  }

  private static func unpadded(_ bytes: [UInt8]) -> String {
    String(Base64.encode(bytes).prefix { $0 != "=" })
  }

  /// The form that is stored.
  var text: String {
    switch self {
    case .phc(let cost, let salt, let key):
      "$scrypt$ln=\(cost.ln),r=\(cost.r),p=\(cost.p)$\(Self.unpadded(salt))"
        + "$\(Self.unpadded(key))"
    case .legacy(_, let saltText, let key):
      "\(saltText):\(Base64.encode(key))"
    }
  }

  /// Whether a successful login should store the password anew.
  func needsUpgrade(to cost: ScryptCost) -> Bool {
    switch self {
    case .phc(let stored, let salt, let key):
      stored != cost || salt.count != Self.saltBytes || key.count != Self.keyBytes
    case .legacy: true
    }
  }
}
