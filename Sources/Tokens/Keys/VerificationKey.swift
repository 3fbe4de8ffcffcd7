import Cryptography

/// A key ready to verify with: OpenSSL's form is made once, and what it may verify is settled then.
package final class VerificationKey: Sendable {
  package let jwk: JSONWebKey
  /// The algorithms it may verify; the header's name is the attacker's word, the key decides
  /// (RFC 8725 §3.1).
  private let algorithms: Set<SignatureAlgorithm>
  private let key: EVPKey?
  private let secret: [UInt8]

  /// Makes OpenSSL's form; nil when the key is not for verifying or OpenSSL refuses the numbers.
  package convenience init?(_ jwk: JSONWebKey) { try? self.init(checking: jwk) }

  init(checking jwk: JSONWebKey) throws(JSONWebKey.Defect) {
    if let use = jwk.use, use != "sig" { throw .notForSignatures }
    if let operations = jwk.operations, !operations.contains("verify") { throw .notForSignatures }
    var possible = Self.algorithms(for: jwk.material)
    if let named = jwk.algorithm { possible = possible.filter { $0.rawValue == named } }
    if possible.isEmpty { throw .unknownAlgorithm }
    algorithms = Set(possible)
    self.jwk = jwk
    if case .secret(let bytes) = jwk.material {
      secret = bytes
      key = nil
    } else {
      secret = []
      guard let info = Self.publicKeyInfo(jwk.material), let key = EVPKey(publicDER: info) else {
        throw .refused
      }
      self.key = key
    }
  }

  private static func algorithms(for material: JSONWebKey.Material) -> [SignatureAlgorithm] {
    SignatureAlgorithm.allCases.filter { algorithm in
      switch (material, algorithm.family) {
      case (.rsa, .rsa), (.rsa, .pss), (.ed25519, .okp): true
      case (.ec(let curve, _, _), .ec): algorithm.curve?.rawValue == curve
      case (.secret(let secret), .hmac): secret.count >= algorithm.secretBytes
      default: false
      }
    }
  }

  /// The key as SubjectPublicKeyInfo (RFC 5280 §4.1), which is what OpenSSL reads most strictly: it
  /// refuses points off the curve.
  private static func publicKeyInfo(_ material: JSONWebKey.Material) -> [UInt8]? {
    switch material {
    case .rsa(let modulus, let exponent):
      let rsaEncryption: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
      return DER.sequence(
        DER.sequence(DER.identifier(rsaEncryption), DER.null),
        DER.bitString(DER.sequence(DER.integer(modulus), DER.integer(exponent))))
    case .ec(let name, let x, let y):
      guard let curve = EllipticCurve(rawValue: name) else { return nil }
      let ecPublicKey: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
      return DER.sequence(
        DER.sequence(DER.identifier(ecPublicKey), DER.identifier(curve.identifier)),
        DER.bitString([0x04] + x + y))
    case .ed25519(let x):
      return DER.sequence(DER.sequence(DER.identifier([0x2B, 0x65, 0x70])), DER.bitString(x))
    case .secret: return nil
    }
  }

  /// Whether the key may verify this algorithm: its kind, its curve, and what it says of itself.
  package func allows(_ algorithm: SignatureAlgorithm) -> Bool { algorithms.contains(algorithm) }

  /// Whether the signature is this key's over the input.
  func verify(
    _ signature: [UInt8], over input: ArraySlice<UInt8>, _ algorithm: SignatureAlgorithm
  ) -> Bool {
    guard allows(algorithm) else { return false }
    if let key { return key.verify(signature, over: input, algorithm) }
    guard algorithm.isSymmetric, let digest = algorithm.digest else { return false }
    return ConstantTime.equal(digest.authenticate(Array(input), key: secret).bytes, signature)
  }
}
