import Cryptography

/// Proof key for code exchange (RFC 7636), S256 only: `plain` proves nothing to who saw the request
/// (RFC 9700 §2.1.1).
enum PKCE {
  /// The challenge of an authorization request.
  static func challenge(_ challenge: String?, method: String?) throws(OAuthError) -> String {
    guard let challenge else { throw .invalidRequest("code_challenge is missing (RFC 7636 §4.3)") }
    // An absent method means plain (§4.3).
    guard method == "S256" else { throw .invalidRequest("code_challenge_method must be S256") }
    guard challenge.utf8.count == 43, challenge.utf8.allSatisfy(isBase64URL) else {
      throw .invalidRequest("code_challenge is not 43 characters of base64url")
    }
    return challenge
  }

  /// Whether the verifier has the form of §4.1 and its digest is the challenge.
  static func verifies(_ verifier: String, challenge: String) -> Bool {
    guard isVerifier(verifier) else { return false }
    return Opaque.equal(Opaque.digest(verifier), challenge)
  }

  /// 43 to 128 unreserved characters (§4.1).
  static func isVerifier(_ text: String) -> Bool {
    (43...128).contains(text.utf8.count)
      && text.utf8.allSatisfy { isBase64URL($0) || $0 == 0x2E || $0 == 0x7E }
  }

  private static func isBase64URL(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, 45, 95: true
    default: false
    }
  }
}
