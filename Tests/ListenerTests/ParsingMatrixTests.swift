import HTTPExchange
import Listener
import Synchronization
import TestSupport
import Testing

/// The rows of the HTTP parsing matrix, each through a real socket: what must be refused is refused
/// before anything is dispatched, and the connection ends with it.
@Suite("HTTP/1.1 parsing matrix")
struct ParsingMatrixTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: String
    let status: Int
    var testDescription: String { name }
  }

  static let host = "Host: localhost\r\n"

  static let refused: [Row] = [
    Row(
      name: "Content-Length with Transfer-Encoding",
      bytes:
        "POST /e HTTP/1.1\r\n\(host)Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      status: 400),
    Row(
      name: "Transfer-Encoding chunked, identity",
      bytes: "POST /e HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
      status: 400),
    Row(
      name: "Transfer-Encoding xchunked",
      bytes: "POST /e HTTP/1.1\r\n\(host)Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", status: 501),
    Row(
      name: "HTTP/1.0 with Transfer-Encoding",
      bytes: "POST /e HTTP/1.0\r\n\(host)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", status: 400),
    Row(
      name: "two equal Content-Length",
      bytes: "POST /e HTTP/1.1\r\n\(host)Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
      status: 400),
    Row(
      name: "two different Content-Length",
      bytes: "POST /e HTTP/1.1\r\n\(host)Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      status: 400),
    Row(
      name: "Content-Length +4",
      bytes: "POST /e HTTP/1.1\r\n\(host)Content-Length: +4\r\n\r\nabcd", status: 400),
    Row(
      name: "space before the colon",
      bytes: "GET /e HTTP/1.1\r\n\(host)X-A : b\r\n\r\n", status: 400),
    Row(
      name: "folded field", bytes: "GET /e HTTP/1.1\r\n\(host)X-A: b\r\n c\r\n\r\n", status: 400),
    Row(name: "NUL in a field", bytes: "GET /e HTTP/1.1\r\n\(host)X-A: b\0c\r\n\r\n", status: 400),
    Row(name: "bare CR", bytes: "GET /e HTTP/1.1\r\n\(host)X-A: b\rc\r\n\r\n", status: 400),
    Row(name: "bare LF", bytes: "GET /e HTTP/1.1\n\(host)\r\n\r\n", status: 400),
    Row(
      name: "chunk size overflow",
      bytes: "POST /e HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na",
      status: 400),
    Row(
      name: "chunk size 0x2",
      bytes: "POST /e HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n",
      status: 400),
    Row(name: "no Host", bytes: "GET /e HTTP/1.1\r\n\r\n", status: 400),
    Row(
      name: "two Hosts", bytes: "GET /e HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", status: 400),
    Row(
      name: "absolute target against Host",
      bytes: "GET http://evil.example/e HTTP/1.1\r\n\(host)\r\n", status: 400),
    Row(name: "fragment in the target", bytes: "GET /e#f HTTP/1.1\r\n\(host)\r\n", status: 400),
    Row(name: "target //evil.com", bytes: "GET //evil.com/ HTTP/1.1\r\n\(host)\r\n", status: 400),
    Row(
      name: "encoded dot segments", bytes: "GET /a/%2e%2e/b HTTP/1.1\r\n\(host)\r\n", status: 400),
    Row(name: "encoded slash", bytes: "GET /a%2Fb HTTP/1.1\r\n\(host)\r\n", status: 400),
    Row(name: "encoded NUL", bytes: "GET /a%00b HTTP/1.1\r\n\(host)\r\n", status: 400),
    Row(name: "broken escape", bytes: "GET /a%2 HTTP/1.1\r\n\(host)\r\n", status: 400),
    Row(name: "raw space in the path", bytes: "GET /a b HTTP/1.1\r\n\(host)\r\n", status: 400),
    Row(name: "raw UTF-8 in the path", bytes: "GET /ä HTTP/1.1\r\n\(host)\r\n", status: 400),
    Row(name: "HTTP/1.2", bytes: "GET /e HTTP/1.2\r\n\(host)\r\n", status: 400),
    Row(
      name: "90 KB field",
      bytes: "GET /e HTTP/1.1\r\n\(host)X-A: \(String(repeating: "a", count: 90_000))\r\n\r\n",
      status: 431),
    Row(
      name: "100 KB target",
      bytes: "GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\n\(host)\r\n", status: 431),
    Row(
      name: "9 KB target",
      bytes: "GET /\(String(repeating: "a", count: 9_000)) HTTP/1.1\r\n\(host)\r\n", status: 414),
    Row(
      name: "2,000 fields",
      bytes: "GET /e HTTP/1.1\r\n\(host)\(String(repeating: "A: b\r\n", count: 2_000))\r\n",
      status: 431),
    Row(
      name: "Connection lists Authorization",
      bytes: "GET /e HTTP/1.1\r\n\(host)Connection: close, Authorization\r\n\r\n", status: 400),
    Row(
      name: "unknown expectation",
      bytes: "POST /e HTTP/1.1\r\n\(host)Expect: 200-ok\r\nContent-Length: 1\r\n\r\na", status: 417),
    Row(
      name: "body over the limit by its length",
      bytes: "POST /e HTTP/1.1\r\n\(host)Content-Length: 2000\r\n\r\n", status: 413),
  ]

  @Test(arguments: refused)
  func `is refused and closed`(row: Row) async throws {
    try await withListener { port, edge in
      let client = try #require(RawClient(port: port))
      client.send(row.bytes)
      let answer = client.readToEnd()
      #expect(answer.hasPrefix("HTTP/1.1 \(row.status) "), "\(answer.prefix(200))")
      #expect(answer.contains("connection: close"))
      if row.status != 413 {
        let handled = edge.finished.withLock { $0.contains { $0.status == 200 } }
        #expect(!handled, "a handler answered what must be refused")
      }
    }
  }

  @Test func `Connection's listed fields and close are honoured`() async throws {
    try await withListener { port, _ in
      let client = try #require(RawClient(port: port))
      client.send("GET /e HTTP/1.1\r\nHost: localhost\r\nConnection: close, X-User\r\n\r\n")
      #expect(client.readToEnd().hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test func `an absolute target of the same host is taken`() async throws {
    try await withListener { port, _ in
      let client = try #require(RawClient(port: port))
      client.send("GET http://localhost/e?x=1 HTTP/1.1\r\nHost: LOCALHOST\r\n\r\n")
      #expect(client.readAnswer().contains("GET /e?x=1 localhost"))
    }
  }

  @Test func `a chunk extension is read over and a trailer is dropped`() async throws {
    try await withListener { port, _ in
      let client = try #require(RawClient(port: port))
      client.send(
        "POST /e HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n0\r\nX-T: 1\r\n\r\n"
      )
      #expect(client.readAnswer().contains("[ab]"))
    }
  }
}
