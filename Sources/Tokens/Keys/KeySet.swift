import JSON

/// An immutable set of keys; a newer set has another generation.
package struct KeySet: Sendable {
  /// Keys read at most from one document.
  package static let keysMost = 32

  /// All usable keys.
  package let keys: [VerificationKey]
  /// Which state of the issuer's keys this is: what was verified under another is verified again.
  package let generation: Int
  private let byID: [String: VerificationKey]

  /// A set of keys; two different keys of one id make that id unusable, since nobody could say which
  /// of them is meant.
  package init(_ keys: [VerificationKey] = [], generation: Int = 0) {
    let named = Dictionary(grouping: keys.filter { $0.jwk.keyID != nil }) { $0.jwk.keyID ?? "" }
    byID = named.compactMapValues { Self.one(of: $0) }
    self.keys = keys.filter { key in
      key.jwk.keyID.map { Self.one(of: named[$0] ?? []) === key } ?? true
    }
    self.generation = generation
  }

  private static func one(of keys: [VerificationKey]) -> VerificationKey? {
    Set(keys.map(\.jwk.material)).count == 1 ? keys.first : nil
  }

  /// Reads a key set document key by key; unusable keys are left out and told to `report`.
  ///
  /// Secrets are left out too: whoever publishes keys cannot have meant them, and a public key must
  /// never be taken for one (RFC 8725 §2.1).
  package init(
    jwks document: JSON, generation: Int = 0,
    report: (String, JSONWebKey.Defect) -> Void = { _, _ in }
  ) throws(JSONWebKey.Defect) {
    guard let list = document["keys"]?.array else { throw .noKeys }
    var keys: [VerificationKey] = []
    // Ids of keys that claim to be for signatures and cannot be read: a second key of that id may be
    // the one that is not meant.
    var spoilt: Set<String> = []
    for entry in list.prefix(Self.keysMost) {
      let id = entry["kid"]?.string ?? "?"
      do throws(JSONWebKey.Defect) {
        let jwk = try JSONWebKey(entry)
        if case .secret = jwk.material { throw .secret }
        keys.append(try VerificationKey(checking: jwk))
      } catch {
        report(id, error)
        if error.spoilsItsID { spoilt.insert(id) }
      }
    }
    self.init(keys.filter { !spoilt.contains($0.jwk.keyID ?? "") }, generation: generation)
    for key in keys where !self.keys.contains(where: { $0.jwk.material == key.jwk.material }) {
      report(key.jwk.keyID ?? "?", .ambiguous)
    }
  }

  /// Secrets that a deployment shares with a legacy issuer: tried one after the other, since its
  /// tokens name no key (document 004). Each must have 32 bytes.
  package init?(legacySecrets secrets: [[UInt8]], generation: Int = 0) {
    let keys = secrets.compactMap {
      VerificationKey(JSONWebKey(algorithm: "HS256", material: .secret($0)))
    }
    guard keys.count == secrets.count, (1...2).contains(keys.count) else { return nil }
    self.init(keys, generation: generation)
  }

  /// The key of an id.
  package func key(_ id: String) -> VerificationKey? { byID[id] }

  /// Whether there is no key.
  package var isEmpty: Bool { keys.isEmpty }

  /// The public document; secrets are never part of it.
  package var document: JSON { ["keys": .array(keys.compactMap { $0.jwk.publicJSON })] }

  /// Whether another set has the same keys under the same ids.
  func hasSameKeys(as other: KeySet) -> Bool {
    Set(keys.map(\.jwk)) == Set(other.keys.map(\.jwk))
  }

  /// The same keys under another generation.
  func numbered(_ generation: Int) -> KeySet { KeySet(keys, generation: generation) }
}
