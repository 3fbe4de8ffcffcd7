import AWS
import Diagnostics
import SiteBundle
import Testing
import Time

@testable import Sync

@Suite("Plan of a sync")
struct SyncPlanTests {
  private let entry = SyncFixture.entry("a/index.html", "text")

  private func record(
    sha256: String? = nil, type: String? = nil, cache: String? = nil, eTag: String = "t"
  ) -> DeployedObject {
    DeployedObject(
      sha256: sha256 ?? entry.sha256, bytes: 4, contentType: type ?? entry.contentType,
      cacheControl: cache ?? entry.cacheControl, eTag: eTag)
  }

  private func plan(_ deployed: DeployedObject?, _ listed: (bytes: Int, eTag: String)?) -> SyncPlan
  {
    SyncPlan(
      bundle: BundleManifest(entries: [entry]),
      deployed: deployed.map { DeployManifest(objects: ["a/index.html": $0]) },
      listing: listed.map { [ListedObject(key: "p/a/index.html", bytes: $0.bytes, eTag: $0.eTag)] }
        ?? [], prefix: "p/")
  }

  @Test func `every case of record and listing`() {
    let other = String(repeating: "0", count: 64)
    let table: [(DeployedObject?, (bytes: Int, eTag: String)?, UploadReason?, Bool)] = [
      (nil, nil, .new, false),
      (nil, (4, "t"), .drifted, true),
      (nil, (5, "t"), .drifted, false),
      (record(), nil, .drifted, false),
      (record(), (4, "t"), nil, false),
      (record(), (4, "\"t\""), nil, false),
      (record(), (4, "u"), .drifted, true),
      (record(), (5, "u"), .drifted, false),
      (record(sha256: other), (4, "t"), .bytes, false),
      (record(sha256: other), (4, "u"), .bytes, true),
      (record(sha256: other), nil, .drifted, false),
      (record(type: "text/plain"), (4, "t"), .headers, false),
      (record(cache: "max-age=1"), (4, "t"), .headers, false),
      (record(cache: "max-age=1"), (4, "u"), .headers, true),
    ]
    for (number, (deployed, listed, reason, mayBeThere)) in table.enumerated() {
      let plan = plan(deployed, listed)
      #expect(plan.uploads.first?.reason == reason, "row \(number)")
      #expect(plan.uploads.first?.mayBeThere ?? false == mayBeThere, "row \(number)")
      #expect(plan.kept == (reason == nil ? ["a/index.html"] : []), "row \(number)")
    }
  }

  @Test func `what refers goes after what it refers to`() {
    let keys = [
      "index.html", "about/index.html", "404.html", "sitemap.xml", "robots.txt", "assets/a.1.css",
    ]
    let plan = SyncPlan(
      bundle: BundleManifest(entries: keys.map { SyncFixture.entry($0, $0) }), deployed: nil,
      listing: [], prefix: "")
    #expect(
      plan.phases.map { $0.map(\.entry.key) } == [
        ["assets/a.1.css"], ["robots.txt"], ["404.html", "about/index.html"], ["sitemap.xml"],
        ["index.html"],
      ])
  }

  @Test func `others' keys, earlier releases' and our own folder are told apart`() {
    let deployed = DeployManifest(
      objects: ["old.html": record(), "gone.html": record()],
      retired: ["older.html": RetiredObject(object: record(), since: .init(seconds: 1))])
    let listing = [
      "p/old.html", "p/older.html", "p/theirs.txt", "p/.deploy/manifest.json", "p/.deploy/lock",
      "elsewhere.txt",
    ].map { ListedObject(key: $0, bytes: 1, eTag: "t") }
    let plan = SyncPlan(
      bundle: BundleManifest(entries: [entry]), deployed: deployed, listing: listing, prefix: "p/")
    #expect(plan.stale == ["old.html", "older.html"])
    #expect(plan.foreign == ["theirs.txt"])
    #expect(plan.gone == ["gone.html"])
    let next = plan.record(
      after: [:], bundle: BundleManifest(entries: [entry]), deployed: deployed, isComplete: true,
      invalidating: true, now: .init(seconds: 9))
    #expect(next.objects.isEmpty)
    #expect(next.retired["old.html"]?.since == .init(seconds: 9))
    #expect(next.retired["older.html"]?.since == .init(seconds: 1))
    #expect(next.uninvalidated == ["gone.html"])
  }

  @Test func `old content deployed again is a new release`() {
    let a = BundleManifest(entries: [SyncFixture.entry("k", "a")])
    let b = BundleManifest(entries: [SyncFixture.entry("k", "b")])
    let first = SyncPlan.release(of: a, after: "")
    let second = SyncPlan.release(of: b, after: first)
    let third = SyncPlan.release(of: a, after: second)
    #expect(Set([first, second, third]).count == 3)
    #expect(SyncPlan.release(of: a, after: second) == third)
  }

  @Test func `the record survives writing and reading`() throws {
    let manifest = DeployManifest(
      release: "r", isComplete: false, deployedAt: .init(milliseconds: 1_700_000_000_123),
      objects: ["a/é \"x\".html": record()],
      retired: ["b": RetiredObject(object: record(), since: .init(seconds: 5))],
      uninvalidated: ["a", "b"])
    let bytes = manifest.encoded()
    #expect(try DeployManifest(decoding: bytes, place: "x") == manifest)
  }

  @Test(
    "a record that is not whole is refused",
    arguments: [
      "", "{}", #"{"schema":2}"#, #"{"schema":1,"release":"r"}"#,
      #"{"schema":1,"release":"r","complete":true,"deployedAt":"2026-01-01T00:00:00Z","objects":{"a":{}},"retired":{},"uninvalidated":[]}"#,
    ])
  func unreadable(text: String) {
    let error = #expect(throws: (any Error).self) {
      try DeployManifest(decoding: Array(text.utf8), place: "x")
    }
    #expect(error is Diagnostic)
  }

  @Test(
    "prefixes",
    arguments: [
      ("", ""), ("/", ""), ("a", "a/"), ("/a/b/", "a/b/"), ("a//b", nil), ("../a", nil),
      ("a/./b", nil), ("a\\b", nil), ("a\nb", nil),
    ] as [(String, String?)])
  func prefixes(given: String, expected: String?) {
    #expect(SyncSettings.normalize(prefix: given) == expected)
  }
}
