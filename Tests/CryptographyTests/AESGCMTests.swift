import Cryptography
import Testing

@Suite("AES-256-GCM")
struct AESGCMTests {
  let key = [UInt8](0..<32)

  @Test func `test cases 13 and 14 of the GCM submission to NIST`() {
    let zero = [UInt8](repeating: 0, count: 32)
    let nonce = [UInt8](repeating: 0, count: 12)
    let empty = Hex.decode("530f8afbc74536b9a963b4f1c4cb738b") ?? []
    #expect(AESGCM.open(nonce + empty, key: zero) == [])
    let block =
      Hex.decode("cea7403d4d606b6e074ec5d3baf39d18" + "d0d1c8a799996bf0265b98b5d48ab919") ?? []
    #expect(AESGCM.open(nonce + block, key: zero) == [UInt8](repeating: 0, count: 16))
  }

  @Test func `what was sealed opens, under the same key and context only`() throws {
    for length in [0, 1, 16, 1700] {
      let plain = SecureRandom.bytes(length)
      let sealed = try #require(AESGCM.seal(plain, key: key, context: [1]))
      #expect(sealed.count == length + 28)
      #expect(AESGCM.open(sealed, key: key, context: [1]) == plain)
      #expect(AESGCM.open(sealed, key: key, context: [2]) == nil)
      #expect(AESGCM.open(sealed, key: key.reversed(), context: [1]) == nil)
    }
  }

  @Test func `a changed bit anywhere is noticed`() throws {
    let sealed = try #require(AESGCM.seal(Array("private".utf8), key: key))
    for index in sealed.indices {
      var changed = sealed
      changed[index] ^= 1
      #expect(AESGCM.open(changed, key: key) == nil)
    }
    #expect(AESGCM.open(Array(sealed.dropLast()), key: key) == nil)
    #expect(AESGCM.open([], key: key) == nil)
  }

  @Test func `two seals of one value differ`() {
    #expect(AESGCM.seal([1], key: key) != AESGCM.seal([1], key: key))
  }

  @Test func `a key of another size is refused`() {
    #expect(AESGCM.seal([1], key: [UInt8](0..<16)) == nil)
    #expect(AESGCM.open([UInt8](repeating: 0, count: 40), key: []) == nil)
  }
}
