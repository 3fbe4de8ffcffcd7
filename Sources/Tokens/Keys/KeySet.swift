import Cryptography
import JSON

/// A key ready to verify with.
package final class VerificationKey: Sendable {
  package let jwk: JSONWebKey
  private let key: EVPKey?

  /// Makes OpenSSL's form once; nil when OpenSSL refuses the numbers.
  package init?(_ jwk: JSONWebKey) {
    self.jwk = jwk
    switch jwk.material {
    case .secret: key = nil
    case .rsa(let modulus, let exponent):
      let info = DER.sequence(
        DER.sequence(
          DER.identifier([0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]), DER.null),
        DER.bitString(DER.sequence(DER.integer(modulus), DER.integer(exponent))))
      guard let key = EVPKey(publicDER: info) else { return nil }
      self.key = key
    case .ec(let name, let x, let y):
      guard let curve = EllipticCurve(rawValue: name) else { return nil }
      let info = DER.sequence(
        DER.sequence(
          DER.identifier([0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]),
          DER.identifier(curve.identifier)),
        DER.bitString([0x04] + x + y))
      guard let key = EVPKey(publicDER: info) else { return nil }
      self.key = key
    case .ed25519(let x):
      let info = DER.sequence(DER.sequence(DER.identifier([0x2B, 0x65, 0x70])), DER.bitString(x))
      guard let key = EVPKey(publicDER: info) else { return nil }
      self.key = key
    }
  }

  /// Whether the key may verify this algorithm: its kind, its curve, and what it says of itself.
  ///
  /// The header's algorithm is attacker-controlled, so the key decides (RFC 8725 §3.1).
  package func allows(_ algorithm: SignatureAlgorithm) -> Bool {
    if let use = jwk.use, use != "sig" { return false }
    if let operations = jwk.operations, !operations.contains("verify") { return false }
    if let named = jwk.algorithm, named != algorithm.rawValue { return false }
    switch (jwk.material, algorithm.family) {
    case (.rsa, .rsa), (.rsa, .pss), (.ed25519, .okp): return true
    case (.ec(let curve, _, _), .ec): return algorithm.curve?.rawValue == curve
    case (.secret(let secret), .hmac): return secret.count >= algorithm.secretBytes
    default: return false
    }
  }

  /// Whether the signature is this key's over the input.
  func verify(
    _ signature: [UInt8], over input: UnsafeRawBufferPointer, _ algorithm: SignatureAlgorithm
  ) -> Bool {
    if case .secret(let secret) = jwk.material {
      guard let digest = algorithm.digest, algorithm.isSymmetric else { return false }
      return ConstantTime.equal(
        digest.authenticate(Array(input), key: secret).bytes, signature)
    }
    return key?.verify(signature, over: input, algorithm) ?? false
  }
}

/// An immutable set of keys; a newer set has a greater generation.
package struct KeySet: Sendable {
  /// Keys read at most from one document.
  package static let keysMost = 32

  /// Usable keys by their id.
  private let byID: [String: VerificationKey]
  /// All usable keys.
  package let keys: [VerificationKey]
  package let generation: Int

  /// A set of keys; two keys of one id make that id unusable, since nobody could say which is meant.
  package init(_ keys: [VerificationKey] = [], generation: Int = 0) {
    let named = Dictionary(grouping: keys.filter { $0.jwk.keyID != nil }) { $0.jwk.keyID ?? "" }
    byID = named.compactMapValues { $0.count == 1 ? $0[0] : nil }
    self.keys = keys.filter { key in key.jwk.keyID.map { named[$0]?.count == 1 } ?? true }
    self.generation = generation
  }

  /// Reads a key set document key by key; unusable keys are left out and told to `report`.
  package init(
    jwks document: JSON, generation: Int = 0, report: (String) -> Void = { _ in }
  ) throws(JSONWebKey.Defect) {
    guard let list = document["keys"]?.array else { throw .notAnObject }
    // An id that stands twice is ambiguous even when one of the two cannot be read.
    let ids = Dictionary(grouping: list.prefix(Self.keysMost).compactMap { $0["kid"]?.string }) {
      $0
    }
    var keys: [VerificationKey] = []
    for entry in list.prefix(Self.keysMost) {
      if let id = entry["kid"]?.string, ids[id]?.count != 1 {
        report("key '\(id)' is left out: its id stands twice")
        continue
      }
      do throws(JSONWebKey.Defect) {
        guard let key = VerificationKey(try JSONWebKey(entry)) else { throw .broken }
        keys.append(key)
      } catch {
        report("key '\(entry["kid"]?.string ?? "?")' is left out: \(error.rawValue)")
      }
    }
    self.init(keys, generation: generation)
  }

  /// The key of an id.
  package func key(_ id: String) -> VerificationKey? { byID[id] }

  /// Whether there is no key.
  package var isEmpty: Bool { keys.isEmpty }

  /// The public document; secrets are never part of it.
  package var document: JSON { ["keys": .array(keys.compactMap { $0.jwk.publicJSON })] }
}
