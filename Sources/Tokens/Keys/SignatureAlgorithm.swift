import Cryptography

/// Signature algorithms of RFC 7518 §3.1 and RFC 8037 that Portico knows; `none` is not among them.
package enum SignatureAlgorithm: String, Sendable, Hashable, CaseIterable {
  case rs256 = "RS256"
  case rs384 = "RS384"
  case rs512 = "RS512"
  case ps256 = "PS256"
  case ps384 = "PS384"
  case ps512 = "PS512"
  case es256 = "ES256"
  case es384 = "ES384"
  case es512 = "ES512"
  case edDSA = "EdDSA"
  case hs256 = "HS256"
  case hs384 = "HS384"
  case hs512 = "HS512"

  /// The kind of key it needs.
  enum Family { case rsa, pss, ec, okp, hmac }

  var family: Family {
    switch self {
    case .rs256, .rs384, .rs512: .rsa
    case .ps256, .ps384, .ps512: .pss
    case .es256, .es384, .es512: .ec
    case .edDSA: .okp
    case .hs256, .hs384, .hs512: .hmac
    }
  }

  /// Whether both sides hold the same secret: never mixed with keys from a key set.
  package var isSymmetric: Bool { family == .hmac }

  var digest: DigestAlgorithm? {
    switch self {
    case .rs256, .ps256, .es256, .hs256: .sha256
    case .rs384, .ps384, .es384, .hs384: .sha384
    case .rs512, .ps512, .es512, .hs512: .sha512
    case .edDSA: nil
    }
  }

  /// The curve of an ECDSA algorithm (RFC 7518 §3.4 binds them).
  var curve: EllipticCurve? {
    switch self {
    case .es256: .p256
    case .es384: .p384
    case .es512: .p521
    default: nil
    }
  }

  /// Bytes a symmetric key must have at least: as many as the digest (RFC 7518 §3.2).
  var secretBytes: Int {
    switch self {
    case .hs256: 32
    case .hs384: 48
    case .hs512: 64
    default: 0
    }
  }
}
