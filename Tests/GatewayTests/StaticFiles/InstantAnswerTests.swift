import HTTPExchange
import NIOCore
import Testing

@testable import Gateway

/// An answer that lies ready is the answer that the usual way comes to.
@Suite("Instant answers") struct InstantAnswerTests {
  let rig: Rig

  init() throws { rig = try Rig() }

  @Test(arguments: ["localhost", "localhost:8080", "127.0.0.1:8080", "api.localhost", "evil.test"])
  func `are what decide says, or nothing`(authority: String) throws {
    let targets =
      rig.gateway.site.snapshot.paths
      + ["/api/v1/check", "/?x=1", "/%61bout/", "/nowhere", "/.portico/manifest.json"]
    var ready = 0
    for target in targets {
      for coding in ["gzip, deflate, br", "gzip", "identity", nil] {
        let read = PlainRead(target: target, authority: authority, acceptEncoding: coding)
        guard let instant = rig.gateway.instant(read) else { continue }
        ready += 1
        let request = Request(
          method: "GET", target: try RequestTarget(parsing: target), authority: authority,
          headers: HeaderFields(coding.map { [("accept-encoding", $0)] } ?? []))
        let context = RequestContext(requestID: "R", sourceAddress: "192.0.2.1", clock: rig.clock)
        guard case .answer(let response) = rig.gateway.decide(request, context) else {
          Issue.record("\(target) is no answer at once")
          continue
        }
        #expect(instant.status == response.status)
        #expect(instant.head.bytes == response.prepared?.bytes, "\(target)")
        #expect(instant.body == response.body.buffer, "\(target)")
      }
    }
    #expect(
      ready > 0 || authority == "api.localhost" || authority.hasPrefix("127.")
        || authority == "evil.test")
    if authority == "api.localhost" { #expect(ready == 0) }
  }
}
