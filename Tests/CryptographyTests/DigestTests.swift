import Cryptography
import Testing

/// FIPS 180-4 through the examples of NIST's CSRC ("abc", and the two-block message).
@Suite("Digests")
struct DigestTests {
  static let twoBlocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"

  @Test func `the examples of FIPS 180-4`() {
    #expect(
      SHA256.hash("abc").hex
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA384.hash(Array("abc".utf8)).hex
        == "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
        + "8086072ba1e7cc2358baeca134c825a7")
    #expect(
      SHA512.hash(Array("abc".utf8)).hex
        == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
    #expect(
      SHA256.hash(Self.twoBlocks).hex
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
  }

  @Test func `nothing has a digest too`() {
    #expect(
      SHA256.hash([]).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(SHA256.hash([]).base64 == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    #expect(SHA256.hash([]).base64URL == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")
  }

  @Test func `pieces make the same digest as the whole`() {
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    for size in [1, 63, 64, 65, 4096] {
      var digest = StreamingDigest(.sha256)
      for start in stride(from: 0, to: bytes.count, by: size) {
        digest.update(Array(bytes[start..<min(start + size, bytes.count)]))
      }
      #expect(digest.finish() == SHA256.hash(bytes))
    }
    #expect(StreamingDigest(.sha512).finish() == SHA512.hash([]))
  }

  @Test func `secrets compare by every byte`() {
    #expect(ConstantTime.equal("secret", "secret"))
    #expect(!ConstantTime.equal("secret", "secres"))
    #expect(!ConstantTime.equal("secret", "secret "))
    #expect(ConstantTime.equal([], []))
  }

  @Test func `random bytes are as many as asked for and do not repeat`() {
    #expect(SecureRandom.bytes(0).isEmpty)
    let draws = Set((0..<64).map { _ in SecureRandom.bytes(16) })
    #expect(draws.count == 64)
    #expect(draws.allSatisfy { $0.count == 16 })
  }
}
