import HTTPExchange
import JSON
import NIOCore
import Testing
import Time

@testable import Gateway

/// Addresses and fields of upstreams; calls go to a socket of the test's own.
@Suite struct UpstreamTests {
  private static func context(_ parameters: [(name: String, value: String)] = []) -> RequestContext
  {
    var context = RequestContext(
      requestID: "REQ-1", sourceAddress: "2001:db8::7", clock: SystemClock())
    context.pathParameters = parameters
    context.trace = TraceContext(traceparent: "00-1-2-01", amazon: "Root=1-a-b")
    return context
  }

  @Test(arguments: [
    ("http://up.example/base", "/x?a=1", [], "http://up.example/base?a=1"),
    ("http://up.example/{proxy}", "/x", [("proxy", "a/b c")], "http://up.example/a/b%20c"),
    (
      "http://up.example/{id}?k=v", "/x?a=1", [("id", "ä#?")],
      "http://up.example/%C3%A4%23%3F?k=v&a=1"
    ),
  ])
  func fillsItsAddress(
    _ uri: String, _ target: String, _ parameters: [(name: String, value: String)], _ url: String
  ) throws {
    let request = Request(method: "GET", target: try RequestTarget(parsing: target))
    #expect(UpstreamTarget(uri).url(request, Self.context(parameters)) == url)
  }

  @Test(arguments: [
    "http://169.254.169.254/latest", "http://metadata.google.internal/", "http://[fe80::1]/",
    "http://user@up.example/",
  ])
  func metadataAddressesAreForbidden(_ uri: String) {
    #expect(UpstreamTarget.isForbidden(uri))
  }

  @Test func hopByHopFieldsStayHere() {
    let fields = HopByHop.endToEnd(
      HeaderFields([
        ("Connection", "close, X-Secret"), ("X-Secret", "1"), ("Keep-Alive", "5"), ("TE", "gzip"),
        ("Upgrade", "h2c"), ("Proxy-Connection", "x"), ("Accept", "*/*"),
      ]))
    #expect(fields.map(\.name) == ["Accept"])
  }

  private func withUpstream(
    _ answers: [String], _ work: (Rig, EchoUpstream) async throws -> Void
  ) async throws {
    let upstream = try await EchoUpstream(answers: answers)
    var settings = UpstreamSettings()
    settings.connectTimeoutMS = 300
    settings.idleTimeoutMS = 300
    let pool = UpstreamPool(settings, group: upstream.group)
    do {
      try await work(try Rig.proxy(to: upstream.port, pool, timeoutMS: 300), upstream)
    } catch {
      try await pool.shutdown()
      try await upstream.stop()
      throw error
    }
    try await pool.shutdown()
    try await upstream.stop()
  }

  @Test func passesARequestOn() async throws {
    let answer =
      "HTTP/1.1 201 Created\r\ncontent-length: 2\r\nx-a: 1\r\nconnection: keep-alive, x-b\r\n"
      + "x-b: 2\r\n\r\nok"
    try await withUpstream([answer]) { rig, upstream in
      let response = try await rig.send(
        "POST", "/api/v1/up/a/b?q=1",
        headers: [
          ("Content-Type", "text/plain"), ("Connection", "close"), ("X-Forwarded-For", "6.6.6.6"),
          ("x-amzn-oidc-data", "forged"),
        ], body: "hello")
      #expect(response.status == 201)
      #expect(response.text == "ok")
      #expect(response.headers["x-a"] == "1")
      #expect(response.headers["x-b"] == nil)
      #expect(response.headers["via"] == "1.1 portico")
      let received = try #require(upstream.received.first)
      #expect(received.hasPrefix("POST /a/b?q=1 HTTP/1.1\r\n"))
      #expect(received.hasSuffix("\r\n\r\nhello"))
      #expect(received.contains("x-forwarded-for: 192.0.2.1\r\n"))
      #expect(received.contains("forwarded: for=192.0.2.1;host=\"localhost:8080\";proto=http\r\n"))
      #expect(received.contains("via: 1.1 portico\r\n"))
      #expect(received.contains("x-amzn-trace-id: Root="))
      #expect(!received.contains("6.6.6.6"))
      #expect(!received.contains("forged"))
    }
  }

  @Test func streamsALongAnswer() async throws {
    let chunked =
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    try await withUpstream([chunked]) { rig, _ in
      let response = try await rig.send("GET", "/api/v1/up/x")
      #expect(response.headers["transfer-encoding"] == nil)
      guard case .stream(let stream) = response.body else {
        Issue.record("not streamed")
        return
      }
      let whole = try await Body.stream(stream).collect(upTo: 100)
      #expect(String(buffer: whole) == "abcde")
    }
  }

  @Test func asksOnceMoreWhenTheConnectionEnded() async throws {
    let good = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    try await withUpstream(["close", good]) { rig, upstream in
      let answer = try await rig.send("GET", "/api/v1/up/x")
      #expect(answer.status == 200)
      #expect(upstream.received.count == 2)
    }
    try await withUpstream(["close", good]) { rig, upstream in
      let answer = try await rig.send("POST", "/api/v1/up/x", body: "pay")
      #expect(answer.status == 503)
      #expect(upstream.received.count == 1)
    }
  }

  @Test func aSilentUpstreamIs503() async throws {
    try await withUpstream(["silence"]) { rig, _ in
      let response = try await rig.send("GET", "/api/v1/up/x")
      #expect(response.status == 503)
      #expect(response.json?["message"]?.string == "Service Unavailable")
    }
  }

  @Test func anUpstreamThatIsAwayIs503() async throws {
    try await withUpstream([]) { rig, upstream in
      try await upstream.close()
      let answer = try await rig.send("GET", "/api/v1/up/x")
      #expect(answer.status == 503)
    }
  }
}
