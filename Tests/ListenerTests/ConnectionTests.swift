import Foundation
import HTTPExchange
import Listener
import Synchronization
import TestSupport
import Testing

/// One connection's life, through a real socket.
@Suite("Connections")
struct ConnectionTests {
  @Test func `pipelined requests are answered in order on one connection`() async throws {
    try await withListener { port, _ in
      let client = try #require(RawClient(port: port))
      client.send("GET /static HTTP/1.1\r\nHost: a\r\n\r\n")
      client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
      client.send("GET /y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      let answer = client.readToEnd()
      let first = try #require(answer.range(of: "static"))
      let second = try #require(answer.range(of: "POST /x a 127.0.0.1 [abc]"))
      let third = try #require(answer.range(of: "GET /y a 127.0.0.1 []"))
      #expect(first.lowerBound < second.lowerBound && second.lowerBound < third.lowerBound)
    }
  }

  @Test func `HEAD states the length and sends no body`() async throws {
    try await withListener { port, _ in
      let client = try #require(RawClient(port: port))
      client.send("HEAD /e HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      let answer = client.readToEnd()
      #expect(answer.contains("content-length: 22"))
      #expect(answer.hasSuffix("\r\n\r\n"))
    }
  }

  @Test func `a stream of unknown length is chunked and the connection is kept`() async throws {
    try await withListener { port, _ in
      let client = try #require(RawClient(port: port))
      client.send(
        "GET /stream HTTP/1.1\r\nHost: a\r\n\r\nGET /static HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
      )
      let answer = client.readToEnd()
      #expect(answer.contains("transfer-encoding: chunked"))
      #expect(answer.contains("6\r\npart1;\r\n6\r\npart2;\r\n6\r\npart3;\r\n0\r\n\r\n"))
      #expect(answer.hasSuffix("static"))
    }
  }

  @Test func `HTTP/1.0 gets a stream until the close`() async throws {
    try await withListener { port, _ in
      let client = try #require(RawClient(port: port))
      client.send("GET /stream HTTP/1.0\r\n\r\n")
      let answer = client.readToEnd()
      #expect(!answer.contains("chunked"))
      #expect(answer.hasSuffix("part1;part2;part3;"))
    }
  }

  @Test func `a streamed body reaches the handler whole`() async throws {
    try await withListener { port, _ in
      let client = try #require(RawClient(port: port))
      client.send("POST /feed HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n")
      client.send([UInt8](repeating: 65, count: 300_000))
      #expect(client.readAnswer().hasSuffix("fed 300000"))
    }
  }

  @Test func `Expect gets its 100 before the body is sent`() async throws {
    try await withListener { port, _ in
      let client = try #require(RawClient(port: port))
      client.send(
        "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
      #expect(client.readAnswer().hasPrefix("HTTP/1.1 100 Continue"))
      client.send("hi")
      #expect(client.readAnswer().contains("[hi]"))
    }
  }

  @Test func `a field with a line break never leaves`() async throws {
    try await withListener { port, _ in
      let client = try #require(RawClient(port: port))
      client.send("GET /split HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      let answer = client.readToEnd()
      #expect(answer.hasPrefix("HTTP/1.1 200"))
      #expect(!answer.contains("evil"))
    }
  }

  @Test func `a head that drips is answered 408 and closed`() async throws {
    try await withListener({ $0.limits.headTimeoutMS = 150 }) { port, _ in
      let client = try #require(RawClient(port: port))
      client.send("GET /e HTTP/1.1\r\nHost: a\r\nX-Drip: ")
      #expect(client.readToEnd().hasPrefix("HTTP/1.1 408"))
    }
  }

  @Test func `an idle connection is closed without a word`() async throws {
    try await withListener({ $0.limits.idleTimeoutMS = 150 }) { port, _ in
      let client = try #require(RawClient(port: port))
      #expect(client.readToEnd() == "")
    }
  }

  @Test func `a body slower than the rate is answered 408`() async throws {
    try await withListener({ $0.limits.bodyGraceMS = 150 }) { port, _ in
      let client = try #require(RawClient(port: port))
      client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nab")
      #expect(client.readToEnd().hasPrefix("HTTP/1.1 408"))
    }
  }

  @Test func `a handler that hangs is answered 503 and harms nobody`() async throws {
    try await withListener({ $0.limits.apiTimeoutMS = 200 }) { port, _ in
      let hanging = try #require(RawClient(port: port))
      hanging.send("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n")
      let other = try #require(RawClient(port: port))
      other.send("GET /static HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(other.readAnswer().hasSuffix("static"))
      #expect(hanging.readToEnd().hasPrefix("HTTP/1.1 503"))
    }
  }

  @Test func `connections beyond the bound are shed`() async throws {
    try await withListener({ $0.limits.connections = 1 }) { port, _ in
      let first = try #require(RawClient(port: port))
      first.send("GET /static HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(first.readAnswer().hasSuffix("static"))
      let second = try #require(RawClient(port: port))
      let answer = second.readToEnd()
      #expect(answer.hasPrefix("HTTP/1.1 503"))
      #expect(answer.contains("retry-after: 1"))
    }
  }

  @Test func `every exchange is reported once`() async throws {
    try await withListener { port, edge in
      let client = try #require(RawClient(port: port))
      client.send(
        "GET /static HTTP/1.1\r\nHost: a\r\n\r\nGET /e HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
      )
      _ = client.readToEnd()
      let statuses = edge.finished.withLock { $0.map(\.status) }
      #expect(statuses == [200, 200])
    }
  }

  @Test func `a client's address comes only from trusted peers`() async throws {
    let fields =
      "GET /e HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n"
    try await withListener { port, _ in
      let client = try #require(RawClient(port: port))
      client.send(fields)
      #expect(client.readToEnd().contains("127.0.0.1"))
    }
    let loopback = try #require(AddressRange("127.0.0.0/8"))
    try await withListener({ $0.trustedProxies = [loopback] }) { port, _ in
      let client = try #require(RawClient(port: port))
      client.send(fields)
      #expect(client.readToEnd().contains("203.0.113.9"))
    }
  }
}
