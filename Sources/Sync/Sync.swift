// Sync: a bundle's manifest held against what the bucket has, then the difference sent.
//
// `SyncPlan` and `InvalidationPlan` decide and are pure; `UploadExecutor` sends; `Syncer` owns the
// order: read, plan, upload, commit the deploy manifest, invalidate. Only `.deploy/` below the
// prefix is ours besides the site's own keys; nothing is ever deleted.
import AWS
import SiteBundle
import Time

/// Where a bundle goes and how.
package struct SyncTarget: Sendable {
  /// Prefix below which the site lies: empty, or with a slash at its end.
  package var prefix: String
  /// CloudFront distribution to invalidate, if there is one.
  package var distribution: String?
  /// Bounds of one invalidation.
  package var invalidation: InvalidationPlan.Limits
  /// Requests in flight.
  package var connections: Int

  package init(
    prefix: String = "", distribution: String? = nil,
    invalidation: InvalidationPlan.Limits = InvalidationPlan.Limits(), connections: Int = 16
  ) {
    self.prefix = prefix
    self.distribution = distribution
    self.invalidation = invalidation
    self.connections = connections
  }
}

/// How far an execution has come.
package struct SyncProgress: Sendable, Hashable {
  package var filesDone = 0
  package var filesTotal = 0
  package var bytesDone = 0
  package var bytesTotal = 0

  package init() {}
}
