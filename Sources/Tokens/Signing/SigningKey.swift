import COpenSSL
import Cryptography
import JSON

/// A private key with its public half and its id by RFC 7638.
package final class SigningKey: Sendable {
  /// The algorithm it signs with.
  package let algorithm: SignatureAlgorithm
  /// The public half, with `kid`, `use` and `alg`.
  package let publicKey: JSONWebKey
  private let key: EVPKey

  /// The key's id.
  package var keyID: String { publicKey.keyID ?? "" }

  private init?(_ key: EVPKey, _ algorithm: SignatureAlgorithm) {
    let material: JSONWebKey.Material
    switch algorithm.family {
    case .rsa, .pss:
      guard let modulus = key.number("n"), let exponent = key.number("e"), modulus.count >= 256
      else { return nil }
      material = .rsa(modulus: modulus, exponent: exponent)
    case .ec:
      guard let curve = algorithm.curve, let point = key.point, point.count == 1 + 2 * curve.bytes
      else { return nil }
      material = .ec(
        curve: curve.rawValue, x: Array(point[1...curve.bytes]),
        y: Array(point[(1 + curve.bytes)...]))
    case .okp:
      guard let bytes = key.rawPublic else { return nil }
      material = .ed25519(bytes)
    case .hmac: return nil
    }
    var jwk = JSONWebKey(use: "sig", algorithm: algorithm.rawValue, material: material)
    jwk.keyID = jwk.thumbprint
    publicKey = jwk
    self.key = key
    self.algorithm = algorithm
  }

  /// A new key: RSA of 2048 bits, the algorithm's curve, or Ed25519.
  package static func generate(_ algorithm: SignatureAlgorithm = .rs256) -> SigningKey? {
    let name =
      switch algorithm.family {
      case .rsa, .pss: "RSA"
      case .ec: "EC"
      case .okp: "ED25519"
      case .hmac: ""
      }
    guard let context = EVP_PKEY_CTX_new_from_name(nil, name, nil) else { return nil }
    defer { EVP_PKEY_CTX_free(context) }
    guard EVP_PKEY_keygen_init(context) == 1 else { return nil }
    if algorithm.family == .rsa || algorithm.family == .pss {
      guard EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1 else { return nil }
    }
    if let curve = algorithm.curve {
      guard EVP_PKEY_CTX_set_group_name(context, curve.groupName) == 1 else { return nil }
    }
    var made: OpaquePointer?
    guard EVP_PKEY_generate(context, &made) == 1, let key = EVPKey(owning: made) else { return nil }
    return SigningKey(key, algorithm)
  }

  /// Reads a private key in PKCS #8; nil when it is not of the algorithm's kind.
  package convenience init?(der: [UInt8], algorithm: SignatureAlgorithm) {
    guard let key = EVPKey(privateDER: der) else { return nil }
    self.init(key, algorithm)
  }

  /// The private key in PKCS #8: seal it before it is kept.
  package var der: [UInt8]? { key.privateDER }

  /// The public half ready to verify with.
  package var verificationKey: VerificationKey? { VerificationKey(publicKey) }

  /// A compact JWS (RFC 7515 §7.1) over the claims.
  ///
  /// - Parameters:
  ///   - claims: the payload.
  ///   - type: the header's `typ`, such as `at+jwt`.
  ///   - extras: further members of the header; `typ`, `alg` and `kid` are ours to say.
  package func sign(_ claims: JSONObject, type: String = "JWT", extras: JSONObject = [:])
    -> String?
  {
    var header = extras
    header["typ"] = .string(type)
    header["alg"] = .string(algorithm.rawValue)
    header["kid"] = .string(keyID)
    let input =
      Base64URL.encode(JSON.object(header).bytes) + "."
      + Base64URL.encode(JSON.object(claims).bytes)
    guard let signature = key.sign(Array(input.utf8), algorithm) else { return nil }
    return input + "." + Base64URL.encode(signature)
  }
}

/// Signs with a shared secret: the separately named `legacy-hs256` profile only.
package enum LegacySigning {
  /// A compact JWS with HS256; nil for a secret under 32 bytes.
  package static func sign(_ claims: JSONObject, secret: [UInt8]) -> String? {
    guard secret.count >= 32 else { return nil }
    let header: JSON = ["alg": "HS256", "typ": "JWT"]
    let input =
      Base64URL.encode(header.bytes) + "." + Base64URL.encode(JSON.object(claims).bytes)
    return input + "." + HMAC.sha256(key: secret, input).base64URL
  }
}
