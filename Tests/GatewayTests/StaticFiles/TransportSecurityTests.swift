import HTTPExchange
import Listener
import NIOCore
import SiteBundle
import Testing

@testable import Gateway

/// `Strict-Transport-Security` goes out over TLS alone (RFC 6797 §7.2, §8.1).
@Suite("Fields for TLS") struct TransportSecurityTests {
  private static let field = "strict-transport-security"

  private static func rig() throws -> Rig {
    let entry = BundleEntry(
      key: "index.html", kind: .page, sha256: String(repeating: "a", count: 64), bytes: 2,
      contentType: "text/html", cacheControl: "no-cache", headerGroup: "page")
    let manifest = BundleManifest(
      entries: [entry],
      headerGroups: [
        "page": [HeaderPair("x-content-type-options", "nosniff")],
        "tls": [HeaderPair("Strict-Transport-Security", "max-age=600; includeSubDomains")],
      ])
    let site = try StaticSite(manifest: manifest, limit: 100) { _, _ in Array("ok".utf8) }
    return try Rig(site: site)
  }

  private static func send(_ rig: Rig, _ target: String, scheme: String) async throws -> Response {
    let request = Request(
      method: "GET", target: try RequestTarget(parsing: target), scheme: scheme,
      authority: "localhost:8080")
    let context = RequestContext(requestID: "R", sourceAddress: "192.0.2.1", clock: rig.clock)
    switch rig.gateway.decide(request, context) {
    case .answer(let response): return response
    case .handle(let work): return await work.run(.empty)
    }
  }

  @Test(
    "pages, errors, redirects and the API's answers",
    arguments: [
      "/", "/nowhere", "/index.html", "/api/v1/check", "/api/v1/nowhere", "/api/v1/throw",
    ])
  func everyAnswer(target: String) async throws {
    let rig = try Self.rig()
    #expect(try await Self.send(rig, target, scheme: "http").headers[Self.field] == nil)
    let secured = try await Self.send(rig, target, scheme: "https")
    #expect(secured.headers.values(Self.field) == ["max-age=600; includeSubDomains"])
    #expect(secured.prepared == nil)
  }

  @Test("a request that took too long or was too large has it too") func late() throws {
    let rig = try Self.rig()
    let request = Request(
      method: "GET", target: RequestTarget(path: "/api/v1/check"), scheme: "https",
      authority: "localhost:8080")
    let context = RequestContext(requestID: "R", sourceAddress: "192.0.2.1", clock: rig.clock)
    #expect(rig.gateway.overdue(request, context).headers.contains(Self.field))
    let large = rig.gateway.transportError(
      status: 413, message: "Request Entity Too Large", of: request, context: context)
    #expect(large.headers.contains(Self.field))
  }

  @Test(
    "X-Forwarded-Proto counts from a configured range only",
    arguments: [(true, "https", true), (true, "http", false), (false, "https", false)])
  func forwarded(isTrusted: Bool, scheme: String, expected: Bool) async throws {
    let rig = try Self.rig()
    try await withSocket(
      rig,
      limits: {
        if isTrusted { $0.trustedProxies = [AddressRange("127.0.0.0/8")].compactMap(\.self) }
      }
    ) { socket in
      for target in ["/", "/api/v1/check"] {
        let answer = try socket.ask("GET", target, headers: [("X-Forwarded-Proto", scheme)])
        #expect((answer[Self.field] != nil) == expected, "\(target)")
      }
    }
  }
}
