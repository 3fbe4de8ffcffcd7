import Foundation
import JSON
import TestSupport
import Testing

@testable import Tokens

/// The published vectors, where the folder of vectors is beside the checkout.
@Suite("Wycheproof")
struct WycheproofTests {
  static let folder: URL = {
    let named = ProcessInfo.processInfo.environment["PORTICO_VECTORS"]
    return named.map { URL(fileURLWithPath: $0) }
      ?? Repository.shared.appendingPathComponent("vectors")
  }()

  static func document(_ name: String) throws -> JSON {
    let data = try Data(contentsOf: folder.appendingPathComponent("wycheproof/\(name)"))
    return try JSON(parsing: data)
  }

  static let isHere = FileManager.default.fileExists(
    atPath: folder.appendingPathComponent("wycheproof").path)

  /// A vector whose verdict is ours, with the reason.
  static let settled: [Int: (valid: Bool, reason: String)] = [
    346: (false, "the header's algorithm is not the key's"),
    350: (false, "the header's algorithm is not the key's"),
    367: (true, "byte for byte the token of 357, which the file calls valid"),
    370: (true, "byte for byte the token of 357, which the file calls valid"),
    372: (false, "a character outside the alphabet of RFC 7515 §2 stands in the header"),
    373: (false, "a character outside the alphabet of RFC 7515 §2 stands in the payload"),
  ]

  /// The label `ES521` in the file means ES512.
  static func key(_ json: JSON) -> VerificationKey? {
    guard var object = json.object else { return nil }
    if object["alg"] == "ES521" { object["alg"] = "ES512" }
    return (try? JSONWebKey(.object(object))).flatMap { VerificationKey($0) }
  }

  @Test(.enabled(if: isHere, "the folder of vectors is not here"))
  func `signatures`() throws {
    var count = 0
    for group in try Self.document("json_web_signature_test.json")["testGroups"]?.array ?? [] {
      let key = Self.key(group["public"] ?? group["private"] ?? .null)
      for test in group["tests"]?.array ?? [] {
        let id = test["tcId"]?.int ?? 0
        let expected = Self.settled[id]?.valid ?? (test["result"]?.string == "valid")
        let jws = test["jws"]?.string.flatMap { try? CompactJWS($0) }
        let verified = key.flatMap { key in jws.map { $0.isSigned(by: key) } } ?? false
        #expect(verified == expected, "\(id): \(test["comment"]?.string ?? "")")
        count += 1
      }
    }
    #expect(count == 401)
  }

  /// A set of public keys is read as an issuer's document, in which secrets are left out, so that
  /// case 1 (a mixed set) is refused like the file says; case 7 is refused by the fingerprint of its
  /// modulus. Only a set of nothing but secrets is read as what two parties share.
  static func keySet(_ document: JSON) throws -> KeySet {
    let list = document["keys"]?.array ?? [document]
    guard list.allSatisfy({ $0["kty"] == "oct" }) else {
      return try KeySet(jwks: ["keys": .array(list)])
    }
    let ids = Set(list.map { $0["kid"]?.string })
    return KeySet(ids.count == list.count ? list.compactMap { Self.key($0) } : [])
  }

  @Test(.enabled(if: isHere, "the folder of vectors is not here"))
  func `key sets`() throws {
    var count = 0
    for group in try Self.document("json_web_key_test.json")["testGroups"]?.array ?? [] {
      let set = try Self.keySet(group["public"] ?? group["private"] ?? .null)
      for test in group["tests"]?.array ?? [] {
        let jws = test["jws"]?.string.flatMap { try? CompactJWS($0) }
        let key = jws?.keyID.flatMap { set.key($0) }
        let verified = key.flatMap { key in jws.map { $0.isSigned(by: key) } } ?? false
        let expected = test["result"]?.string == "valid"
        #expect(
          verified == expected,
          "\(test["tcId"]?.int ?? 0): \(test["comment"]?.string ?? "")")
        count += 1
      }
    }
    #expect(count == 26)
  }
}
