import Cryptography
import JSON
import Testing

@testable import Tokens

/// The examples of RFC 7515 appendix A, RFC 7517 appendix A, RFC 7638 and RFC 8037 appendix A.
@Suite("Examples of the RFCs")
struct RFCExamplesTests {
  static let payload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

  struct Example: Sendable, CustomTestStringConvertible {
    let section: String
    let key: JSON
    let token: String

    var testDescription: String { section }
  }

  static let examples = [
    Example(
      section: "RFC 7515 A.1",
      key: [
        "kty": "oct",
        "k":
          "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
      ],
      token: "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\(payload)"
        + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    Example(
      section: "RFC 7515 A.2",
      key: [
        "kty": "RSA",
        "n": .string(
          "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt"
            + "0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSH"
            + "SXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT"
            + "6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"),
        "e": "AQAB",
      ],
      token: "eyJhbGciOiJSUzI1NiJ9.\(payload)"
        + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2"
        + "Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQB"
        + "MHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI"
        + "2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"),
    Example(
      section: "RFC 7515 A.3",
      key: [
        "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
      ],
      token: "eyJhbGciOiJFUzI1NiJ9.\(payload)"
        + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"),
    Example(
      section: "RFC 7515 A.4",
      key: [
        "kty": "EC", "crv": "P-521",
        "x": .string(
          "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk"
        ),
        "y": .string(
          "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"
        ),
      ],
      token: "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA"
        + ".AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG"
        + "8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"),
    Example(
      section: "RFC 8037 A.4",
      key: [
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
      ],
      token: "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
        + ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"),
  ]

  @Test(arguments: examples)
  func `the signature is the key's`(example: Example) throws {
    let key = try VerificationKey(checking: JSONWebKey(example.key))
    #expect(try CompactJWS(example.token).isSigned(by: key))
  }

  @Test(arguments: examples)
  func `and nobody else's`(example: Example) throws {
    for other in Self.examples where other.section != example.section {
      let key = try VerificationKey(checking: JSONWebKey(other.key))
      #expect(try !CompactJWS(example.token).isSigned(by: key))
    }
  }

  /// RFC 7515 A.5: an unsecured token is no token here.
  @Test func `the unsecured example is refused`() {
    #expect(throws: TokenError.malformed) { try CompactJWS("eyJhbGciOiJub25lIn0.\(Self.payload).") }
    #expect(throws: TokenError.algorithm) {
      try CompactJWS("eyJhbGciOiJub25lIn0.\(Self.payload).AA")
    }
  }

  static let rsa: JSON = [
    "kty": "RSA",
    "n": .string(
      "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP"
        + "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Qvz"
        + "qY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6We"
        + "Zu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"),
    "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
  ]

  /// RFC 7517 A.1: an encryption key and a signing key.
  @Test func `the key set of RFC 7517 has one key that verifies`() throws {
    var left: [String] = []
    let set = try KeySet(jwks: [
      "keys": [
        [
          "kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
          "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "use": "enc", "kid": "1",
        ], Self.rsa,
      ]
    ]) { id, defect in left.append("\(id): \(defect)") }
    #expect(set.keys.map(\.jwk.keyID) == ["2011-04-29"])
    #expect(left == ["1: notForSignatures"])
  }

  @Test func `the thumbprints of RFC 7638 and RFC 8037`() throws {
    #expect(
      try JSONWebKey(Self.rsa).thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    #expect(
      try JSONWebKey(Self.examples[4].key).thumbprint
        == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
  }

  /// RFC 8037 A.1 and A.4: EdDSA is deterministic, so the signature can be made again.
  @Test func `the private key of RFC 8037 makes the RFC's signature`() throws {
    let seed = try #require(Base64URL.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
    let info = try #require(Hex.decode("302e020100300506032b657004220420"))
    let key = try #require(EVPKey(privateDER: info + seed))
    let parts = Self.examples[4].token.split(separator: ".")
    let signature = try #require(key.sign(Array("\(parts[0]).\(parts[1])".utf8), .edDSA))
    #expect(Base64URL.encode(signature) == parts[2])
  }
}
