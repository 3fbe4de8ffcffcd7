import COpenSSL

/// Password hashing by RFC 7914.
package enum Scrypt {
  /// Derives a key; nil when the parameters are outside what OpenSSL or our memory bound allows.
  ///
  /// OpenSSL's own memory limit is 32 MiB, less than ln=15 needs, so the exact need is passed.
  package static func derive(
    password: [UInt8], salt: [UInt8], n: Int, r: Int, p: Int, length: Int = 64
  ) -> [UInt8]? {
    guard n > 1, n & (n - 1) == 0, (1...64).contains(r), (1...64).contains(p),
      (1...1024).contains(length), n <= 1 << 20
    else { return nil }
    let memory = 128 * r * (n + p + 2)
    guard memory <= 1 << 30 else { return nil }
    var out = [UInt8](repeating: 0, count: length)
    // EVP_PBE_scrypt takes a NULL password for "test the parameters only".
    let secret = password.map { CChar(bitPattern: $0) } + [0]
    let done = EVP_PBE_scrypt(
      secret, password.count, salt, salt.count, UInt64(n), UInt64(r), UInt64(p), UInt64(memory),
      &out, length)
    return done == 1 ? out : nil
  }
}
