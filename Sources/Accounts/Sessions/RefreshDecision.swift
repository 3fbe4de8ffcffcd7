import Time

/// What a presented refresh token of a live family leads to (auth.md §2.6, RFC 9700 §4.14.2).
enum RefreshDecision: Sendable, Hashable {
  /// The current one: the next generation becomes current.
  case rotate
  /// Its immediate predecessor within the grace: a retry or another tab gets the same successor.
  case repeatSuccessor
  /// Never issued.
  case unknown
  /// Too long unused.
  case idle
  /// Used again after its time: somebody else has it, so the family ends.
  case reuse

  static let grace: Duration = .seconds(10)

  init(
    presented: Int, current: Int, rotatedAt: Timestamp, now: Timestamp, idleLimit: Duration
  ) {
    if presented > current {
      self = .unknown
    } else if presented == current {
      self = now - rotatedAt > idleLimit ? .idle : .rotate
    } else if presented == current - 1, now - rotatedAt <= Self.grace {
      self = .repeatSuccessor
    } else {
      self = .reuse
    }
  }
}

/// The parts of `rt1.{keyVersion}.{family}.{generation}.{mac}`.
struct RefreshTokenParts: Sendable, Hashable {
  var keyVersion: Int
  var family: String
  var generation: Int
  var mac: String

  init(keyVersion: Int, family: String, generation: Int, mac: String) {
    self.keyVersion = keyVersion
    self.family = family
    self.generation = generation
    self.mac = mac
  }

  /// Reads the one spelling that is issued; everything else is nil.
  init?(parsing text: String) {
    guard text.utf8.count <= 200 else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0] == "rt1", let version = Self.number(parts[1]),
      let generation = Self.number(parts[3]), parts[2].utf8.count == 22, parts[4].utf8.count == 43,
      (parts[2] + parts[4]).utf8.allSatisfy(Self.isBase64URL)
    else { return nil }
    self.init(
      keyVersion: version, family: String(parts[2]), generation: generation, mac: String(parts[4]))
  }

  var text: String { "rt1.\(keyVersion).\(family).\(generation).\(mac)" }

  private static func number(_ text: Substring) -> Int? {
    guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }),
      text == "0" || !text.hasPrefix("0")
    else { return nil }
    return Int(text)
  }

  private static func isBase64URL(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, 45, 95: true
    default: false
    }
  }
}
