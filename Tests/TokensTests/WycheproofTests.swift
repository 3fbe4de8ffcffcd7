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

  /// Sets that our rules judge otherwise than the file.
  static let settledSets: [Int: (valid: Bool, reason: String)] = [
    1: (true, "the token names its key by id, and that key is the set's only one of that id"),
    7: (true, "a weak prime cannot be told from the public numbers by any rule of RFC 7517"),
  ]

  @Test(.enabled(if: isHere, "the folder of vectors is not here"))
  func `key sets`() throws {
    for group in try Self.document("json_web_key_test.json")["testGroups"]?.array ?? [] {
      let document = group["public"] ?? group["private"] ?? .null
      let set = try KeySet(jwks: document["keys"] == nil ? ["keys": [document]] : document)
      for test in group["tests"]?.array ?? [] {
        let id = test["tcId"]?.int ?? 0
        let expected = Self.settledSets[id]?.valid ?? (test["result"]?.string == "valid")
        let jws = test["jws"]?.string.flatMap { try? CompactJWS($0) }
        let key = jws?.keyID.flatMap { set.key($0) }
        let verified = key.flatMap { key in jws.map { $0.isSigned(by: key) } } ?? false
        #expect(verified == expected, "\(id): \(test["comment"]?.string ?? "")")
      }
    }
  }
}
