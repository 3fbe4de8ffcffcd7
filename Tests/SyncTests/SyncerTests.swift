import AWS
import Diagnostics
import Foundation
import SiteBundle
import Synchronization
import Testing
import Time

@testable import Sync

@Suite("A sync from start to end")
struct SyncerTests {
  private let site = [
    "index.html": "front", "about/index.html": "about", "robots.txt": "robots",
    "sitemap.xml": "map", "assets/a.1.css": "css", "assets/b.1.js": "js",
  ]

  private func fixture() throws -> SyncFixture {
    let fixture = try SyncFixture()
    try fixture.write(site)
    return fixture
  }

  @Test func `cold: everything in order, then the record; nothing to invalidate`() async throws {
    let fixture = try fixture()
    fixture.connections = 1
    let report = try await fixture.sync()
    #expect(report.exitCode == 0)
    #expect(
      fixture.s3.puts == [
        "assets/a.1.css", "assets/b.1.js", "robots.txt", "about/index.html", "sitemap.xml",
        "index.html", ".deploy/manifest.json",
      ])
    #expect(!fixture.s3.log.contains("INVALIDATE"))
    let page = fixture.s3.objects["about/index.html"]
    #expect(page?.contentType == "text/html; charset=utf-8")
    #expect(page?.cacheControl == "no-cache")
    #expect(page.map { String(decoding: $0.body, as: UTF8.self) } == "about")
    #expect(fixture.s3.objects[".deploy/manifest.json"]?.cacheControl == "private, no-store")
  }

  @Test func `unchanged: two requests and no more`() async throws {
    let fixture = try fixture()
    fixture.prefix = "p/"
    try await fixture.sync()
    let report = try await fixture.sync()
    #expect(report.exitCode == 0)
    #expect(Set(fixture.s3.log) == ["GET ", "GET p/.deploy/manifest.json"])
    #expect(report.sent.isEmpty)
  }

  @Test func `touched files are not sent, an edit of the same size is`() async throws {
    let fixture = try fixture()
    try await fixture.sync()
    try fixture.write(site.merging(["about/index.html": "ABOUT"]) { _, new in new })
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1)],
      ofItemAtPath: "\(fixture.path)/about/index.html")
    let report = try await fixture.sync()
    #expect(report.sent == ["about/index.html"])
    #expect(
      fixture.s3.state.withLock { $0.invalidated } == [["/about", "/about/", "/about/index.html"]])
    #expect(report.invalidation?.id == "I1")
    #expect(report.record?.uninvalidated.isEmpty == true)
    #expect(try await fixture.sync().sent.isEmpty)
    #expect(!fixture.s3.log.contains("INVALIDATE"))
  }

  @Test func `a change of fields alone arrives`() async throws {
    let fixture = try fixture()
    try await fixture.sync()
    try fixture.write(site, cacheControl: "max-age=60")
    let report = try await fixture.sync()
    #expect(report.sent.count == site.count)
    #expect(report.plan.uploads.allSatisfy { $0.reason == .headers })
    #expect(fixture.s3.objects["robots.txt"]?.cacheControl == "max-age=60")
  }

  @Test func `drift is mended and strangers are left alone`() async throws {
    let fixture = try fixture()
    try await fixture.sync()
    fixture.s3.state.withLock { state in
      state.objects["robots.txt"]?.body = Array("ROBOTS".utf8)
      state.objects["robots.txt"]?.checksum = nil
      state.objects["robots.txt"]?.eTag = "theirs"
      state.objects["index.html"] = nil
      state.objects["stranger.bin"] = .init(
        body: [1], contentType: "x/y", cacheControl: "", checksum: nil, eTag: "s")
    }
    let report = try await fixture.sync()
    #expect(report.sent == ["index.html", "robots.txt"])
    #expect(report.plan.foreign == ["stranger.bin"])
    #expect(fixture.s3.objects["stranger.bin"] != nil)
    #expect(
      fixture.s3.state.withLock { $0.invalidated } == [["/", "/index.html", "/robots.txt"]])
  }

  @Test func `a removed page is reported stale, stays, and is remembered`() async throws {
    let fixture = try fixture()
    try await fixture.sync()
    var less = site
    less["about/index.html"] = nil
    try fixture.write(less)
    let report = try await fixture.sync()
    #expect(report.plan.stale == ["about/index.html"])
    #expect(report.sent.isEmpty)
    #expect(fixture.s3.objects["about/index.html"] != nil)
    #expect(report.record?.retired["about/index.html"] != nil)
    let again = try await fixture.sync()
    #expect(again.plan.stale == ["about/index.html"])
    #expect(fixture.s3.puts.isEmpty)
  }

  @Test func `a failure half way is exit 2, and the next run sends only the rest`() async throws {
    let fixture = try fixture()
    fixture.connections = 1
    fixture.s3.state.withLock {
      $0.refuse = { $0 == "PUT" && $1 == "about/index.html" ? 403 : nil }
    }
    let failed = try await fixture.sync()
    #expect(failed.exitCode == 2)
    #expect(failed.sent == ["assets/a.1.css", "assets/b.1.js", "robots.txt"])
    #expect(failed.findings.map(\.code) == [.accessRefused, .partlyDone])
    #expect(fixture.s3.objects["index.html"] == nil)
    fixture.s3.state.withLock { $0.refuse = nil }
    let report = try await fixture.sync()
    #expect(report.exitCode == 0)
    #expect(report.sent == ["about/index.html", "index.html", "sitemap.xml"])
    #expect(report.record?.isComplete == true)
  }

  @Test func `what a killed run sent is recognised by its checksum`() async throws {
    let fixture = try fixture()
    try await fixture.sync()
    fixture.s3.state.withLock { $0.objects[".deploy/manifest.json"] = nil }
    let report = try await fixture.sync()
    #expect(report.sent.isEmpty)
    #expect(report.recognised.count == site.count)
    #expect(fixture.s3.puts == [".deploy/manifest.json"])
    #expect(report.invalidation == nil)
  }

  @Test func `changes that a killed run had sent are still invalidated`() async throws {
    let fixture = try fixture()
    try await fixture.sync()
    let before = fixture.s3.objects[".deploy/manifest.json"]
    try fixture.write(site.merging(["robots.txt": "ROBOTS"]) { _, new in new })
    fixture.distribution = nil
    try await fixture.sync()
    fixture.s3.state.withLock { $0.objects[".deploy/manifest.json"] = before }
    fixture.distribution = "E1"
    let report = try await fixture.sync()
    #expect(report.recognised == ["robots.txt"])
    #expect(fixture.s3.state.withLock { $0.invalidated } == [["/robots.txt"]])
  }

  @Test func `a failed invalidation is exit 2 and is repeated under the same reference`()
    async throws
  {
    let fixture = try fixture()
    try await fixture.sync()
    try fixture.write(site.merging(["robots.txt": "new"]) { _, new in new })
    fixture.s3.state.withLock { $0.refuse = { method, _ in method == "POST" ? 400 : nil } }
    let failed = try await fixture.sync()
    #expect(failed.exitCode == 2)
    #expect(failed.findings.map(\.code) == [.invalidationFailed])
    fixture.s3.state.withLock { $0.refuse = nil }
    let expected = InvalidationPlan(changed: ["robots.txt"], all: [])
      .callerReference(release: try #require(failed.record?.release))
    let report = try await fixture.sync()
    #expect(report.exitCode == 0)
    #expect(report.sent.isEmpty)
    #expect(fixture.s3.state.withLock { $0.references } == [expected])
    #expect(fixture.s3.state.withLock { $0.invalidated } == [["/robots.txt"]])
  }

  @Test func `another deploy meanwhile is noticed`() async throws {
    let fixture = try fixture()
    try await fixture.sync()
    try fixture.write(site.merging(["robots.txt": "new"]) { _, new in new })
    fixture.s3.state.withLock { state in
      state.beforePut = (
        key: ".deploy/manifest.json", run: { $0[".deploy/manifest.json"]?.eTag = "theirs" }
      )
    }
    let report = try await fixture.sync()
    #expect(report.findings.map(\.code) == [.deployOvertaken])
    #expect(report.exitCode == 2)
  }

  @Test func `a file that differs from the manifest stops the sync before anything is public`()
    async throws
  {
    let fixture = try fixture()
    fixture.connections = 1
    try Data("edited by hand".utf8).write(
      to: URL(fileURLWithPath: "\(fixture.path)/assets/a.1.css"))
    let report = try await fixture.sync()
    #expect(report.exitCode == 1)
    #expect(report.findings.map(\.code) == [.bundleDamaged])
    #expect(fixture.s3.puts.isEmpty)
  }

  @Test func `refusals before anything is sent`() async throws {
    let fixture = try SyncFixture()
    try fixture.write([:])
    let empty = await #expect(throws: Diagnostic.self) { try await fixture.sync() }
    #expect(empty?.code == .bundleEmpty)
    try fixture.write(site)
    fixture.prefix = String(repeating: "p", count: 1_020) + "/"
    let long = await #expect(throws: Diagnostic.self) { try await fixture.sync() }
    #expect(long?.code == .objectOutOfBounds)
    fixture.prefix = ""
    fixture.s3.state.withLock { state in
      state.objects[".deploy/manifest.json"] = .init(
        body: Array("{}".utf8), contentType: "", cacheControl: "", checksum: nil, eTag: "x")
    }
    let broken = await #expect(throws: Diagnostic.self) { try await fixture.sync() }
    #expect(broken?.code == .deployManifestUnreadable)
    #expect(fixture.s3.puts.isEmpty)
  }

  @Test func `requests in flight are bounded and progress counts up`() async throws {
    let fixture = try SyncFixture()
    fixture.connections = 5
    try fixture.write(
      Dictionary(uniqueKeysWithValues: (0..<200).map { ("f/\($0).txt", "file \($0)") }))
    let seen = Mutex<[Int]>([])
    let syncer = try fixture.syncer()
    let report = await syncer.execute(try await syncer.prepare()) { progress in
      seen.withLock { $0.append(progress.filesDone) }
    }
    #expect(report.exitCode == 0)
    #expect(seen.withLock { $0.sorted() } == Array(1...200))
    #expect(fixture.s3.state.withLock { $0.mostInFlight } <= 5)
    #expect(fixture.s3.state.withLock { $0.mostInFlight } >= 2)
    #expect(try await fixture.sync().sent.isEmpty)
  }
}
