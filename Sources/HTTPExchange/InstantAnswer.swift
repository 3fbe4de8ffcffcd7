import NIOCore

/// A read that says nothing unusual: no TLS, no body, no condition, no range, no forwarding to judge.
///
/// Most requests for files are such; they are answered without making a `Request` of them.
package struct PlainRead: Sendable {
  /// The target as received: visible ASCII, decoded nowhere yet.
  package let target: String
  /// The host with its port, in lower case.
  package let authority: String
  /// The joined `Accept-Encoding`, if any.
  package let acceptEncoding: String?

  package init(target: String, authority: String, acceptEncoding: String?) {
    self.target = target
    self.authority = authority
    self.acceptEncoding = acceptEncoding
  }

  /// The host without the port.
  package var host: String { Request.host(of: authority) }
}

/// An answer that lies ready: its head as bytes but for date and connection, and its body. One
/// object for each file, so that whoever sends it may remember what it made of it.
package final class InstantAnswer: Sendable {
  package let status: Int
  package let head: PreparedHead
  package let body: ByteBuffer

  package init(status: Int, head: PreparedHead, body: ByteBuffer) {
    self.status = status
    self.head = head
    self.body = body
  }
}

extension Edge {
  /// An edge without answers that lie ready.
  package func instant(_ read: PlainRead) -> InstantAnswer? { nil }

  /// What instant answers are to everyone who keeps no shorter record of them.
  package func answered(
    _ answer: InstantAnswer, bytesOut: Int, nanoseconds: Int, _ exchange: () -> CompletedExchange
  ) {
    completed(exchange())
  }
}
