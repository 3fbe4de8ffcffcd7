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
    case notAnObject = "the key is not a JSON object"
    case unknownType = "the key's type or curve is not known"
    case broken = "the key's numbers are missing or malformed"
    case weak = "the RSA key is shorter than 2048 bits or its exponent is unsafe"
  }

  /// Reads one key; what is not understood is a defect of this key alone (RFC 7517 §5).
  package init(_ json: JSON) throws(Defect) {
    guard let object = json.object else { throw .notAnObject }
    func bytes(_ name: String) throws(Defect) -> [UInt8] {
      guard let text = object[name]?.string, let bytes = Base64URL.decode(text), !bytes.isEmpty
      else { throw .broken }
      return bytes
    }
    switch object["kty"]?.string {
    case "RSA":
      let modulus = try bytes("n")
      let exponent = try bytes("e")
      try Self.checkRSA(modulus, exponent)
      material = .rsa(modulus: modulus, exponent: exponent)
    case "EC":
      guard let curve = object["crv"]?.string.flatMap(EllipticCurve.init(rawValue:)) else {
        throw .unknownType
      }
      let x = try bytes("x")
      let y = try bytes("y")
      // RFC 7518 §6.2.1.2: the octets are as many as the field's size says.
      guard x.count == curve.bytes, y.count == curve.bytes else { throw .broken }
      material = .ec(curve: curve.rawValue, x: x, y: y)
    case "OKP":
      guard object["crv"]?.string == "Ed25519" else { throw .unknownType }
      let x = try bytes("x")
      guard x.count == 32 else { throw .broken }
      material = .ed25519(x)
    case "oct": material = .secret(try bytes("k"))
    default: throw .unknownType
    }
    keyID = object["kid"]?.string
    use = object["use"]?.string
    algorithm = object["alg"]?.string
    operations = object["key_ops"]?.array?.compactMap(\.string)
  }

  private static func checkRSA(_ modulus: [UInt8], _ exponent: [UInt8]) throws(Defect) {
    let digits = modulus.drop { $0 == 0 }
    let bits = digits.count * 8 - (digits.first?.leadingZeroBitCount ?? 8)
    guard (2048...16_384).contains(bits), exponent.count <= 8, let last = exponent.last,
      last & 1 == 1
    else { throw .weak }
    let value = exponent.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard value >= 3 else { throw .weak }
  }

  /// The members that make the key, for the thumbprint and the key set.
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
    return .object(object)
  }
}
