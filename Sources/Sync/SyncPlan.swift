import AWS
import Cryptography
import SiteBundle
import Time

/// Why a file is sent.
package enum UploadReason: String, Sendable, Hashable, CaseIterable {
  /// The bucket has no such key and never had one from us.
  case new
  /// Its bytes differ from those of the last deploy.
  case bytes
  /// Its bytes are the same, its Content-Type or Cache-Control is not.
  case headers
  /// The bucket has not what we recorded: changed, removed or put there by somebody else.
  case drifted
}

/// One file to send.
package struct Upload: Sendable, Hashable {
  package var entry: BundleEntry
  package var reason: UploadReason
  /// An object of this size lies there that no record vouches for: an earlier, interrupted sync may
  /// have sent it, so it is looked at before it is sent again.
  package var mayBeThere: Bool

  package init(entry: BundleEntry, reason: UploadReason, mayBeThere: Bool = false) {
    self.entry = entry
    self.reason = reason
    self.mayBeThere = mayBeThere
  }
}

/// What has to be done, decided from the bundle, the record and the listing alone.
package struct SyncPlan: Sendable, Hashable {
  /// Files to send, group after group: assets, files, pages, feeds and sitemap, the front page.
  package var phases: [[Upload]] = []
  /// Keys that are as they should be.
  package var kept: [String] = []
  /// Keys below the prefix that no deploy of ours wrote; never touched.
  package var foreign: [String] = []
  /// Keys of earlier releases that the bundle no longer has; reported, not deleted.
  package var stale: [String] = []
  /// Recorded keys that neither the bundle nor the bucket has any more.
  package var gone: [String] = []

  /// All uploads in order.
  package var uploads: [Upload] { phases.flatMap(\.self) }
  /// Whether there is nothing to send.
  package var isEmpty: Bool { phases.isEmpty }

  /// Decides what to do.
  ///
  /// - Parameters:
  ///   - bundle: what shall be there.
  ///   - deployed: what the last deploy recorded, if there was one.
  ///   - listing: what is there.
  ///   - prefix: empty, or with a slash at its end.
  package init(
    bundle: BundleManifest, deployed: DeployManifest?, listing: [ListedObject], prefix: String
  ) {
    let record = deployed ?? DeployManifest()
    var listed: [String: ListedObject] = [:]
    listed.reserveCapacity(listing.count)
    for object in listing where object.key.hasPrefix(prefix) {
      listed[String(object.key.dropFirst(prefix.count))] = object
    }
    var groups = [[Upload]](repeating: [], count: Self.groupCount)
    var known: Set<String> = []
    for entry in bundle.entries {
      known.insert(entry.key)
      if let upload = Self.judge(entry, record.objects[entry.key], listed[entry.key]) {
        groups[Self.group(of: entry)].append(upload)
      } else {
        kept.append(entry.key)
      }
    }
    phases = groups.filter { !$0.isEmpty }
    for key in listed.keys where !known.contains(key) && !key.hasPrefix(DeployManifest.folder) {
      if record.objects[key] != nil || record.retired[key] != nil {
        stale.append(key)
      } else {
        foreign.append(key)
      }
    }
    gone = record.objects.keys.filter { !known.contains($0) && listed[$0] == nil }
    stale.sort()
    foreign.sort()
    gone.sort()
  }

  /// An upload, or nil when the object is as it should be.
  private static func judge(
    _ entry: BundleEntry, _ record: DeployedObject?, _ listed: ListedObject?
  ) -> Upload? {
    guard let listed else {
      return Upload(entry: entry, reason: record == nil ? .new : .drifted)
    }
    let mayBeThere = listed.bytes == entry.bytes
    guard let record else {
      return Upload(entry: entry, reason: .drifted, mayBeThere: mayBeThere)
    }
    let isOurs = record.eTag == listed.eTag
    let unvouched = !isOurs && mayBeThere
    if record.sha256 != entry.sha256 {
      return Upload(entry: entry, reason: .bytes, mayBeThere: unvouched)
    }
    if record.contentType != entry.contentType || record.cacheControl != entry.cacheControl {
      return Upload(entry: entry, reason: .headers, mayBeThere: unvouched)
    }
    return isOurs ? nil : Upload(entry: entry, reason: .drifted, mayBeThere: mayBeThere)
  }

  private static let groupCount = 5

  /// What is referred to goes before what refers to it; the front page comes last.
  private static func group(of entry: BundleEntry) -> Int {
    switch entry.kind {
    case .asset: 0
    case .file: 1
    case .page: entry.key == "index.html" ? 4 : 2
    case .index: 3
    }
  }
}

extension SyncPlan {
  /// Keys whose copies at the edge are old once these were sent or recognised.
  ///
  /// A new key has no copy. One that was recognised without any record is what an interrupted first
  /// deploy had sent, and new as well.
  static func staleAtEdge(_ upload: Upload, wasRecognised: Bool) -> Bool {
    switch upload.reason {
    case .new: false
    case .bytes, .headers: true
    case .drifted: !wasRecognised
    }
  }

  /// The record after everything in the plan was done.
  ///
  /// - Parameters:
  ///   - stored: what was sent or recognised, by key.
  ///   - invalidating: whether there is an edge to invalidate.
  func record(
    after stored: [String: UploadResult], bundle: BundleManifest, deployed: DeployManifest?,
    isComplete: Bool, invalidating: Bool, now: Timestamp
  ) -> DeployManifest {
    let old = deployed ?? DeployManifest()
    var next = old
    next.deployedAt = now
    next.isComplete = isComplete
    for (key, result) in stored { next.objects[key] = result.object }
    for key in stale where next.objects[key] != nil {
      if let object = next.objects.removeValue(forKey: key) {
        next.retired[key] = RetiredObject(object: object, since: now)
      }
    }
    for key in gone { next.objects[key] = nil }
    let stillThere = Set(stale)
    next.retired = next.retired.filter { stillThere.contains($0.key) }
    if invalidating {
      next.uninvalidated.formUnion(stored.filter(\.value.isStaleAtEdge).map(\.key))
      next.uninvalidated.formUnion(gone)
    } else {
      next.uninvalidated = []
    }
    if !next.isSameState(as: old) || deployed == nil {
      next.release = Self.release(of: bundle, after: old.release)
    }
    return next
  }

  /// A digest of content and predecessor: a deploy of old content is a new release, or CloudFront
  /// would take its invalidation for the earlier one.
  static func release(of bundle: BundleManifest, after previous: String) -> String {
    var text = Array("\(previous)\n".utf8)
    for entry in bundle.entries {
      for part in [entry.key, entry.sha256, entry.contentType, entry.cacheControl] {
        text += part.utf8
        text.append(0)
      }
    }
    return String(SHA256.hash(text).hex.prefix(32))
  }
}
