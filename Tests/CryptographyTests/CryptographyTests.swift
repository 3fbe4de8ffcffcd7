import Testing

@testable import Cryptography

@Suite("OpenSSL's primitives")
struct CryptographyTests {
  @Test func `digests of FIPS 180-4's example`() {
    #expect(
      SHA256.hash("abc").hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(SHA384.hash(Array("abc".utf8)).hex.hasPrefix("cb00753f45a35e8bb5a03d699ac65007"))
    #expect(SHA512.hash(Array("abc".utf8)).hex.hasPrefix("ddaf35a193617abacc417349ae204131"))
  }

  /// RFC 4231 §4.2 and §4.3.
  @Test func `MACs of the RFC`() {
    let key = [UInt8](repeating: 0x0B, count: 20)
    #expect(
      HMAC.sha256(key: key, "Hi There").hex
        == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    #expect(
      HMAC.sha256(key: Array("Jefe".utf8), "what do ya want for nothing?").hex
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(HMAC.sha256(key: [], "").hex.hasPrefix("b613679a0814d9ec"))
  }

  /// RFC 7914 §12.
  @Test func `scrypt of the RFC`() throws {
    let first = try #require(Scrypt.derive(password: [], salt: [], n: 16, r: 1, p: 1))
    #expect(Hex.encode(first).hasPrefix("77d6576238657b203b19ca42c18a0497"))
    let second = try #require(
      Scrypt.derive(
        password: Array("password".utf8), salt: Array("NaCl".utf8), n: 1024, r: 8, p: 16))
    #expect(Hex.encode(second).hasPrefix("fdbabe1c9d3472007856e7190d01e9fe"))
  }

  @Test(arguments: [(0, 8, 1), (3, 8, 1), (1 << 21, 8, 1), (16, 0, 1), (16, 8, 0)])
  func `scrypt refuses parameters out of bounds`(n: Int, r: Int, p: Int) {
    #expect(Scrypt.derive(password: [1], salt: [1], n: n, r: r, p: p) == nil)
  }

  @Test func `what is sealed opens only whole and with its key`() throws {
    let key = SecureRandom.bytes(32)
    var sealed = try #require(AESGCM.seal([1, 2, 3], key: key, context: [9]))
    #expect(AESGCM.open(sealed, key: key, context: [9]) == [1, 2, 3])
    #expect(AESGCM.open(sealed, key: key, context: [8]) == nil)
    #expect(AESGCM.open(sealed, key: SecureRandom.bytes(32), context: [9]) == nil)
    sealed[sealed.count - 1] ^= 1
    #expect(AESGCM.open(sealed, key: key, context: [9]) == nil)
    #expect(AESGCM.seal([1], key: [1, 2]) == nil)
  }

  /// RFC 4648 §10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"),
  ])
  func `base64 of the RFC`(plain: String, encoded: String) {
    #expect(Base64.encode(Array(plain.utf8)) == encoded)
    #expect(Base64.decode(encoded) == Array(plain.utf8))
    let url = encoded.replacing("=", with: "")
    #expect(Base64URL.decode(url) == Array(plain.utf8))
  }

  @Test(arguments: ["Zg=", "Zg==", "Z", "Zh", "Zm9v ", "Zm+v", "Zm9v=", "Zm9v\n"])
  func `base64url has one form only`(text: String) {
    #expect(Base64URL.decode(text) == nil)
  }

  @Test func `comparison is by bytes`() {
    #expect(ConstantTime.equal("abc", "abc"))
    #expect(!ConstantTime.equal("abc", "abd"))
    #expect(!ConstantTime.equal("abc", "ab"))
  }
}
