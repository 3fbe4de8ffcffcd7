import COpenSSL

/// A digest that is fed in pieces: for files and bodies that are never in memory as a whole.
package struct StreamingDigest: ~Copyable {
  private let context: OpaquePointer

  /// A digest of nothing yet.
  package init(_ algorithm: DigestAlgorithm) {
    guard let made = EVP_MD_CTX_new() else { preconditionFailure("the memory is exhausted") }
    context = made
    let done = EVP_DigestInit_ex(context, algorithm.handle, nil)
    precondition(done == 1, "OpenSSL has no such digest")
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Takes the next piece.
  package mutating func update(_ piece: UnsafeRawBufferPointer) {
    let done = EVP_DigestUpdate(context, piece.baseAddress, piece.count)
    precondition(done == 1, "a digest takes any bytes")
  }

  /// Takes the next piece.
  package mutating func update(_ piece: [UInt8]) { piece.withUnsafeBytes { update($0) } }

  /// The digest of all pieces.
  package consuming func finish() -> Digest {
    var out = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    let done = EVP_DigestFinal_ex(context, &out, &length)
    precondition(done == 1, "a digest always ends")
    return Digest(bytes: Array(out.prefix(Int(length))))
  }
}
