import HTTPExchange
import NIOCore
import Time

/// Response heads as bytes, with the date made once a second per event loop.
struct ResponseWriter {
  private var dateSecond = -1
  private var dateLine = ByteBuffer()

  /// How the body that follows is framed.
  enum Framing: Equatable {
    /// No body may follow: HEAD, 204, 304.
    case none
    case length(Int)
    case chunked
    /// Until the connection closes, for HTTP/1.0.
    case untilClose
  }

  /// Writes status line and fields, framing, date and connection, and the empty line.
  mutating func writeHead(
    _ response: Response, framing: Framing, keepAlive: Bool, isHTTP10: Bool, now: Timestamp,
    into buffer: inout ByteBuffer
  ) {
    if let prepared = response.prepared {
      buffer.writeImmutableBuffer(prepared.bytes)
    } else {
      if let opening = response.opening {
        buffer.writeImmutableBuffer(opening)
      } else if response.status == 200 {
        buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
      } else {
        buffer.writeString("HTTP/1.1 \(response.status) \(ReasonPhrase.of(response.status))\r\n")
      }
      for field in response.headers.fields where !Self.isFraming(field.name) {
        guard Self.isSafe(field) else { continue }
        buffer.writeString(field.name)
        buffer.writeStaticString(": ")
        buffer.writeString(field.value)
        buffer.writeStaticString("\r\n")
      }
      writeFraming(framing, response, into: &buffer)
    }
    // A stored answer keeps the date of its making (RFC 9111 §4.2.3): age is counted from it.
    if response.prepared != nil || (response.opening == nil && !response.headers.contains("date")) {
      writeDate(now, into: &buffer)
    }
    if !keepAlive {
      buffer.writeStaticString("connection: close\r\n")
    } else if isHTTP10 {
      buffer.writeStaticString("connection: keep-alive\r\n")
    }
    buffer.writeStaticString("\r\n")
  }

  /// Writes a head that lies ready, for a connection that is kept.
  mutating func writeHead(_ head: PreparedHead, now: Timestamp, into buffer: inout ByteBuffer) {
    buffer.writeImmutableBuffer(head.bytes)
    writeDate(now, into: &buffer)
    buffer.writeStaticString("\r\n")
  }

  private func writeFraming(_ framing: Framing, _ response: Response, into buffer: inout ByteBuffer)
  {
    switch framing {
    case .none:
      // A HEAD answer states the length that GET would have; 204 and 304 state none (RFC 9110 §8.6).
      if response.status != 204, response.status != 304,
        let length = response.headers["content-length"] ?? response.body.length.map(String.init)
      {
        Self.writeLength(length, into: &buffer)
      }
    case .length(let length): Self.writeLength(String(length), into: &buffer)
    case .chunked: buffer.writeStaticString("transfer-encoding: chunked\r\n")
    case .untilClose: break
    }
  }

  private static func writeLength(_ length: String, into buffer: inout ByteBuffer) {
    buffer.writeStaticString("content-length: ")
    buffer.writeString(length)
    buffer.writeStaticString("\r\n")
  }

  private mutating func writeDate(_ now: Timestamp, into buffer: inout ByteBuffer) {
    if now.seconds != dateSecond {
      dateSecond = now.seconds
      dateLine = ByteBuffer(string: "date: \(HTTPDate.format(now))\r\n")
    }
    buffer.writeImmutableBuffer(dateLine)
  }

  /// Fields that only the listener may set.
  private static func isFraming(_ name: String) -> Bool {
    switch name.utf8.count {
    case 10: equalsIgnoringCase(name, "connection") || equalsIgnoringCase(name, "keep-alive")
    case 14: equalsIgnoringCase(name, "content-length")
    case 17: equalsIgnoringCase(name, "transfer-encoding")
    default: false
    }
  }

  /// Response splitting ends here: a field with a line break or NUL is dropped (RFC 9110 §5.5).
  private static func isSafe(_ field: HeaderFields.Field) -> Bool {
    var (name, value) = (field.name, field.value)
    return !name.isEmpty && name.withUTF8 { $0.allSatisfy(ByteScan.isToken) }
      && value.withUTF8(ByteScan.isFieldValue)
  }
}
