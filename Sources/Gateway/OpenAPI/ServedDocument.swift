import Cryptography
import HTTPExchange
import JSON
import NIOCore
import SiteBundle

/// The document as clients may read it: without what only concerns the inside.
enum ServedDocument {
  /// Extensions that name functions, upstreams and classes of ours.
  private static let inner: Set<String> = [
    "x-amazon-apigateway-integration", "x-portico-time-class",
  ]

  static func resource(of document: APIDocument) -> StaticResource {
    let bytes = withoutInner(document.json).bytes
    let digest = SHA256.hash(bytes).hex
    let entry = BundleEntry(
      key: "openapi.json", kind: .file, sha256: digest, bytes: bytes.count,
      contentType: "application/vnd.oai.openapi+json;version=3.1", cacheControl: "no-cache",
      headerGroup: "")
    let fields = [
      HeaderPair("x-content-type-options", "nosniff"),
      HeaderPair("access-control-allow-origin", "*"),
    ]
    return StaticResource(entry: entry, group: fields, bodies: [digest: ByteBuffer(bytes: bytes)])
  }

  static func withoutInner(_ value: JSON) -> JSON {
    switch value {
    case .array(let elements): return .array(elements.map(withoutInner))
    case .object(let object):
      return .object(
        JSONObject(
          object.members.filter { !inner.contains($0.name) }
            .map { ($0.name, withoutInner($0.value)) }))
    default: return value
    }
  }
}
