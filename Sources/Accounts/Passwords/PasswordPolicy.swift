import Foundation

/// What a new password must be (SP 800-63B-4 §3.1.1.2, ASVS 6.2): long, and not among the first
/// things that are tried. No composition rules, no rotation.
struct PasswordPolicy: Sendable {
  /// 15, since the password is the only factor.
  var minimumCharacters = 15
  /// Cognito's limit; whatever is longer never reaches the hash.
  var maximumBytes = 256
  /// The words an attacker knows beforehand: the name of the site.
  var contextWords: [String] = ["portico"]

  /// What is wrong with the password, one sentence each; empty when it may be used.
  func findings(_ password: String, username: String, email: String?) -> [String] {
    if let refusal = shapeRefusal(password) { return [refusal] }
    let normal = Self.normalized(password)
    if normal.unicodeScalars.count < minimumCharacters {
      return ["Password must be at least \(minimumCharacters) characters"]
    }
    let plain = normal.lowercased()
    if Self.isRepetition(plain) { return ["Password must not repeat one short pattern"] }
    if Self.isSequence(plain) { return ["Password must not be a run of neighbouring keys"] }
    var words = contextWords + [username]
    if let local = email?.split(separator: "@").first { words.append(String(local)) }
    if Self.isMade(plain, of: words.filter { $0.count >= 3 }) {
      return ["Password must not consist of common passwords or of your own name"]
    }
    return []
  }

  /// What makes a password unfit for hashing at all, at sign-in too.
  func shapeRefusal(_ password: String) -> String? {
    if password.utf8.isEmpty { return "Password is required" }
    if password.utf8.count > maximumBytes {
      return "Password must be at most \(maximumBytes) bytes"
    }
    return password.utf8.contains(0) ? "Password must not contain NUL" : nil
  }

  /// The form that new passwords are hashed in (RFC 8265 §4.2: NFC).
  static func normalized(_ password: String) -> String {
    password.precomposedStringWithCanonicalMapping
  }

  /// One unit of at most four characters over and over.
  static func isRepetition(_ text: String) -> Bool {
    let scalars = Array(text.unicodeScalars)
    return (1...4).contains { size in
      scalars.count > size
        && scalars.indices.dropFirst(size).allSatisfy {
          scalars[$0] == scalars[$0 - size]
        }
    }
  }

  /// Nearly every step goes one up or down in the alphabet, the digits or a row of keys.
  static func isSequence(_ text: String) -> Bool {
    let scalars = Array(text.unicodeScalars)
    guard scalars.count > 2 else { return false }
    var breaks = 0
    for (before, after) in zip(scalars, scalars.dropFirst()) where !areNeighbours(before, after) {
      breaks += 1
    }
    return breaks <= scalars.count / 8
  }

  private static func areNeighbours(_ a: Unicode.Scalar, _ b: Unicode.Scalar) -> Bool {
    if abs(Int(a.value) - Int(b.value)) <= 1 { return true }
    return CommonPasswords.keyRows.contains { row in
      guard let x = row.firstIndex(of: a), let y = row.firstIndex(of: b) else { return false }
      return abs(x - y) <= 1 || abs(x - y) == row.count - 1
    }
  }

  /// Whether little is left once common passwords, the words given and digits are taken away.
  static func isMade(_ text: String, of words: [String]) -> Bool {
    var rest = text
    for word in words.map({ $0.lowercased() }) + CommonPasswords.words {
      rest = rest.replacing(word, with: "")
    }
    let left = rest.unicodeScalars.filter {
      !("0"..."9").contains($0) && $0.properties.isAlphabetic
    }
    return rest.unicodeScalars.count < text.unicodeScalars.count && left.count < 5
  }
}
