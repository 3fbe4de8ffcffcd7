import COpenSSL
import Cryptography

/// Owner of an OpenSSL key; verification and signing with one key from many threads is safe, since
/// OpenSSL never changes a key after it was made.
final class EVPKey: Sendable {
  private let address: UInt

  init?(owning pointer: OpaquePointer?) {
    guard let pointer else { return nil }
    address = UInt(bitPattern: pointer)
  }

  deinit { EVP_PKEY_free(pointer) }

  var pointer: OpaquePointer? { OpaquePointer(bitPattern: address) }

  /// Reads a SubjectPublicKeyInfo; OpenSSL refuses points off the curve.
  convenience init?(publicDER der: [UInt8]) {
    let key = der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
      var cursor = buffer.baseAddress
      return d2i_PUBKEY(nil, &cursor, buffer.count)
    }
    if key == nil { ERR_clear_error() }
    self.init(owning: key)
  }

  /// Reads a private key in PKCS #8 or its traditional form; what follows it is refused.
  convenience init?(privateDER der: [UInt8]) {
    var read = 0
    let key = der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
      var cursor = buffer.baseAddress
      let key = d2i_AutoPrivateKey(nil, &cursor, buffer.count)
      if let start = buffer.baseAddress, let cursor { read = cursor - start }
      return key
    }
    if key == nil { ERR_clear_error() }
    self.init(owning: key)
    if read != der.count { return nil }
  }

  /// The private key as PrivateKeyInfo (PKCS #8, RFC 5958).
  var privateDER: [UInt8]? {
    guard let info = EVP_PKEY2PKCS8(pointer) else { return nil }
    defer { PKCS8_PRIV_KEY_INFO_free(info) }
    let length = i2d_PKCS8_PRIV_KEY_INFO(info, nil)
    guard length > 0 else { return nil }
    var out = [UInt8](repeating: 0, count: Int(length))
    let written = out.withUnsafeMutableBufferPointer { buffer -> Int32 in
      var cursor = buffer.baseAddress
      return i2d_PKCS8_PRIV_KEY_INFO(info, &cursor)
    }
    return written == length ? out : nil
  }

  /// A big number of the key, such as `n`, as its magnitude.
  func number(_ name: String) -> [UInt8]? {
    var value: OpaquePointer?
    guard EVP_PKEY_get_bn_param(pointer, name, &value) == 1, let value else { return nil }
    defer { BN_free(value) }
    var out = [UInt8](repeating: 0, count: (Int(BN_num_bits(value)) + 7) / 8)
    BN_bn2bin(value, &out)
    return out
  }

  /// The uncompressed point of an elliptic key.
  var point: [UInt8]? {
    var length = 0
    guard EVP_PKEY_get_octet_string_param(pointer, "pub", nil, 0, &length) == 1 else { return nil }
    var out = [UInt8](repeating: 0, count: length)
    guard EVP_PKEY_get_octet_string_param(pointer, "pub", &out, length, &length) == 1 else {
      return nil
    }
    return Array(out[..<length])
  }

  /// The public bytes of an Ed25519 key.
  var rawPublic: [UInt8]? {
    var out = [UInt8](repeating: 0, count: 32)
    var length = out.count
    guard EVP_PKEY_get_raw_public_key(pointer, &out, &length) == 1, length == 32 else { return nil }
    return out
  }

  // MARK: Signatures

  func verify(
    _ signature: [UInt8], over input: ArraySlice<UInt8>, _ algorithm: SignatureAlgorithm
  ) -> Bool {
    guard let wire = wireForm(signature, algorithm), let context = EVP_MD_CTX_new() else {
      return false
    }
    defer { EVP_MD_CTX_free(context) }
    var keyContext: OpaquePointer?
    guard
      EVP_DigestVerifyInit(context, &keyContext, algorithm.digest?.handle, nil, pointer) == 1,
      Self.pad(keyContext, algorithm)
    else { return clear() }
    let result = input.withUnsafeBufferPointer {
      EVP_DigestVerify(context, wire, wire.count, $0.baseAddress, $0.count)
    }
    return result == 1 ? true : clear()
  }

  /// What OpenSSL reads: ECDSA's two numbers as DER (RFC 7518 §3.4 has them side by side), everything
  /// else as it is; nil for a length that no signature of this key has.
  private func wireForm(_ signature: [UInt8], _ algorithm: SignatureAlgorithm) -> [UInt8]? {
    switch algorithm.family {
    case .rsa, .pss: return signature.count == Int(EVP_PKEY_get_size(pointer)) ? signature : nil
    case .okp: return signature.count == 64 ? signature : nil
    case .ec:
      guard let curve = algorithm.curve, signature.count == 2 * curve.bytes else { return nil }
      return DER.sequence(
        DER.integer(Array(signature[..<curve.bytes])), DER.integer(Array(signature[curve.bytes...]))
      )
    case .hmac: return nil
    }
  }

  func sign(_ input: [UInt8], _ algorithm: SignatureAlgorithm) -> [UInt8]? {
    guard let context = EVP_MD_CTX_new() else { return nil }
    defer { EVP_MD_CTX_free(context) }
    var keyContext: OpaquePointer?
    var length = 0
    guard EVP_DigestSignInit(context, &keyContext, algorithm.digest?.handle, nil, pointer) == 1,
      Self.pad(keyContext, algorithm),
      EVP_DigestSign(context, nil, &length, input, input.count) == 1
    else { return nil }
    var out = [UInt8](repeating: 0, count: length)
    guard EVP_DigestSign(context, &out, &length, input, input.count) == 1 else { return nil }
    out = Array(out[..<length])
    if let curve = algorithm.curve { return DER.rawSignature(out, width: curve.bytes) }
    return out
  }

  private static func pad(_ context: OpaquePointer?, _ algorithm: SignatureAlgorithm) -> Bool {
    guard algorithm.family == .pss else { return true }
    // RFC 7518 §3.5: the salt is as long as the digest; -1 is OpenSSL's word for that.
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1
      && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, -1) == 1
  }

  /// A failed verification leaves reasons in the thread's queue, which nobody would read.
  private func clear() -> Bool {
    ERR_clear_error()
    return false
  }
}
