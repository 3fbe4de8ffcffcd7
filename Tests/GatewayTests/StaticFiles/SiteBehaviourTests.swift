import Diagnostics
import HTTPExchange
import JSON
import NIOCore
import SiteBundle
import Testing

@testable import Gateway

/// Answers from the bundle.
@Suite struct SiteBehaviourTests {
  let rig: Rig

  init() throws { rig = try Rig() }

  @Test func servesAPageWithItsFields() async throws {
    let response = try await rig.send("GET", "/")
    #expect(response.status == 200)
    #expect(response.text == "<h1>Home</h1>")
    #expect(response.headers["content-type"] == "text/html; charset=utf-8")
    #expect(response.headers["cache-control"] == "no-cache")
    #expect(response.headers["x-content-type-options"] == "nosniff")
    #expect(response.headers["vary"] == "Accept-Encoding")
    #expect(response.headers["accept-ranges"] == "bytes")
    #expect(response.prepared != nil)
  }

  @Test(arguments: [
    ("gzip, deflate, br, zstd", "br"), ("gzip, deflate, br", "br"), ("gzip", "gzip"),
    ("br;q=0.1, gzip", "gzip"), ("identity", nil), ("br;q=0", nil), (nil, nil),
  ])
  func negotiatesTheEncoding(_ field: String?, _ coding: String?) async throws {
    let headers = field.map { [("Accept-Encoding", $0)] } ?? []
    let response = try await rig.send("GET", "/about/", headers: headers)
    #expect(response.headers["content-encoding"] == coding)
    #expect(response.text == (coding.map { "\($0):" } ?? "") + "<h1>About</h1>")
    #expect(response.headers["vary"] == "Accept-Encoding")
  }

  @Test func eachEncodingHasItsOwnEntityTag() async throws {
    let tags = try await ["br", "gzip", "identity"].asyncMap {
      try await rig.send("GET", "/", headers: [("Accept-Encoding", $0)]).headers["etag"]
    }
    #expect(Set(tags).count == 3)
    #expect(tags.allSatisfy { $0?.hasPrefix("\"") == true })
  }

  @Test func answersAConditionalRequest() async throws {
    let tag = try #require(try await rig.send("GET", "/").headers["etag"])
    let response = try await rig.send("GET", "/", headers: [("If-None-Match", "W/\(tag)")])
    #expect(response.status == 304)
    #expect(response.headers["etag"] == tag)
    #expect(response.headers["x-content-type-options"] == "nosniff")
    #expect(response.headers["vary"] == "Accept-Encoding")
    #expect(response.headers["content-type"] == nil)
    #expect(response.body.length == 0)
    let stale = try await rig.send("GET", "/", headers: [("If-Match", "\"other\"")])
    #expect(stale.status == 412)
  }

  @Test func rangesAreOfTheIdentity() async throws {
    let response = try await rig.send(
      "GET", "/", headers: [("Range", "bytes=0-3"), ("Accept-Encoding", "br")])
    #expect(response.status == 206)
    #expect(response.text == "<h1>")
    #expect(response.headers["content-range"] == "bytes 0-3/13")
    #expect(response.headers["content-encoding"] == nil)
    let beyond = try await rig.send("GET", "/", headers: [("Range", "bytes=99-")])
    #expect(beyond.status == 416)
    #expect(beyond.headers["content-range"] == "bytes */13")
    let old = try await rig.send(
      "GET", "/", headers: [("Range", "bytes=0-3"), ("If-Range", "\"old\"")])
    #expect(old.status == 200)
  }

  @Test(arguments: [
    ("/about", "/about/"), ("/about?a=1", "/about/?a=1"), ("/about/index.html", "/about/"),
    ("/index.html", "/"), ("/old", "/about/"),
  ])
  func redirects(_ target: String, _ location: String) async throws {
    let response = try await rig.send("GET", target)
    #expect(response.status == 301)
    #expect(response.headers["location"] == location)
    #expect(response.headers["x-content-type-options"] == "nosniff")
  }

