import HTTPExchange
import NIOCore
import Synchronization

/// The head of a stored answer as bytes, made anew when its age has changed: once a second at most.
final class StoredHead: Sendable {
  private struct Made {
    var age: Int
    /// Nil where the fields must be looked at one by one.
    var bytes: ByteBuffer?
  }

  private let made = Mutex<Made?>(nil)

  /// Status line, stored fields, `Age` and the status of a hit; nil where later stages may have to
  /// change what is stored.
  func bytes(_ stored: StoredResponse, age: Int, status: @autoclosure () -> String?)
    -> ByteBuffer?
  {
    made.withLock { made in
      if let made, made.age == age { return made.bytes }
      let bytes = Self.make(stored, age: age, status: status())
      made = Made(age: age, bytes: bytes)
      return bytes
    }
  }

  private static func make(_ stored: StoredResponse, age: Int, status: String?) -> ByteBuffer? {
    guard stored.status == 200, stored.headers.contains("date") else { return nil }
    var buffer = ByteBuffer()
    buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
    for field in stored.headers.fields where !equalsIgnoringCase(field.name, "age") {
      guard isSettled(field) else { return nil }
      buffer.writeString(field.name)
      buffer.writeStaticString(": ")
      buffer.writeString(field.value)
      buffer.writeStaticString("\r\n")
    }
    buffer.writeString("age: \(age)\r\n")
    if let status { buffer.writeString("cache-status: \(status)\r\n") }
    return buffer
  }

  /// Whether nobody changes the field on its way and the listener would write it as it is.
  private static func isSettled(_ field: HeaderFields.Field) -> Bool {
    let name = field.name.lowercased()
    let changed = [
      "vary", "ratelimit", "apigw-requestid", "connection", "keep-alive", "content-length",
      "transfer-encoding", "strict-transport-security", "cache-status",
    ]
    return !name.isEmpty && !changed.contains(name) && !name.hasPrefix("access-control-")
      && name.utf8.allSatisfy {
        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
      }
      && field.value.utf8.allSatisfy { (0x20...0x7E).contains($0) }
  }
}
