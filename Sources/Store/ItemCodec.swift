import JSON
import Time

/// An item as one JSON object: a line of an export or import.
///
/// `{"pk":"USER#a","sk":"PROFILE","version":2,"attributes":{…},"expires":1780000000000,
/// "g1":["EMAIL#a@b","USER"]}` where `expires` counts milliseconds since 1970.
extension Item {
  /// The object that stands for the item.
  package var json: JSON {
    var object = JSONObject([
      ("pk", .string(key.pk)), ("sk", .string(key.sk)), ("version", .int(version)),
      ("attributes", .object(attributes)),
    ])
    object["expires"] = expiresAt.map { .int($0.milliseconds) }
    object["g1"] = g1.map { [.string($0.pk), .string($0.sk)] }
    object["g2"] = g2.map { [.string($0.pk), .string($0.sk)] }
    return .object(object)
  }

  /// Reads such an object within the bounds of the store; an unknown member is an error.
  package init(json: JSON) throws(StoreError) {
    guard let object = json.object else { throw .invalid("a line that is not an object") }
    let known: Set = ["pk", "sk", "version", "attributes", "expires", "g1", "g2"]
    if let name = object.names.first(where: { !known.contains($0) }) {
      throw .invalid("an unknown member '\(name)'")
    }
    guard let pk = object["pk"]?.string, let sk = object["sk"]?.string else {
      throw .invalid("'pk' or 'sk' is missing")
    }
    guard let attributes = (object["attributes"] ?? .object(JSONObject())).object else {
      throw .invalid("'attributes' is not an object")
    }
    self.init(ItemKey(pk, sk), attributes)
    version = object["version"]?.int ?? 0
    if let expires = object["expires"] {
      guard let milliseconds = expires.int else { throw .invalid("'expires' is not an integer") }
      expiresAt = Timestamp(milliseconds: milliseconds)
    }
    g1 = try IndexKey.read(object["g1"])
    g2 = try IndexKey.read(object["g2"])
    _ = try EncodedItem(self)
  }
}

extension IndexKey {
  fileprivate static func read(_ json: JSON?) throws(StoreError) -> IndexKey? {
    guard let json else { return nil }
    guard let array = json.array, array.count == 2, let pk = array[0].string,
      let sk = array[1].string
    else { throw .invalid("a place in an index is not two texts") }
    return IndexKey(pk, sk)
  }
}
