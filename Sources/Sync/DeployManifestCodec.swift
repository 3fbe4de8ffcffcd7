import Diagnostics
import JSON
import Time

extension DeployManifest {
  /// Bytes that a deploy manifest may have: room for about 200,000 objects.
  static let byteLimit = 64 << 20

  /// The manifest as compact JSON, objects sorted by key.
  package func encoded() -> [UInt8] {
    let document: JSON = [
      "schema": .int(Self.schema),
      "release": .string(release),
      "complete": .bool(isComplete),
      "deployedAt": .string(deployedAt.iso8601),
      "uninvalidated": .array(uninvalidated.sorted().map { .string($0) }),
      "objects": .object(
        JSONObject(
          objects.sorted { $0.key < $1.key }.map { ($0.key, .object(Self.encode($0.value))) })),
      "retired": .object(
        JSONObject(
          retired.sorted { $0.key < $1.key }.map { key, value in
            var members = Self.encode(value.object)
            members["since"] = .string(value.since.iso8601)
            return (key, .object(members))
          })),
    ]
    return document.bytes
  }

  private static func encode(_ object: DeployedObject) -> JSONObject {
    JSONObject([
      ("sha256", .string(object.sha256)), ("bytes", .int(object.bytes)),
      ("contentType", .string(object.contentType)),
      ("cacheControl", .string(object.cacheControl)), ("eTag", .string(object.eTag)),
    ])
  }

  /// Reads a manifest; whatever is not whole is refused, since a wrong record loses edits.
  package init(decoding bytes: [UInt8], place: String) throws(Diagnostic) {
    let document: JSON
    do {
      document = try JSON(parsing: bytes, limits: .init(depth: 8, bytes: Self.byteLimit))
    } catch {
      throw Self.unreadable("it is not JSON: \(error)", place)
    }
    guard let schema = document["schema"]?.int else {
      throw Self.unreadable("it has no schema version", place)
    }
    guard schema == Self.schema else {
      throw Self.unreadable("it has schema \(schema), this program knows \(Self.schema)", place)
    }
    guard let release = document["release"]?.string, let complete = document["complete"]?.bool,
      let deployedAt = document["deployedAt"]?.string.flatMap({ Timestamp(iso8601: $0) }),
      let objects = document["objects"]?.object, let retired = document["retired"]?.object,
      let uninvalidated = document["uninvalidated"]?.array
    else { throw Self.unreadable("a member is missing", place) }
    self.init(release: release, isComplete: complete, deployedAt: deployedAt)
    self.objects.reserveCapacity(objects.count)
    for (key, value) in objects {
      guard let object = Self.object(value) else {
        throw Self.unreadable("the record of '\(key)' is not whole", place)
      }
      self.objects[key] = object
    }
    for (key, value) in retired {
      guard let object = Self.object(value),
        let since = value["since"]?.string.flatMap({ Timestamp(iso8601: $0) })
      else { throw Self.unreadable("the record of '\(key)' is not whole", place) }
      self.retired[key] = RetiredObject(object: object, since: since)
    }
    self.uninvalidated = Set(uninvalidated.compactMap(\.string))
  }

  private static func object(_ json: JSON) -> DeployedObject? {
    guard let sha256 = json["sha256"]?.string, sha256.utf8.count == 64,
      let bytes = json["bytes"]?.int, let contentType = json["contentType"]?.string,
      let cacheControl = json["cacheControl"]?.string, let eTag = json["eTag"]?.string
    else { return nil }
    return DeployedObject(
      sha256: sha256, bytes: bytes, contentType: contentType, cacheControl: cacheControl,
      eTag: eTag)
  }

  private static func unreadable(_ why: String, _ place: String) -> Diagnostic {
    Diagnostic(
      .deployManifestUnreadable, "the deploy manifest cannot be used: \(why)",
      at: Place(file: place),
      remedy: "sync with the newer program, or delete that object to have everything checked anew")
  }
}
