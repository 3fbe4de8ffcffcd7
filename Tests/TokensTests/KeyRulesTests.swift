import Cryptography
import JSON
import Testing

@testable import Tokens

@Suite("Keys and key sets")
struct KeyRulesTests {
  static func published(
    _ algorithm: SignatureAlgorithm, _ change: (inout JSONObject) -> Void = { _ in }
  )
    throws -> JSON
  {
    let key = try #require(SigningKey.generate(algorithm))
    var object = try #require(key.publicKey.publicJSON?.object)
    change(&object)
    return .object(object)
  }

  static func defect(_ json: JSON) -> JSONWebKey.Defect? {
    do throws(JSONWebKey.Defect) {
      _ = try VerificationKey(checking: try JSONWebKey(json))
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: SignatureAlgorithm.allCases.filter { !$0.isSymmetric })
  func `every kind of key is made, published and read again`(algorithm: SignatureAlgorithm) throws {
    let key = try #require(SigningKey.generate(algorithm))
    let der = try #require(key.der)
    let again = try #require(SigningKey(der: der, algorithm: algorithm))
    #expect(again.publicKey == key.publicKey)
    #expect(key.keyID == key.publicKey.thumbprint)
    let set = try KeySet(jwks: ["keys": [try #require(key.publicKey.publicJSON)]])
    let token = try #require(again.sign(["sub": "s"], type: "JWT", extras: ["alg": "none"]))
    let jws = try CompactJWS(token)
    #expect(jws.algorithm == algorithm)
    #expect(jws.isSigned(by: try #require(set.key(key.keyID))))
  }

  /// PKCS #8 begins with a sequence, version 0 and an algorithm; the traditional forms do not.
  @Test func `a private key is exported as PKCS 8`() throws {
    for algorithm: SignatureAlgorithm in [.rs256, .es256, .edDSA] {
      let der = try #require(SigningKey.generate(algorithm)?.der)
      let version = try #require(der.firstRange(of: [0x02, 0x01, 0x00, 0x30]))
      #expect(version.lowerBound <= 4)
    }
  }

  @Test func `a private key of another kind or with a tail is refused`() throws {
    let der = try #require(SigningKey.generate(.es256)?.der)
    #expect(SigningKey(der: der, algorithm: .rs256) == nil)
    #expect(SigningKey(der: der, algorithm: .es384) == nil)
    #expect(SigningKey(der: der, algorithm: .edDSA) == nil)
    #expect(SigningKey(der: der + [0], algorithm: .es256) == nil)
    #expect(SigningKey(der: Array(der.dropLast()), algorithm: .es256) == nil)
    #expect(SigningKey(der: [], algorithm: .es256) == nil)
    #expect(SigningKey.generate(.hs256) == nil)
  }

  @Test func `defects are found when the key is read`() throws {
    let elliptic = try Self.published(.es256)
    func changed(_ name: String, _ value: JSON?) -> JSON {
      var object = elliptic.object ?? [:]
      object[name] = value
      return .object(object)
    }
    #expect(Self.defect(elliptic) == nil)
    #expect(Self.defect("text") == .notAnObject)
    #expect(Self.defect(changed("kty", "DSA")) == .unknownType)
    #expect(Self.defect(changed("kty", nil)) == .unknownType)
    #expect(Self.defect(changed("crv", "secp256k1")) == .unknownType)
    #expect(Self.defect(changed("crv", "P-384")) == .broken)
    #expect(Self.defect(changed("x", nil)) == .broken)
    #expect(Self.defect(changed("x", .string(Base64URL.encode([1])))) == .broken)
    #expect(
      Self.defect(changed("x", .string(Base64URL.encode([UInt8](repeating: 1, count: 32)))))
        == .refused)
    #expect(Self.defect(changed("use", "enc")) == .notForSignatures)
    #expect(Self.defect(changed("key_ops", ["encrypt"])) == .notForSignatures)
    #expect(Self.defect(changed("key_ops", ["verify"])) == nil)
    #expect(Self.defect(changed("alg", "ES384")) == .unknownAlgorithm)
    #expect(Self.defect(changed("alg", "RSA-OAEP-256")) == .unknownAlgorithm)
    #expect(Self.defect(changed("alg", nil)) == nil)
    #expect(Self.defect(changed("kid", 7)) == .broken)
  }

  @Test func `RSA numbers outside the bounds are weak`() throws {
    func key(_ bytes: Int, exponent: [UInt8] = [1, 0, 1], last: UInt8 = 0xFF) -> JSON {
      var modulus = [UInt8](repeating: 0xFF, count: bytes)
      modulus[bytes - 1] = last
      return [
        "kty": "RSA", "n": .string(Base64URL.encode(modulus)),
        "e": .string(Base64URL.encode(exponent)),
      ]
    }
    #expect(Self.defect(key(256)) == nil)
    #expect(Self.defect(key(255)) == .weak)
    #expect(Self.defect(key(1025)) == .weak)
    #expect(Self.defect(key(256, last: 0xFE)) == .weak)
    #expect(Self.defect(key(256, exponent: [1])) == .weak)
    #expect(Self.defect(key(256, exponent: [3])) == .weak)
    #expect(Self.defect(key(256, exponent: [1, 0, 0])) == .weak)
    #expect(Self.defect(key(256, exponent: [1, 0, 0, 0, 1])) == .weak)
  }

  @Test func `powers of 65537 modulo small primes are ROCA's, fresh keys are not`() throws {
    #expect(WeakModulus.matches([1]))
    #expect(WeakModulus.matches([1, 0, 1]))
    for _ in 0..<4 {
      guard case .rsa(let modulus, _)? = SigningKey.generate(.rs256)?.publicKey.material else {
        Issue.record("no key"); return
      }
      #expect(!WeakModulus.matches(modulus))
    }
  }

  @Test func `one bad key does not spoil a set`() throws {
    let good = try Self.published(.es256)
    var left: [JSONWebKey.Defect] = []
    let set = try KeySet(jwks: [
      "keys": [
        ["kty": "new", "kid": "a"], "text", ["kty": "oct", "k": "AAAA", "kid": "b"], good,
      ]
    ]) { _, defect in left.append(defect) }
    #expect(set.keys.count == 1)
    #expect(left == [.unknownType, .notAnObject, .secret])
    #expect(throws: JSONWebKey.Defect.noKeys) { try KeySet(jwks: ["keys": [:]]) }
    #expect(throws: JSONWebKey.Defect.noKeys) { try KeySet(jwks: []) }
  }

  @Test func `an id that two different keys carry is nobody's`() throws {
    let one = try Self.published(.es256) { $0["kid"] = "k" }
    let two = try Self.published(.es256) { $0["kid"] = "k" }
    var left: [JSONWebKey.Defect] = []
    let set = try KeySet(jwks: ["keys": [one, two]]) { left.append($1) }
    #expect(set.isEmpty)
    #expect(left == [.ambiguous, .ambiguous])
    #expect(try KeySet(jwks: ["keys": [one, one]]).key("k") != nil)
    // Beside an encryption key of the same id the signing key is not in doubt.
    let encryption = try Self.published(.rs256) {
      $0["kid"] = "k"
      $0["use"] = "enc"
      $0["alg"] = "RSA-OAEP-256"
    }
    #expect(try KeySet(jwks: ["keys": [encryption, one]]).key("k") != nil)
    let unreadable: JSON = ["kty": "EC", "crv": "P-256", "kid": "k", "x": "AA", "y": "AA"]
    #expect(try KeySet(jwks: ["keys": [unreadable, one]]).key("k") == nil)
  }

  @Test func `at most thirty-two keys are read`() throws {
    let good = try Self.published(.edDSA)
    let many = (0..<40).map { index -> JSON in
      var object = good.object ?? [:]
      object["kid"] = .string("k\(index)")
      return .object(object)
    }
    #expect(try KeySet(jwks: ["keys": .array(many)]).keys.count == 32)
  }

  @Test func `secrets are never published`() throws {
    let set = try #require(KeySet(legacySecrets: [[UInt8](repeating: 7, count: 32)]))
    #expect(set.document == ["keys": []])
  }

  @Test func `one kind of signature is not taken for another`() throws {
    let key = try #require(SigningKey.generate(.rs256))
    var bare = key.publicKey
    bare.algorithm = nil
    let verification = try #require(VerificationKey(bare))
    let allowed = SignatureAlgorithm.allCases.filter { verification.allows($0) }
    #expect(allowed == [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512])
    let own = try #require(key.verificationKey)
    #expect(SignatureAlgorithm.allCases.filter { own.allows($0) } == [.rs256])
  }

  @Test func `signatures of another length are refused`() throws {
    for algorithm: SignatureAlgorithm in [.rs256, .es256, .edDSA] {
      let key = try #require(SigningKey.generate(algorithm))
      let verification = try #require(key.verificationKey)
      let token = try #require(key.sign(["a": 1]))
      let parts = token.split(separator: ".")
      let signature = try #require(Base64URL.decode(parts[2]))
      for changed in [[0] + signature, signature + [0], Array(signature.dropLast()), [0]] {
        let jws = try CompactJWS("\(parts[0]).\(parts[1]).\(Base64URL.encode(changed))")
        #expect(!jws.isSigned(by: verification))
      }
    }
  }
}
