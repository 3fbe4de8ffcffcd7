import Cryptography
import Testing

@Suite("Encodings")
struct EncodingTests {
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
  ])
  func `the vectors of RFC 4648 section 10`(plain: String, encoded: String) {
    let bytes = Array(plain.utf8)
    #expect(Base64.encode(bytes) == encoded)
    #expect(Base64.decode(encoded) == bytes)
    let bare = String(encoded.prefix { $0 != "=" })
    #expect(Base64URL.encode(bytes) == bare)
    #expect(Base64URL.decode(bare) == bytes)
  }

  @Test func `the example of RFC 7515 appendix C`() {
    #expect(Base64URL.encode([3, 236, 255, 224, 193]) == "A-z_4ME")
    #expect(Base64URL.decode("A-z_4ME") == [3, 236, 255, 224, 193])
  }

  @Test(arguments: [
    "Zg==", "Zg=", "Zm8=", "Z", "Zm9vY", "Zh", "Zm9", "Zm 8", "Zm8\n", "Zm+8", "Zm/8", "Zm8.",
    "Zm8\u{212A}",
    "====", "Zm9v=", "Zm9v====",
  ])
  func `base64url has one form for each value`(text: String) {
    #expect(Base64URL.decode(text) == nil)
  }

  @Test(arguments: ["Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zm-v", "Zm9v\n", "=Zg="])
  func `base64 has one form for each value`(text: String) {
    #expect(Base64.decode(text) == nil)
  }

  @Test func `every length survives the way there and back`() {
    for length in 0..<200 {
      let bytes = SecureRandom.bytes(length)
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
      #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
      #expect(Hex.decode(Hex.encode(bytes)) == bytes)
    }
  }

  @Test func `hexadecimal reads both cases and nothing else`() {
    #expect(Hex.encode([0, 0x7F, 0xFF]) == "007fff")
    #expect(Hex.decode("007FfF") == [0, 0x7F, 0xFF])
    #expect(Hex.decode("0") == nil)
    #expect(Hex.decode("0g") == nil)
    #expect(Hex.decode(" 0") == nil)
  }
}
