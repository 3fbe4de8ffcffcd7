import AWS
import Cryptography
import Diagnostics
import Foundation
import SiteBundle
import Time

@testable import Sync

/// A bundle on disk, a bucket in memory and the sync between them.
final class SyncFixture {
  let path: String
  let s3 = FakeS3()
  let clock = ManualClock()
  var prefix = ""
  var distribution: String? = "E1"
  var connections = 4
  var bundle = BundleManifest()

  init() throws {
    path = NSTemporaryDirectory() + "portico-sync-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes files and the manifest that names them; kind, type and policy follow the name.
  func write(_ files: [String: String], cacheControl: String = "no-cache") throws {
    var entries: [BundleEntry] = []
    for (key, text) in files {
      let url = URL(fileURLWithPath: "\(path)/\(key)")
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
      entries.append(Self.entry(key, text, cacheControl: cacheControl))
    }
    bundle = BundleManifest(entries: entries, headerGroups: ["site": []])
    let folder = URL(fileURLWithPath: "\(path)/.portico")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(bundle.encoded()).write(to: folder.appendingPathComponent("manifest.json"))
  }

  static func entry(_ key: String, _ text: String, cacheControl: String = "no-cache")
    -> BundleEntry
  {
    let kind: BundleEntry.Kind =
      key.hasPrefix("assets/")
      ? .asset : key.hasSuffix(".html") ? .page : key.hasSuffix(".xml") ? .index : .file
    return BundleEntry(
      key: key, kind: kind, sha256: SHA256.hash(text).hex, bytes: text.utf8.count,
      contentType: kind == .page ? "text/html; charset=utf-8" : "text/plain; charset=utf-8",
      cacheControl: cacheControl, headerGroup: "site")
  }

  func syncer(policy: RetryPolicy = RetryPolicy(attempts: 1)) throws -> Syncer {
    let credentials = CredentialCache(providers: [Given()], clock: clock)
    func connection(_ service: String) -> ServiceConnection {
      ServiceConnection(
        service: service, region: "us-east-1", credentials: credentials, transport: s3,
        policy: policy, clock: clock, random: { 0 })
    }
    return Syncer(
      folder: BundleFolder(path: path),
      store: S3Client(
        endpoint: try S3Endpoint(bucket: "site", url: "http://127.0.0.1:1"),
        connection: connection("s3")),
      edge: try CloudFrontClient(url: nil, connection: connection("cloudfront")),
      target: SyncTarget(prefix: prefix, distribution: distribution, connections: connections),
      endpoint: "'site'", clock: clock)
  }

  /// Plans and executes.
  @discardableResult
  func sync() async throws -> SyncReport {
    s3.forget()
    let syncer = try syncer()
    return await syncer.execute(try await syncer.prepare())
  }

  private struct Given: CredentialProvider {
    func credentials() -> Credentials? {
      Credentials(accessKeyID: "A", secretAccessKey: "S", source: "the test")
    }
  }
}
