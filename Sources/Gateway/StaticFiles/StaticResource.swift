import HTTPExchange
import NIOCore
import SiteBundle

/// One published file with an answer made at load for each of its encodings.
final class StaticResource: Sendable {
  /// One representation: the whole answer, its head serialized, and its entity tag.
  final class Representation: Sendable {
    let coding: String?
    let entityTag: String
    let response: Response
    let body: ByteBuffer
    /// The same for reads that need no closer look.
    let instant: InstantAnswer

    init(coding: String?, sha256: String, body: ByteBuffer, headers: HeaderFields, status: Int) {
      self.coding = coding
      self.body = body
      // Each encoding is a representation of its own with a strong tag (RFC 9110 §8.8.3.3).
      entityTag = "\"\(sha256.prefix(32))\""
      var fields = headers
      if let coding { fields.append("content-encoding", coding) }
      if status == 200 { fields.append("etag", entityTag) }
      var response = Response(status: status, headers: fields, body: .bytes(body))
      let head = PreparedHead(status: status, headers: fields, length: body.readableBytes)
      response.prepared = head
      self.response = response
      instant = InstantAnswer(status: status, head: head, body: body)
    }
  }

  /// The bytes as built; ranges are taken from these only.
  let identity: Representation
  /// Encoded twins, the preferred first: `br` before `gzip`.
  let encoded: [Representation]

  init(entry: BundleEntry, group: [HeaderPair], bodies: [String: ByteBuffer], status: Int = 200) {
    var headers = HeaderFields()
    headers.append("content-type", entry.contentType)
    headers.append("cache-control", status == 200 ? entry.cacheControl : "no-store")
    for pair in group { headers.append(pair.name, pair.value) }
    if !entry.encodings.isEmpty { headers.vary(on: "Accept-Encoding") }
    let variants = entry.encodings.sorted { Self.rank($0.coding) < Self.rank($1.coding) }
    encoded = variants.map { variant in
      Representation(
        coding: variant.coding, sha256: variant.sha256,
        body: bodies[variant.sha256] ?? ByteBuffer(),
        headers: headers, status: status)
    }
    if status == 200 { headers.append("accept-ranges", "bytes") }
    identity = Representation(
      coding: nil, sha256: entry.sha256, body: bodies[entry.sha256] ?? ByteBuffer(),
      headers: headers, status: status)
  }

  private static func rank(_ coding: String) -> Int { coding == "br" ? 0 : 1 }

  /// The representation for a request.
  func select(_ acceptEncoding: String?) -> Representation {
    guard let acceptEncoding, !encoded.isEmpty else { return identity }
    // What every browser sends today, without parsing.
    if acceptEncoding.hasPrefix("gzip, deflate, br"), encoded[0].coding == "br",
      !acceptEncoding.utf8.contains(UInt8(ascii: ";"))
    {
      return encoded[0]
    }
    let coding = ContentCoding.choose(acceptEncoding, offered: encoded.compactMap(\.coding))
    return encoded.first { $0.coding == coding } ?? identity
  }
}