  @Test(arguments: [
    "/.portico/manifest.json", "/.deploy/manifest.json", "/.git/config", "/app/.env",
    "/assets/missing.js", "/about/x", "/index.html.br", "/app/missing.js", "/About/",
  ])
  func missingIs404WithoutStore(_ target: String) async throws {
    let response = try await rig.send("GET", target, headers: [("Accept", "text/html")])
    #expect(response.status == 404)
    #expect(response.text == "<h1>Lost</h1>")
    #expect(response.headers["cache-control"] == "no-store")
    #expect(response.headers["x-content-type-options"] == "nosniff")
    #expect(response.headers["etag"] == nil)
  }

  @Test func anApplicationsNavigationGetsItsShell() async throws {
    let navigation = [("Sec-Fetch-Mode", "navigate")]
    for headers in [navigation, [("Accept", "text/html,*/*")]] {
      let response = try await rig.send("GET", "/app/orders/7", headers: headers)
      #expect(response.status == 200)
      #expect(response.text == "<h1>App</h1>")
    }
    #expect(try await rig.send("GET", "/app/orders/7").status == 404)
    #expect(try await rig.send("GET", "/app/x.js", headers: navigation).status == 404)
    #expect(try await rig.send("POST", "/app/orders/7", headers: navigation).status == 405)
    #expect(try await rig.send("GET", "/other/7", headers: navigation).status == 404)
  }

  @Test(arguments: ["POST", "PUT", "DELETE", "PATCH", "BREW"])
  func otherMethodsAreNotAllowed(_ method: String) async throws {
    let response = try await rig.send(method, "/about/")
    #expect(response.status == 405)
    #expect(response.headers["allow"] == "GET, HEAD, OPTIONS")
  }

  @Test func servesTheDocumentWithoutItsInside() async throws {
    let response = try await rig.send("GET", "/openapi.json")
    #expect(response.status == 200)
    #expect(response.json?["openapi"]?.string == "3.1.0")
    #expect(!response.text.contains("x-amazon-apigateway-integration"))
  }

  @Test func aRebuildIsSwappedIn() async throws {
    let next = try Rig.site(extra: [("new/index.html", "<h1>New</h1>")])
    #expect(try await rig.send("GET", "/new/").status == 404)
    try rig.gateway.site.replace(with: next)
    #expect(try await rig.send("GET", "/new/").text == "<h1>New</h1>")
  }

  @Test func aPageOnARouteIsRefused() throws {
    for key in ["login/index.html", "api/v1/x.html", "Prod/index.html", "openapi.json"] {
      let site = try Rig.site(extra: [(key, "x")])
      #expect(throws: DiagnosticList.self) { try rig.gateway.site.replace(with: site) }
      #expect(throws: DiagnosticList.self) { try Rig(site: site) }
    }
  }

  @Test func aBundleBeyondTheBoundIsRefused() throws {
    let entry = BundleEntry(
      key: "big.bin", kind: .file, sha256: String(repeating: "a", count: 64), bytes: 2_000,
      contentType: "application/octet-stream", cacheControl: "no-cache", headerGroup: "")
    #expect(throws: Diagnostic.self) {
      try StaticSite(manifest: BundleManifest(entries: [entry]), limit: 1_000) { _, _ in [] }
    }
  }

  @Test func pagesOpenedByAddressMoveToTheName() async throws {
    let rig = try Rig(configure: { $0.canonicalOrigin = "http://localhost:8080" })
    let navigation = [("Sec-Fetch-Mode", "navigate")]
    let response = try await rig.send(
      "GET", "/about/?a=1", host: "127.0.0.1:8080", headers: navigation)
    #expect(response.status == 307)
    #expect(response.headers["location"] == "http://localhost:8080/about/?a=1")
    #expect(try await rig.send("GET", "/about/", host: "127.0.0.1:8080").status == 200)
    #expect(try await rig.send("GET", "/api/v1/check", host: "127.0.0.1:8080").status == 200)
  }

  @Test func unknownHostsAreMisdirected() async throws {
    let rig = try Rig(configure: { $0.hosts = ["example.org"] })
    #expect(try await rig.send("GET", "/", host: "example.org").status == 200)
    #expect(try await rig.send("GET", "/", host: "evil.example").status == 421)
    #expect(try await rig.send("GET", "/", host: "localhost:8080").status == 200)
  }
}

extension Sequence {
  func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
    var results: [Result] = []
    for element in self { results.append(try await transform(element)) }
    return results
  }
}
