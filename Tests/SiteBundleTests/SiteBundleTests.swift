import Cryptography
import Diagnostics
import Foundation
import SiteBundle
import TestSupport
import Testing

@Suite("The manifest")
struct ManifestTests {
  static let manifest = BundleManifest(
    entries: [
      entry("z.html"), entry("index.html"),
      BundleEntry(
        key: "assets/a.0011223344556677.css", kind: .asset,
        sha256: String(repeating: "a", count: 64), bytes: 2_000, contentType: "text/css",
        cacheControl: "immutable", headerGroup: "asset",
        encodings: [
          EncodedVariant(
            coding: "gzip", key: "assets/a.0011223344556677.css.gz",
            sha256: String(repeating: "b", count: 64), bytes: 900)
        ]),
    ],
    headerGroups: ["page": [HeaderPair("A", "1"), HeaderPair("B", "2")]],
    redirects: [Redirect(from: "/y", to: "/x/"), Redirect(from: "/old", to: "/", status: 302)],
    spaRoutes: [
      SPARoute(prefix: "/a/", shell: "a/index.html"),
      SPARoute(prefix: "/a/long/", shell: "l/index.html"),
    ], baseURL: "https://example.org", coders: ["gzip": "zlib"])

  static func entry(_ key: String) -> BundleEntry {
    BundleEntry(
      key: key, kind: .page, sha256: SHA256.hash(key).hex, bytes: key.utf8.count,
      contentType: "text/html; charset=utf-8", cacheControl: "no-cache", headerGroup: "page")
  }

  @Test func `what is written is read`() throws {
    let read = try BundleManifest(decoding: Self.manifest.encoded(), file: "m")
    #expect(read == Self.manifest)
    #expect(read.encoded() == Self.manifest.encoded())
  }

  @Test func `order of making does not matter`() {
    var other = Self.manifest
    other = BundleManifest(
      entries: other.entries.reversed(), headerGroups: other.headerGroups,
      redirects: other.redirects.reversed(), spaRoutes: other.spaRoutes.reversed(),
      baseURL: other.baseURL, coders: other.coders)
    #expect(other.encoded() == Self.manifest.encoded())
    #expect(other.spaRoutes.first?.prefix == "/a/long/")
  }

  @Test func `entries are found by key`() {
    for key in ["z.html", "index.html", "assets/a.0011223344556677.css"] {
      #expect(Self.manifest.entry(key)?.key == key)
    }
    #expect(Self.manifest.entry("assets/a.0011223344556677.css.gz") == nil)
    #expect(Self.manifest.entry("") == nil)
  }

  @Test(arguments: [
    "../x", "/x", "a//b", ".portico/manifest.json", "a/.hidden", "a/../b", "a\\b", "a\u{0}b", "",
    ".env", "a/", ".well-known/.x",
  ])
  func `a key that leaves the folder is refused`(key: String) {
    #expect(!BundleManifest.isSafe(key))
    let manifest = BundleManifest(entries: [Self.entry(key)])
    #expect(throws: Diagnostic.self) {
      try BundleManifest(decoding: manifest.encoded(), file: "m")
    }
  }

  @Test(arguments: ["a", "a/b.html", ".well-known/security.txt", "a..b", "ü/ö.png"])
  func `other keys are not`(key: String) { #expect(BundleManifest.isSafe(key)) }

  @Test(arguments: [
    "", "{", "[]", "{\"schema\":2}", "{\"schema\":1}", "{\"schema\":1,\"entries\":[{}]}",
  ])
  func `what is not whole is refused`(text: String) {
    #expect(throws: Diagnostic.self) { try BundleManifest(decoding: Array(text.utf8), file: "m") }
  }
}

@Suite("The folder of a bundle")
struct BundleFolderTests {
  let home: TemporaryFolder

  init() throws { home = try TemporaryFolder() }

  private func publish(_ text: String, in folder: BundleFolder) throws {
    let staged = try folder.stage()
    let bytes = Array(text.utf8)
    try staged.write("a/index.html", bytes)
    let manifest = BundleManifest(entries: [
      BundleEntry(
        key: "a/index.html", kind: .page, sha256: SHA256.hash(bytes).hex, bytes: bytes.count,
        contentType: "text/html", cacheControl: "x", headerGroup: "page")
    ])
    try staged.write(BundleFolder.manifestKey, manifest.encoded())
    try staged.publish()
  }

  private var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: home.path)) ?? []).sorted()
  }

  @Test func `is made and replaced in one step, leaving nothing beside it`() throws {
    let folder = BundleFolder(path: "\(home.path)/dist")
    for text in ["one", "two", "three"] {
      try publish(text, in: folder)
      let entry = try #require(try folder.readManifest().entry("a/index.html"))
      #expect(try folder.read(entry.key, sha256: entry.sha256) == Array(text.utf8))
    }
    #expect(names == ["dist"])
    #expect(FileManager.default.fileExists(atPath: "\(folder.path)/.gitignore"))
  }

  @Test func `a staged bundle that is discarded leaves the old one`() throws {
    let folder = BundleFolder(path: "\(home.path)/dist")
    try publish("old", in: folder)
    let staged = try folder.stage()
    try staged.write("a/index.html", Array("new".utf8))
    staged.discard()
    let sha256 = SHA256.hash("old").hex
    #expect(try folder.read("a/index.html", sha256: sha256) == Array("old".utf8))
    #expect(names == ["dist"])
  }

  @Test func `damage is noticed`() throws {
    let folder = BundleFolder(path: "\(home.path)/dist")
    try publish("whole", in: folder)
    try Data("other".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/a/index.html"))
    let sha256 = SHA256.hash("whole").hex
    #expect(throws: Diagnostic.self) { try folder.read("a/index.html", sha256: sha256) }
    #expect(throws: Diagnostic.self) { try folder.read("b/index.html", sha256: sha256) }
    let none = BundleFolder(path: "\(home.path)/none")
    #expect(throws: Diagnostic.self) { try none.readManifest() }
  }

  @Test func `a place that cannot be written is a diagnostic`() throws {
    let file = "\(home.path)/file"
    try Data().write(to: URL(fileURLWithPath: file))
    let error = #expect(throws: Diagnostic.self) { try BundleFolder(path: "\(file)/dist").stage() }
    #expect(error?.code == .outputUnwritable)
  }
}
