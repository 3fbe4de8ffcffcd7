import AWS
import Cryptography
import Diagnostics
import SiteBundle
import Time

/// One sync from start to end; the order of its steps is the guarantee that a failure in any of
/// them leaves a working site.
package struct Syncer: Sendable {
  private let folder: BundleFolder
  private let store: S3Client
  private let edge: CloudFrontClient?
  private let target: SyncTarget
  private let endpoint: String
  private let clock: any TimeSource

  /// - Parameters:
  ///   - edge: needed when the target names a distribution.
  ///   - endpoint: the store as a person would write it, for messages.
  package init(
    folder: BundleFolder, store: S3Client, edge: CloudFrontClient?, target: SyncTarget,
    endpoint: String, clock: any TimeSource
  ) {
    self.folder = folder
    self.store = store
    self.edge = edge
    self.target = target
    self.endpoint = endpoint
    self.clock = clock
  }

  /// Reads the bundle, the record and the listing, and decides; changes nothing.
  package func prepare() async throws(Diagnostic) -> PreparedSync {
    let bundle = try folder.readManifest()
    try check(bundle)
    async let listing = list()
    async let record = fetchRecord()
    let (objects, (deployed, tag)) = (try await listing.get(), try await record.get())
    let plan = SyncPlan(
      bundle: bundle, deployed: deployed, listing: objects, prefix: target.prefix)
    return PreparedSync(
      bundle: bundle, deployed: deployed, recordTag: tag, plan: plan,
      expectedInvalidation: expectedInvalidation(plan, bundle, deployed))
  }

  /// Sends what the plan says, commits the record, invalidates.
  package func execute(
    _ prepared: PreparedSync, progress: @escaping @Sendable (SyncProgress) -> Void = { _ in }
  ) async -> SyncReport {
    let executor = UploadExecutor(
      store: store, folder: folder, target: target, endpoint: endpoint, progress: progress)
    let outcome = await executor.run(prepared.plan)
    var report = SyncReport(prepared: prepared)
    report.sent = outcome.results.filter { !$0.value.wasRecognised }.map(\.key).sorted()
    report.recognised = outcome.results.filter(\.value.wasRecognised).map(\.key).sorted()
    report.findings += store.notes
    if let failure = outcome.failure {
      report.findings.append(failure)
      await recordPart(of: prepared, outcome, into: &report)
      return report
    }
    do throws(Diagnostic) {
      try await commit(prepared, outcome, into: &report)
    } catch {
      report.findings.append(error)
      return report
    }
    report.isComplete = true
    await invalidate(prepared, into: &report)
    return report
  }

  // MARK: Reading

  private static let keyLimit = 1024
  /// Larger files need a multipart upload, which comes later.
  private static let fileLimit = 128 << 20

  private func check(_ bundle: BundleManifest) throws(Diagnostic) {
    guard !bundle.entries.isEmpty else {
      throw Diagnostic(
        .bundleEmpty, "the bundle at '\(folder.path)' publishes nothing",
        at: Place(file: folder.path),
        remedy: "run 'portico build' and look at what it reports")
    }
    for entry in bundle.entries {
      let length = target.prefix.utf8.count + entry.key.utf8.count
      guard length <= Self.keyLimit, entry.bytes <= Self.fileLimit else {
        let why =
          length > Self.keyLimit
          ? "its key has \(length) bytes, S3 allows \(Self.keyLimit)"
          : "it has \(entry.bytes) bytes, one upload takes \(Self.fileLimit)"
        throw Diagnostic(
          .objectOutOfBounds, "'\(entry.key)' cannot be sent: \(why)",
          remedy: "shorten its path, or serve it from elsewhere")
      }
    }
  }

  // Results rather than errors: a child task's typed error does not survive `async let`.
  private func list() async -> Result<[ListedObject], Diagnostic> {
    do throws(AWSError) {
      return .success(try await store.list(prefix: target.prefix))
    } catch {
      return .failure(error.diagnostic(while: "list the bucket", endpoint: endpoint))
    }
  }

  private func fetchRecord() async -> Result<(DeployManifest?, String?), Diagnostic> {
    let object: StoredObject?
    do throws(AWSError) {
      object = try await store.get(recordKey, limit: DeployManifest.byteLimit)
    } catch {
      return .failure(error.diagnostic(while: "read '\(recordKey)'", endpoint: endpoint))
    }
    guard let object else { return .success((nil, nil)) }
    do throws(Diagnostic) {
      let manifest = try DeployManifest(decoding: object.body, place: recordKey)
      return .success((manifest, object.eTag))
    } catch {
      return .failure(error)
    }
  }

  private var recordKey: String { target.prefix + DeployManifest.key }

  // MARK: Committing

  private func commit(
    _ prepared: PreparedSync, _ outcome: UploadExecutor.Outcome, into report: inout SyncReport
  ) async throws(Diagnostic) {
    let next = prepared.plan.record(
      after: outcome.results, bundle: prepared.bundle, deployed: prepared.deployed,
      isComplete: true, invalidating: target.distribution != nil, now: clock.now())
    report.record = next
    report.recordTag = prepared.recordTag
    if let deployed = prepared.deployed, next.isSameState(as: deployed) { return }
    report.recordTag = try await write(next, over: prepared.recordTag)
  }

  /// After a failure: what was sent is recorded, so that the next run does not send it again.
  private func recordPart(
    of prepared: PreparedSync, _ outcome: UploadExecutor.Outcome, into report: inout SyncReport
  ) async {
    guard !outcome.results.isEmpty else { return }
    let part = prepared.plan.record(
      after: outcome.results, bundle: prepared.bundle, deployed: prepared.deployed,
      isComplete: false, invalidating: target.distribution != nil, now: clock.now())
    do throws(Diagnostic) {
      _ = try await write(part, over: prepared.recordTag)
    } catch {
      // The next run looks at each object instead; nothing is lost but time.
      report.findings.append(
        Diagnostic(
          error.code, "what was sent could not be recorded: \(error.message)",
          remedy: "run it again", severity: .warning))
    }
    report.findings.append(
      Diagnostic(
        .partlyDone,
        "\(outcome.results.count) of \(prepared.plan.uploads.count) files were sent, then it stopped",
        remedy: "run it again: what was sent is not sent twice, and the site is whole meanwhile"))
  }

  /// Writes the record on the condition that nobody else did since it was read.
  private func write(
    _ manifest: DeployManifest, over tag: String?
  ) async throws(Diagnostic) -> String {
    let bytes = manifest.encoded()
    do throws(AWSError) {
      return try await store.put(
        recordKey, body: bytes, sha256: SHA256.hash(bytes),
        headers: ObjectHeaders(contentType: "application/json", cacheControl: "private, no-store"),
        condition: tag.map { .matches(eTag: $0) } ?? .absent)
    } catch {
      guard error.serviceCode == "PreconditionFailed" else {
        throw error.diagnostic(while: "write '\(recordKey)'", endpoint: endpoint)
      }
    }
    // A try whose answer was lost may have written it: then it is ours already.
    if let there = try? await store.get(recordKey, limit: DeployManifest.byteLimit),
      there.body == bytes
    {
      return there.eTag
    }
    throw Diagnostic(
      .deployOvertaken, "another deploy wrote '\(recordKey)' while this one ran",
      remedy: "see that only one deploy runs at a time, then run it again")
  }

  // MARK: The edge

  private func expectedInvalidation(
    _ plan: SyncPlan, _ bundle: BundleManifest, _ deployed: DeployManifest?
  ) -> [String] {
    guard target.distribution != nil else { return [] }
    let changed = plan.uploads.filter { $0.reason != .new }.map(\.entry.key) + plan.gone
    return invalidation(Set(changed).union(deployed?.uninvalidated ?? []), bundle).paths
  }

  private func invalidation(_ changed: Set<String>, _ bundle: BundleManifest) -> InvalidationPlan {
    InvalidationPlan(
      changed: changed, all: bundle.entries.map(\.key), shells: bundle.spaRoutes,
      limits: target.invalidation)
  }

  private func invalidate(_ prepared: PreparedSync, into report: inout SyncReport) async {
    guard let distribution = target.distribution, let edge, var record = report.record,
      !record.uninvalidated.isEmpty
    else { return }
    let plan = invalidation(record.uninvalidated, prepared.bundle)
    do throws(AWSError) {
      let id = try await edge.createInvalidation(
        distribution: distribution, paths: plan.paths,
        callerReference: plan.callerReference(release: record.release))
      report.invalidation = SyncReport.Invalidation(id: id, paths: plan.paths)
    } catch {
      let cause = error.diagnostic(
        while: "invalidate \(distribution)", endpoint: "CloudFront at \(edge.host)")
      report.findings.append(
        Diagnostic(
          .invalidationFailed,
          "the site is deployed but the edge may show old copies: \(cause.message)",
          remedy: "run it again, which only repeats the invalidation"))
      report.isComplete = false
      return
    }
    record.uninvalidated = []
    do throws(Diagnostic) {
      report.recordTag = try await write(record, over: report.recordTag)
      report.record = record
    } catch {
      report.findings.append(
        Diagnostic(
          error.code, "the invalidation could not be recorded as done: \(error.message)",
          remedy: "none needed: the next run asks for the same invalidation again",
          severity: .warning))
    }
  }
}
