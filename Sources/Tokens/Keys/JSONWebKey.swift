import Cryptography
import JSON

/// A public or symmetric key by RFC 7517, with exactly the members that verification looks at.
package struct JSONWebKey: Sendable, Hashable {
  /// The material by kind.
  package enum Material: Sendable, Hashable {
    case rsa(modulus: [UInt8], exponent: [UInt8])
    case ec(curve: String, x: [UInt8], y: [UInt8])
    case ed25519([UInt8])
    case secret([UInt8])
  }

  package var keyID: String?
  package var use: String?
  package var operations: [String]?
  /// The algorithm the key is for; nil when the key does not say.
  package var algorithm: String?
  package var material: Material

  package init(
    keyID: String? = nil, use: String? = "sig", operations: [String]? = nil,
    algorithm: String? = nil, material: Material
  ) {
    self.keyID = keyID
    self.use = use
    self.operations = operations
    self.algorithm = algorithm
    self.material = material
  }

  /// Why a key cannot be used.
  package enum Defect: String, Error, Sendable {
    case noKeys = "the document has no list 'keys'"
    case notAnObject = "it is not a JSON object"
    case unknownType = "its type or curve is not known"
    case broken = "its members are missing or malformed"
    case weak = "its modulus is not 2048 to 8192 bits, or its exponent is unsafe"
    case factorable = "its primes come from a faulty generator (CVE-2017-15361)"
    case refused = "OpenSSL refuses its numbers"
    case notForSignatures = "it is for another use than verifying signatures"
    case unknownAlgorithm = "it names an algorithm that is not known or not for its type"
    case secret = "a shared secret has no place in an issuer's key set"
    case ambiguous = "another key of the set has the same id"

    /// Whether another key of the same id becomes doubtful: not where this one says itself that it is
    /// something else, as an encryption key beside a signing key does.
    var spoilsItsID: Bool {
      switch self {
      case .broken, .weak, .factorable, .refused: true
      default: false
      }
    }
  }

  /// Reads one key; what is not understood is a defect of this key alone (RFC 7517 §5).
  package init(_ json: JSON) throws(Defect) {
    guard let object = json.object else { throw .notAnObject }
    material = try Self.material(object)
    keyID = try Self.text(object, "kid")
    use = try Self.text(object, "use")
    algorithm = try Self.text(object, "alg")
    operations = nil
    if let value = object["key_ops"] {
      guard let list = value.array else { throw .broken }
      operations = list.compactMap(\.string)
    }
  }

  private static func material(_ object: JSONObject) throws(Defect) -> Material {
    switch object["kty"]?.string {
    case "RSA":
      let modulus = Array(try bytes(object, "n").drop { $0 == 0 })
      let exponent = Array(try bytes(object, "e").drop { $0 == 0 })
      try checkRSA(modulus, exponent)
      return .rsa(modulus: modulus, exponent: exponent)
    case "EC":
      guard let curve = object["crv"]?.string.flatMap(EllipticCurve.init(rawValue:)) else {
        throw .unknownType
      }
      let x = try bytes(object, "x")
      let y = try bytes(object, "y")
      // RFC 7518 §6.2.1.2: the octets are as many as the field's size says.
      guard x.count == curve.bytes, y.count == curve.bytes else { throw .broken }
      return .ec(curve: curve.rawValue, x: x, y: y)
    case "OKP":
      guard object["crv"]?.string == "Ed25519" else { throw .unknownType }
      let x = try bytes(object, "x")
      guard x.count == 32 else { throw .broken }
      return .ed25519(x)
    case "oct": return .secret(try bytes(object, "k"))
    default: throw .unknownType
    }
  }

  private static func bytes(_ object: JSONObject, _ name: String) throws(Defect) -> [UInt8] {
    guard let text = object[name]?.string, let bytes = Base64URL.decode(text), !bytes.isEmpty
    else { throw .broken }
    return bytes
  }

  private static func text(_ object: JSONObject, _ name: String) throws(Defect) -> String? {
    guard let value = object[name] else { return nil }
    guard let text = value.string else { throw .broken }
    return text
  }

  /// RFC 7518 §3.3 wants 2048 bits; FIPS 186-5 §5.4 an odd exponent above 2^16. The upper bounds keep
  /// one verification from costing a hundred: the numbers are the issuer's, the time is ours.
  private static func checkRSA(_ modulus: [UInt8], _ exponent: [UInt8]) throws(Defect) {
    let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
    guard (2048...8192).contains(bits), let last = modulus.last, last & 1 == 1 else { throw .weak }
    let value = exponent.prefix(5).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard exponent.count <= 4, value >= 65_537, value & 1 == 1 else { throw .weak }
    if WeakModulus.matches(modulus) { throw .factorable }
  }

  /// The members that make the key, in the order of RFC 7638 §3.
  private var required: [(String, JSON)] {
    switch material {
    case .rsa(let modulus, let exponent):
      [
        ("e", .string(Base64URL.encode(exponent))), ("kty", "RSA"),
        ("n", .string(Base64URL.encode(modulus))),
      ]
    case .ec(let curve, let x, let y):
      [
        ("crv", .string(curve)), ("kty", "EC"), ("x", .string(Base64URL.encode(x))),
        ("y", .string(Base64URL.encode(y))),
      ]
    case .ed25519(let x):
      [("crv", "Ed25519"), ("kty", "OKP"), ("x", .string(Base64URL.encode(x)))]
    case .secret(let secret): [("k", .string(Base64URL.encode(secret))), ("kty", "oct")]
    }
  }

  /// The SHA-256 thumbprint of RFC 7638.
  package var thumbprint: String {
    SHA256.hash(JSON.object(JSONObject(required)).bytes).base64URL
  }

  /// The public form for a key set; nil for a secret, which no key set may show.
  package var publicJSON: JSON? {
    if case .secret = material { return nil }
    var object = JSONObject(required)
    if let keyID { object["kid"] = .string(keyID) }
    if let use { object["use"] = .string(use) }
    if let algorithm { object["alg"] = .string(algorithm) }
    if let operations { object["key_ops"] = .array(operations.map(JSON.string)) }
    return .object(object)
  }
}
