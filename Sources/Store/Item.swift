import JSON
import Time

/// The name of an item: partition key and sort key, compared by bytes.
package struct ItemKey: Sendable {
  /// The partition: items of one partition are queried together.
  package var pk: String
  /// The place within the partition.
  package var sk: String

  package init(_ pk: String, _ sk: String) {
    self.pk = pk
    self.sk = sk
  }
}

extension ItemKey: Hashable, Comparable, CustomStringConvertible {
  // Swift compares strings by canonical equivalence, a store by bytes: "é" has two spellings, and
  // they name two items.
  package static func == (left: ItemKey, right: ItemKey) -> Bool {
    left.pk.utf8.elementsEqual(right.pk.utf8) && left.sk.utf8.elementsEqual(right.sk.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    for var part in [pk, sk] {
      part.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
      hasher.combine(0 as UInt8)
    }
  }

  package static func < (left: ItemKey, right: ItemKey) -> Bool {
    if left.pk.utf8.elementsEqual(right.pk.utf8) {
      return left.sk.utf8.lexicographicallyPrecedes(right.sk.utf8)
    }
    return left.pk.utf8.lexicographicallyPrecedes(right.pk.utf8)
  }

  package var description: String { "\(pk) / \(sk)" }
}

/// The place of an item in a secondary index, compared by bytes.
package struct IndexKey: Sendable {
  /// The partition of the index.
  package var pk: String
  /// The place within it; items with the same place follow one another by their own key.
  package var sk: String

  package init(_ pk: String, _ sk: String) {
    self.pk = pk
    self.sk = sk
  }
}

extension IndexKey: Hashable {
  package static func == (left: IndexKey, right: IndexKey) -> Bool {
    ItemKey(left.pk, left.sk) == ItemKey(right.pk, right.sk)
  }

  package func hash(into hasher: inout Hasher) { ItemKey(pk, sk).hash(into: &hasher) }
}

/// An item: key, attributes, version, and where it stands in the indexes.
package struct Item: Sendable, Hashable {
  /// Its name.
  package var key: ItemKey
  /// Its attributes; numbers keep their digits.
  package var attributes: JSONObject
  /// Counts the writes of this item from 1; the store sets it, a put ignores what stands here.
  package var version: Int
  /// From then on the item is absent.
  package var expiresAt: Timestamp?
  /// Its place in the first index; nil keeps it out.
  package var g1: IndexKey?
  /// Its place in the second index; nil keeps it out.
  package var g2: IndexKey?
  /// Bytes that the attributes will have once later writes are done: a put keeps that place free,
  /// because a row that outgrows a full page splits it. Not kept.
  package var room = 0

  package init(
    _ key: ItemKey, _ attributes: JSONObject = JSONObject(), version: Int = 0,
    expiresAt: Timestamp? = nil, g1: IndexKey? = nil, g2: IndexKey? = nil
  ) {
    self.key = key
    self.attributes = attributes
    self.version = version
    self.expiresAt = expiresAt
    self.g1 = g1
    self.g2 = g2
  }

  /// The attribute of that name.
  package subscript(name: String) -> JSON? {
    get { attributes[name] }
    set { attributes[name] = newValue }
  }
}
