import Foundation
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
      name: "Connection lists X-Forwarded-For",
      bytes: "GET /e HTTP/1.1\r\n\(host)Connection: X-Forwarded-For\r\n\r\n", status: 400),
    Row(
      name: "Connection lists Host",
      bytes: "GET /e HTTP/1.1\r\n\(host)Connection: keep-alive, host\r\n\r\n", status: 400),
    Row(
      name: "Connection lists Cookie",
      bytes: "GET /e HTTP/1.1\r\n\(host)Connection: Cookie\r\nCookie: a=b\r\n\r\n", status: 400),
    Row(
      name: "unknown expectation",
      bytes: "POST /e HTTP/1.1\r\n\(host)Expect: 200-ok\r\nContent-Length: 1\r\n\r\na", status: 417),
    Row(
      name: "body over the limit by its length",
      bytes: "POST /e HTTP/1.1\r\n\(host)Content-Length: 2000\r\n\r\n", status: 413),
  ]

  /// More spellings of the same rows, and of the path rules of §4.3.
  static let spellings: [Row] =
    ["", "-1", "0x4", "4,4", "4 4", "99999999999999999999"].map {
      Row(
        name: "Content-Length '\($0)'",
        bytes: "POST /e HTTP/1.1\r\n\(host)Content-Length: \($0)\r\n\r\nabcd", status: 400)
    }
    + ["chunked\r\nTransfer-Encoding: chunked", "chunked, chunked", "\u{0B}chunked"].map {
      Row(
        name: "Transfer-Encoding '\($0)'",
        bytes: "POST /e HTTP/1.1\r\n\(host)Transfer-Encoding: \($0)\r\n\r\n0\r\n\r\n", status: 400)
    }
    + ["gzip, chunked", "identity"].map {
      Row(
        name: "Transfer-Encoding '\($0)'",
        bytes: "POST /e HTTP/1.1\r\n\(host)Transfer-Encoding: \($0)\r\n\r\n0\r\n\r\n", status: 501)
    }
    + [
      "-1\r\na\r\n", "\r\n", "1\r\nab\r\n0\r\n\r\n", "1\na\r\n0\r\n\r\n", "1;a\nb\r\na\r\n",
      "1;a\0\r\na\r\n", "1 1\r\na\r\n", "1\r\na\n0\r\n\r\n", "0\r\nX : y\r\n\r\n",
      "0\r\nno colon\r\n\r\n",
      "1;\(String(repeating: "x", count: 2_000))\r\na\r\n0\r\n\r\n",
      String(repeating: "1;\(String(repeating: "x", count: 900))\r\na\r\n", count: 20)
        + "0\r\n\r\n",
      "0\r\n\(String(repeating: "T: \(String(repeating: "x", count: 900))\r\n", count: 20))\r\n",
    ].map {
      Row(
        name: "chunks \($0.prefix(30).debugDescription)",
        bytes: "POST /e HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n\($0)", status: 400)
    }
    + ["X-A: b\nX-C: d", "X-A: b\r\n\tc", ": b", "X-A", "X\0A: b", "X-Ä: b", "X-A: b\u{7F}"].map {
      Row(
        name: "field \($0.debugDescription)", bytes: "GET /e HTTP/1.1\r\n\(host)\($0)\r\n\r\n",
        status: 400)
    }
    + ["a b", "user@a", "a/b", "a,b", "a\"b"].map {
      Row(name: "Host '\($0)'", bytes: "GET /e HTTP/1.1\r\nHost: \($0)\r\n\r\n", status: 400)
    }
    + [
      "/a%5Cb", "/a\\b", "/a/../b", "/..", "/a/./b", "/a/.%2e/b", "/%2E%2E/b", "/a%0Ab", "/%ff",
      "/%c0%ae", "/%ed%a0%80", "/a%zz", "/a%", "a", "", "?x", "http://", "//", "/e?a#b",
      "ftp://localhost/e", "http://user@localhost/e",
    ].map {
      Row(
        name: "target '\($0)'", bytes: "GET \($0) HTTP/1.1\r\n\(host)\r\n", status: 400)
    }
    + [
      "GET /e\r\n\r\n", "GET /e http/1.1\r\n\(host)\r\n", "GET  /e HTTP/1.1\r\n\(host)\r\n",
      "GET /e  HTTP/1.1\r\n\(host)\r\n", "G\u{1}T /e HTTP/1.1\r\n\(host)\r\n", "\0\0\0\r\n\r\n",
      "\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}\r\n\r\n",
      "\(String(repeating: "A", count: 64)) /e HTTP/1.1\r\n\(host)\r\n",
    ].map { Row(name: "line \($0.prefix(30).debugDescription)", bytes: $0, status: 400) }
    + [
      Row(name: "HTTP/2 without TLS", bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: 505)
    ]

  @Test(arguments: refused + spellings)
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

  @Test(arguments: [
    ("a%252e%252e", "GET /a%252e%252e localhost"), ("A", "GET /A localhost"),
    ("caf%C3%A9", "GET /caf%C3%A9 localhost"), ("a//b", "GET /a//b localhost"),
    ("a;b=c", "GET /a;b=c localhost"), ("...", "GET /... localhost"),
  ])
  func `a path is neither decoded twice nor tidied`(path: String, expected: String) async throws {
    try await withListener { port, _ in
      let client = try #require(RawClient(port: port))
      client.send("GET /\(path) HTTP/1.1\r\n\(Self.host)\r\n")
      #expect(client.readAnswer().contains(expected))
    }
  }

  @Test func `empty lines before a request are read over`() async throws {
    try await withListener { port, _ in
      let client = try #require(RawClient(port: port))
      client.send("\r\n\r\nGET /e HTTP/1.1\r\n\(Self.host)\r\n")
      #expect(client.readAnswer().hasPrefix("HTTP/1.1 200"))
    }
  }

  /// What follows a refused or odd body on the connection is never taken for a request.
  @Test(arguments: [
    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "Content-Length: +0\r\n\r\n",
    "Content-Length: 0\r\nContent-Length: 44\r\n\r\n", "Transfer-Encoding : chunked\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
  ])
  func `nothing is smuggled behind it`(fields: String) async throws {
    try await withListener { port, edge in
      let client = try #require(RawClient(port: port))
      client.send(
        "POST /e HTTP/1.1\r\n\(Self.host)\(fields)GET /smuggled HTTP/1.1\r\n\(Self.host)\r\n")
      let answer = client.readToEnd()
      #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2, "\(answer)")
      #expect(!edge.seen.withLock { $0.contains { $0.contains("smuggled") } })
    }
  }

  @Test func `a trailer decides nothing`() async throws {
    try await withListener { port, _ in
      let client = try #require(RawClient(port: port))
      client.send(
        "POST /e HTTP/1.1\r\n\(Self.host)Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n"
          + "Content-Length: 40\r\nHost: evil.example\r\n\r\nGET /next HTTP/1.1\r\n\(Self.host)"
          + "Connection: close\r\n\r\n")
      let answer = client.readToEnd()
      #expect(answer.contains("POST /e localhost 127.0.0.1 [ab]"))
      #expect(answer.contains("GET /next localhost 127.0.0.1 []"))
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
