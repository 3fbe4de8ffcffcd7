import COpenSSL

// OpenSSL's primitives as Swift values: digests, MACs, random, password hashing, sealing.

/// The bytes of a digest or a MAC.
package struct Digest: Sendable, Hashable {
  package let bytes: [UInt8]

  package init(bytes: [UInt8]) { self.bytes = bytes }

  /// Lower-case hexadecimal.
  package var hex: String { Hex.encode(bytes) }

  /// Standard base64 with padding.
  package var base64: String { Base64.encode(bytes) }

  /// Base64url without padding.
  package var base64URL: String { Base64URL.encode(bytes) }
}

/// A digest algorithm, fetched from OpenSSL's provider once: fetching costs more than a small hash.
package struct DigestAlgorithm: Sendable {
  /// The fetched EVP_MD lives as long as the process and is immutable, so its address may be shared.
  private let address: UInt
  private let length: Int

  private init(_ name: String, length: Int) {
    address = UInt(bitPattern: EVP_MD_fetch(nil, name, nil))
    self.length = length
  }

  /// OpenSSL's handle, for signatures.
  package var handle: OpaquePointer? { OpaquePointer(bitPattern: address) }

  package static let sha1 = DigestAlgorithm("SHA1", length: 20)
  package static let sha256 = DigestAlgorithm("SHA256", length: 32)
  package static let sha384 = DigestAlgorithm("SHA384", length: 48)
  package static let sha512 = DigestAlgorithm("SHA512", length: 64)

  /// The digest of bytes at hand.
  package func hash(_ bytes: [UInt8]) -> Digest {
    bytes.withUnsafeBytes { hash($0) }
  }

  /// The digest of a buffer.
  package func hash(_ buffer: UnsafeRawBufferPointer) -> Digest {
    var out = [UInt8](repeating: 0, count: length)
    let done = EVP_Digest(buffer.baseAddress, buffer.count, &out, nil, handle, nil)
    precondition(done == 1, "OpenSSL has no such digest")
    return Digest(bytes: out)
  }

  /// The MAC of a message by RFC 2104.
  package func authenticate(_ message: [UInt8], key: [UInt8]) -> Digest {
    var out = [UInt8](repeating: 0, count: length)
    var written: UInt32 = 0
    // HMAC() wants a key pointer even for an empty key.
    let padded = key.isEmpty ? [0] : key
    let done = COpenSSL.HMAC(
      handle, padded, Int32(key.count), message, message.count, &out, &written)
    precondition(done != nil && Int(written) == length, "OpenSSL has no such MAC")
    return Digest(bytes: out)
  }
}

/// SHA-256 (FIPS 180-4).
package enum SHA256 {
  /// The digest of bytes.
  package static func hash(_ bytes: [UInt8]) -> Digest { DigestAlgorithm.sha256.hash(bytes) }

  /// The digest of a text's UTF-8.
  package static func hash(_ text: String) -> Digest { hash(Array(text.utf8)) }
}

/// SHA-384 (FIPS 180-4).
package enum SHA384 {
  /// The digest of bytes.
  package static func hash(_ bytes: [UInt8]) -> Digest { DigestAlgorithm.sha384.hash(bytes) }
}

/// SHA-512 (FIPS 180-4).
package enum SHA512 {
  /// The digest of bytes.
  package static func hash(_ bytes: [UInt8]) -> Digest { DigestAlgorithm.sha512.hash(bytes) }
}

/// HMAC (RFC 2104).
package enum HMAC {
  /// With SHA-256.
  package static func sha256(key: [UInt8], _ message: [UInt8]) -> Digest {
    DigestAlgorithm.sha256.authenticate(message, key: key)
  }

  /// With SHA-256, over a text's UTF-8.
  package static func sha256(key: [UInt8], _ message: String) -> Digest {
    sha256(key: key, Array(message.utf8))
  }

  /// With SHA-384.
  package static func sha384(key: [UInt8], _ message: [UInt8]) -> Digest {
    DigestAlgorithm.sha384.authenticate(message, key: key)
  }

  /// With SHA-512.
  package static func sha512(key: [UInt8], _ message: [UInt8]) -> Digest {
    DigestAlgorithm.sha512.authenticate(message, key: key)
  }
}

/// Comparison whose time does not depend on where two secrets differ.
package enum ConstantTime {
  /// Whether both are the same bytes; the length may show.
  package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
  }

  /// Whether both are the same text.
  package static func equal(_ left: String, _ right: String) -> Bool {
    equal(Array(left.utf8), Array(right.utf8))
  }
}

/// OpenSSL's generator, seeded by the system.
package enum SecureRandom {
  /// That many unpredictable bytes.
  package static func bytes(_ count: Int) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: count)
    let done = RAND_bytes(&out, Int32(count))
    precondition(done == 1, "the system has no randomness")
    return out
  }
}
