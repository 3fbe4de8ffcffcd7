import Time

/// What the last deploys left in the bucket: the record that plans are made against.
package struct DeployManifest: Sendable, Hashable {
  /// The schema this program writes and reads.
  package static let schema = 1
  /// Folder below the prefix that is the deploys' own.
  package static let folder = ".deploy/"
  /// Key below the prefix.
  package static let key = ".deploy/manifest.json"

  /// Names this state: a digest of the content and of the release before it, so that the same
  /// content deployed again later is another release.
  package var release: String
  /// False when a deploy stopped half way and recorded what it had sent.
  package var isComplete: Bool
  /// When it was written.
  package var deployedAt: Timestamp
  /// The site's objects by key below the prefix.
  package var objects: [String: DeployedObject]
  /// Objects that an earlier release had and this one does not; they still lie in the bucket.
  package var retired: [String: RetiredObject]
  /// Keys whose copies at the edge may be old: changed, and not yet invalidated.
  package var uninvalidated: Set<String>

  package init(
    release: String = "", isComplete: Bool = true,
    deployedAt: Timestamp = Timestamp(milliseconds: 0), objects: [String: DeployedObject] = [:],
    retired: [String: RetiredObject] = [:], uninvalidated: Set<String> = []
  ) {
    self.release = release
    self.isComplete = isComplete
    self.deployedAt = deployedAt
    self.objects = objects
    self.retired = retired
    self.uninvalidated = uninvalidated
  }

  /// Whether both say the same of the bucket, whenever they were written.
  func isSameState(as other: DeployManifest) -> Bool {
    var copy = other
    copy.deployedAt = deployedAt
    copy.release = release
    return self == copy
  }
}

/// One object as it was sent.
package struct DeployedObject: Sendable, Hashable {
  /// Lower-case hexadecimal SHA-256 of its bytes.
  package var sha256: String
  package var bytes: Int
  package var contentType: String
  package var cacheControl: String
  /// The entity tag that the service gave, without quotes; recorded, never computed.
  package var eTag: String

  package init(
    sha256: String, bytes: Int, contentType: String, cacheControl: String, eTag: String
  ) {
    self.sha256 = sha256
    self.bytes = bytes
    self.contentType = contentType
    self.cacheControl = cacheControl
    self.eTag = eTag
  }
}

/// An object that the site no longer names, for the prune that comes later.
package struct RetiredObject: Sendable, Hashable {
  package var object: DeployedObject
  /// When a deploy first went without it.
  package var since: Timestamp

  package init(object: DeployedObject, since: Timestamp) {
    self.object = object
    self.since = since
  }
}
