import COpenSSL

/// Sealing of keys at rest: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce in front.
package enum AESGCM {
  private static let nonceBytes = 12
  private static let tagBytes = 16

  /// Nonce, ciphertext and tag; nil when the key is not 32 bytes.
  package static func seal(_ plain: [UInt8], key: [UInt8], context: [UInt8] = []) -> [UInt8]? {
    guard key.count == 32, let cipher = EVP_CIPHER_CTX_new() else { return nil }
    defer { EVP_CIPHER_CTX_free(cipher) }
    let nonce = SecureRandom.bytes(nonceBytes)
    var out = [UInt8](repeating: 0, count: plain.count)
    var tag = [UInt8](repeating: 0, count: tagBytes)
    var written: Int32 = 0
    var ignored: Int32 = 0
    guard EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1,
      EVP_EncryptUpdate(cipher, nil, &ignored, context, Int32(context.count)) == 1,
      EVP_EncryptUpdate(cipher, &out, &written, plain, Int32(plain.count)) == 1,
      EVP_EncryptFinal_ex(cipher, nil, &ignored) == 1,
      EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, Int32(tagBytes), &tag) == 1
    else { return nil }
    return nonce + out + tag
  }

  /// The plain bytes; nil when key, context or a single bit is wrong.
  package static func open(_ sealed: [UInt8], key: [UInt8], context: [UInt8] = []) -> [UInt8]? {
    guard key.count == 32, sealed.count >= nonceBytes + tagBytes, let cipher = EVP_CIPHER_CTX_new()
    else { return nil }
    defer { EVP_CIPHER_CTX_free(cipher) }
    let nonce = Array(sealed[..<nonceBytes])
    let body = Array(sealed[nonceBytes..<(sealed.count - tagBytes)])
    var tag = Array(sealed[(sealed.count - tagBytes)...])
    var out = [UInt8](repeating: 0, count: body.count)
    var written: Int32 = 0
    var ignored: Int32 = 0
    guard EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1,
      EVP_DecryptUpdate(cipher, nil, &ignored, context, Int32(context.count)) == 1,
      EVP_DecryptUpdate(cipher, &out, &written, body, Int32(body.count)) == 1,
      EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, Int32(tagBytes), &tag) == 1,
      EVP_DecryptFinal_ex(cipher, nil, &ignored) == 1
    else { return nil }
    return out
  }
}
