import Cryptography
import JSON

/// A compact JWS taken apart (RFC 7515 §7.1), nothing of it believed yet.
package struct CompactJWS: Sendable {
  /// Tokens beyond this are refused unread.
  package static let bytesMost = 8_192
  /// Key ids beyond this are refused, since unknown ones are remembered.
  static let keyIDBytesMost = 512

  package let algorithm: SignatureAlgorithm
  package let keyID: String?
  package let type: String?
  package let payload: [UInt8]
  let signature: [UInt8]
  /// Header and payload as they were sent: what the signature is over.
  private let input: ArraySlice<UInt8>

  /// Takes a token apart; refuses what two readers could read differently.
  package init(_ text: String) throws(TokenError) {
    guard text.utf8.count <= Self.bytesMost else { throw .tooLong }
    let bytes = Array(text.utf8)
    let dot = UInt8(ascii: ".")
    guard let first = bytes.firstIndex(of: dot), let last = bytes.lastIndex(of: dot),
      first < last, let header = Base64URL.decode(bytes[..<first]),
      // A third dot is foreign to the alphabet.
      let payload = Base64URL.decode(bytes[(first + 1)..<last]),
      let signature = Base64URL.decode(bytes[(last + 1)...]), !signature.isEmpty
    else { throw .malformed }
    let fields = try Self.fields(header)
    algorithm = fields.algorithm
    keyID = fields.keyID
    type = fields.type
    self.payload = payload
    self.signature = signature
    input = bytes[..<last]
  }

  /// The header's members that are heeded; `jku`, `jwk`, `x5u` and `x5c` are not among them, since a
  /// token must not bring its own key (RFC 8725 §3.10).
  private static func fields(
    _ bytes: [UInt8]
  ) throws(TokenError) -> (algorithm: SignatureAlgorithm, keyID: String?, type: String?) {
    // Duplicate names are refused by the reader itself (RFC 7515 §4).
    guard let header = (try? JSON(parsing: bytes, limits: JSON.Limits(depth: 8)))?.object else {
      throw .malformed
    }
    // RFC 7515 §4.1.11: an extension that is critical and unknown; none is known here. RFC 7797: an
    // unencoded payload would be signed differently.
    if header["crit"] != nil || header["b64"] != nil { throw .criticalHeader }
    let keyID = try text(header["kid"])
    let type = try text(header["typ"])
    if let keyID, keyID.utf8.count > keyIDBytesMost { throw .malformed }
    guard let name = header["alg"]?.string, let algorithm = SignatureAlgorithm(rawValue: name)
    else { throw .algorithm }
    return (algorithm, keyID, type)
  }

  private static func text(_ value: JSON?) throws(TokenError) -> String? {
    guard let value else { return nil }
    guard let text = value.string else { throw .malformed }
    return text
  }

  /// Whether the signature is that key's, with an algorithm that the key allows.
  package func isSigned(by key: VerificationKey) -> Bool {
    key.verify(signature, over: input, algorithm)
  }
}
