import Cryptography
import JSON

/// A compact JWS taken apart (RFC 7515 §7.1), nothing of it believed yet.
package struct CompactJWS: Sendable {
  /// Tokens beyond this are refused unread.
  package static let bytesMost = 8_192

  package let algorithm: SignatureAlgorithm
  package let keyID: String?
  package let type: String?
  package let payload: [UInt8]
  let signature: [UInt8]
  private let text: String
  private let inputBytes: Int

  /// Takes a token apart; refuses what two readers could read differently.
  package init(_ text: String) throws(TokenError) {
    let utf8 = text.utf8
    guard utf8.count <= Self.bytesMost else { throw .tooLong }
    let parts = utf8.split(
      separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 3, let headerBytes = Base64URL.decode(Array(parts[0])[...]),
      let payload = Base64URL.decode(Array(parts[1])[...]),
      let signature = Base64URL.decode(Array(parts[2])[...])
    else { throw .malformed }
    // Duplicate names are refused by the reader itself (RFC 7515 §4).
    guard let header = (try? JSON(parsing: headerBytes))?.object else { throw .malformed }
    // RFC 7515 §4.1.11: an extension that is critical and unknown; none is known here.
    if header["crit"] != nil { throw .criticalHeader }
    // RFC 7797: an unencoded payload would be signed differently.
    if header["b64"] != nil { throw .criticalHeader }
    guard let name = header["alg"]?.string, let algorithm = SignatureAlgorithm(rawValue: name)
    else { throw .algorithm }
    if let value = header["kid"], value.string == nil { throw .malformed }
    if let value = header["typ"], value.string == nil { throw .malformed }
    self.algorithm = algorithm
    keyID = header["kid"]?.string
    type = header["typ"]?.string
    self.payload = payload
    self.signature = signature
    self.text = text
    inputBytes = parts[0].count + 1 + parts[1].count
  }

  /// Whether the signature is that key's, with an algorithm that the key allows.
  package func isSigned(by key: VerificationKey) -> Bool {
    guard key.allows(algorithm) else { return false }
    var copy = text
    return copy.withUTF8 { buffer in
      let input = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<inputBytes])
      return key.verify(signature, over: input, algorithm)
    }
  }
}
