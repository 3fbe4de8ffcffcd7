import Cryptography

/// The keys that Accounts derives from the one master key: each has one use (NIST SP 800-108).
struct AccountSecrets: Sendable {
  enum Purpose: String, Sendable {
    case sealing
    case formToken = "form-token"
    case nameLock = "name-lock"
    case code
    case knownDevice = "known-device"
  }

  private let master: [UInt8]

  init(master: MasterKey) { self.master = master.bytes }

  /// The MAC of parts whose lengths are part of the message, so that no two lists of parts share
  /// one; 43 characters of base64url.
  func mac(_ purpose: Purpose, _ parts: String...) -> String {
    Self.mac(key: key(purpose), parts)
  }

  /// The same under a key of its own.
  static func mac(key: [UInt8], _ parts: [String]) -> String {
    var message: [UInt8] = []
    for part in parts {
      let bytes = Array(part.utf8)
      message += Array("\(bytes.count):".utf8)
      message += bytes
    }
    return HMAC.sha256(key: key, message).base64URL
  }

  /// Seals bytes for the store.
  func seal(_ bytes: [UInt8], context: String) -> String? {
    AESGCM.seal(bytes, key: key(.sealing), context: Array(context.utf8)).map(Base64URL.encode)
  }

  /// Opens what `seal` made under the same master key and context.
  func open(_ text: String, context: String) -> [UInt8]? {
    Base64URL.decode(text).flatMap {
      AESGCM.open($0, key: key(.sealing), context: Array(context.utf8))
    }
  }

  private func key(_ purpose: Purpose) -> [UInt8] {
    HMAC.sha256(key: master, "portico accounts v1 \(purpose.rawValue)").bytes
  }
}

/// Values that nobody can guess, and their digests.
enum Opaque {
  /// Random bytes in base64url: 32 bytes are 43 characters, 16 are 22.
  static func token(bytes count: Int = 32) -> String {
    Base64URL.encode(SecureRandom.bytes(count))
  }

  /// SHA-256 in base64url: how secrets are stored and looked up.
  static func digest(_ text: String) -> String { SHA256.hash(text).base64URL }

  /// Comparison in constant time.
  static func equal(_ left: String, _ right: String) -> Bool { ConstantTime.equal(left, right) }

  /// A UUID of version 4 (RFC 9562 §5.4).
  static func uuid() -> String {
    var bytes = SecureRandom.bytes(16)
    bytes[6] = bytes[6] & 0x0F | 0x40
    bytes[8] = bytes[8] & 0x3F | 0x80
    let hex = Array(Hex.encode(bytes))
    return [hex[0..<8], hex[8..<12], hex[12..<16], hex[16..<20], hex[20..<32]]
      .map { String($0) }.joined(separator: "-")
  }

  /// Decimal digits, each equally likely.
  static func digits(_ count: Int) -> String {
    var out = ""
    while out.utf8.count < count {
      for byte in SecureRandom.bytes(count) where byte < 250 && out.utf8.count < count {
        out.append(String(byte % 10))
      }
    }
    return out
  }
}
