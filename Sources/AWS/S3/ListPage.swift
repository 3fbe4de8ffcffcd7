/// One object as a listing states it.
package struct ListedObject: Sendable, Hashable {
  package var key: String
  package var bytes: Int
  /// Entity tag as the listing writes it, without its quotes.
  package var eTag: String

  package init(key: String, bytes: Int, eTag: String) {
    self.key = key
    self.bytes = bytes
    self.eTag = EntityTag.bare(eTag)
  }
}

/// S3's entity tags: opaque, compared without quotes, never computed.
package enum EntityTag {
  /// The tag without its quotes.
  package static func bare(_ tag: String) -> String {
    var text = tag[...]
    if text.hasPrefix("W/") { text = text.dropFirst(2) }
    if text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") {
      text = text.dropFirst().dropLast()
    }
    return String(text)
  }
}

/// A page of ListObjectsV2.
struct ListPage: Sendable, Equatable {
  var objects: [ListedObject] = []
  var nextToken: String?

  init(xml: [UInt8]) throws(AWSError) {
    var reader = XMLReader(xml)
    do throws(XMLReader.Malformed) {
      try read(&reader)
    } catch {
      throw .malformed("the listing is not XML: \(error.reason) at byte \(error.offset)")
    }
  }

  private mutating func read(_ reader: inout XMLReader) throws(XMLReader.Malformed) {
    var root: String?
    var element = ""
    var entry: (key: String, bytes: Int, eTag: String)?
    var isEncoded = false
    var isTruncated = false
    while let event = try reader.next() {
      switch event {
      case .start(let name):
        if root == nil { root = name }
        element = name
        if name == "Contents" { entry = ("", 0, "") }
      case .text(let text):
        switch element {
        case "Key": entry?.key += text
        case "Size": entry?.bytes = Int(text) ?? -1
        case "ETag": entry?.eTag += text
        case "EncodingType": isEncoded = text == "url"
        case "NextContinuationToken": nextToken = text
        case "IsTruncated": isTruncated = text == "true"
        default: break
        }
      case .end(let name):
        element = ""
        guard name == "Contents", let found = entry else { continue }
        objects.append(ListedObject(key: found.key, bytes: found.bytes, eTag: found.eTag))
        entry = nil
      }
    }
    guard root == "ListBucketResult" else {
      throw XMLReader.Malformed(reason: "the document is '\(root ?? "empty")'", offset: 0)
    }
    if !isTruncated { nextToken = nil }
    guard isEncoded else { return }
    for at in objects.indices {
      objects[at].key = PercentEncoding.decode(objects[at].key, plusIsSpace: true)
    }
  }
}
