import Cryptography
import Testing

@Suite("Scrypt")
struct ScryptTests {
  private func derive(_ password: String, _ salt: String, _ n: Int, _ r: Int, _ p: Int) -> String? {
    Scrypt.derive(password: Array(password.utf8), salt: Array(salt.utf8), n: n, r: r, p: p)
      .map(Hex.encode)
  }

  @Test func `the vectors of RFC 7914 section 12`() {
    #expect(
      derive("", "", 16, 1, 1)
        == "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
        + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")
    #expect(
      derive("password", "NaCl", 1024, 8, 16)
        == "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
        + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")
    #expect(
      derive("pleaseletmein", "SodiumChloride", 16_384, 8, 1)
        == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")
  }

  @Test func `the parameters of stored passwords need more than OpenSSL's own limit`() {
    #expect(derive("p", "salt", 1 << 15, 8, 3) != nil)
  }

  @Test func `parameters that would eat the memory are refused`() {
    #expect(derive("p", "s", 1 << 21, 8, 1) == nil)
    #expect(derive("p", "s", 1 << 20, 16, 1) == nil)
    #expect(derive("p", "s", 1000, 8, 1) == nil)
    #expect(derive("p", "s", 1, 8, 1) == nil)
    #expect(derive("p", "s", 16, 0, 1) == nil)
    #expect(derive("p", "s", 16, 8, 65) == nil)
    #expect(derive("p", "s", 16, 8, 0) == nil)
    #expect(derive("p", "s", 0, 8, 1) == nil)
  }
}
