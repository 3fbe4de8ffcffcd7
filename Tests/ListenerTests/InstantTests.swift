import HTTPExchange
import Listener
import NIOCore
import Synchronization
import TestSupport
import Testing
import Time

/// Answers that lie ready: who gets them, and that they are reported and end like any other.
@Suite("Instant answers on a connection")
struct InstantTests {
  /// Answers every plain read at once and everything else the usual way.
  private final class ReadyEdge: Edge {
    private let answer = InstantAnswer(
      status: 200, head: PreparedHead(status: 200, headers: HeaderFields(), length: 5),
      body: ByteBuffer(string: "ready"))
    private let large = InstantAnswer(
      status: 200, head: PreparedHead(status: 200, headers: HeaderFields(), length: 100_000),
      body: ByteBuffer(repeating: 0x61, count: 100_000))
    let finished = Mutex<[CompletedExchange]>([])

    func instant(_ read: PlainRead) -> InstantAnswer? { read.target == "/large" ? large : answer }

    func decide(_ request: Request, _ context: RequestContext) -> Decision {
      .answer(Response(text: "decided \(request.method) \(request.target.path)"))
    }

    func completed(_ exchange: CompletedExchange) { finished.withLock { $0.append(exchange) } }

    func transportError(status: Int, message: String, context: RequestContext?) -> Response {
      Response(status: status, text: message)
    }
  }

  private func withReady(_ body: (Int, ReadyEdge) async throws -> Void) async throws {
    var settings = ListenerSettings()
    settings.port = 0
    settings.threads = 1
    settings.limits.drainTimeoutMS = 500
    settings.limits.drainIdleMS = 0
    let edge = ReadyEdge()
    let listener = try await Listener.start(settings, edge: edge, clock: SystemClock())
    do {
      try await body(listener.port, edge)
    } catch {
      await listener.drain()
      throw error
    }
    await listener.drain()
  }

  @Test func `plain reads are answered in turn on one connection and reported`() async throws {
    try await withReady { port, edge in
      let client = try #require(RawClient(port: port))
      client.send("GET /a HTTP/1.1\r\nHost: a\r\nUser-Agent: tests\r\n\r\n")
      #expect(client.readAnswer().hasSuffix("\r\n\r\nready"))
      client.send(String(repeating: "GET /b HTTP/1.1\r\nHost: a\r\n\r\n", count: 3))
      client.send("GET /c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      let rest = client.readToEnd()
      #expect(rest.split(separator: "\r\n\r\nready").count == 4)
      #expect(rest.hasSuffix("decided GET /c"))
      let first = try #require(edge.finished.withLock { $0.first })
      #expect(first.path == "/a" && first.userAgent == "tests" && first.status == 200)
      #expect(first.bytesOut == 5 && first.context.requestID.utf8.count == 15)
      #expect(edge.finished.withLock { $0.count } == 5)
    }
  }

  @Test func `a large one comes whole`() async throws {
    try await withReady { port, _ in
      let client = try #require(RawClient(port: port))
      client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(client.readAnswer().utf8.count > 100_000)
    }
  }

  @Test(arguments: [
    "Range: bytes=0-1", "If-None-Match: \"x\"", "If-Modified-Since: x", "Connection: close",
    "Connection: keep-alive, x", "Expect: 100-continue", "Content-Length: 0",
    "Accept-Encoding: gzip\r\naccept-encoding: br", "Upgrade: websocket",
  ])
  func `a read that says more is looked at closely`(fields: String) async throws {
    try await withReady { port, _ in
      let client = try #require(RawClient(port: port))
      client.send("GET /a HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n")
      #expect(client.readAnswer().contains("decided GET /a"))
    }
  }

  @Test(arguments: [
    "HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a HTTP/1.0\r\nHost: a\r\n\r\n",
    "GET /a HTTP/1.1\r\nHost: A\r\n\r\n", "POST /a HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /a HTTP/1.1\r\n\r\n",
    "GET /a HTTP/1.1\r\nHost: a b\r\n\r\n",
  ])
  func `another method, version or host goes the usual way`(head: String) async throws {
    try await withReady { port, _ in
      let client = try #require(RawClient(port: port))
      client.send(head)
      #expect(!client.readAnswer().contains("\r\n\r\nready"))
    }
  }
}
