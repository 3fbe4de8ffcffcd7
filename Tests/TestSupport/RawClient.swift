import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A TCP client that sends exactly the bytes it is given: for requests no library would send.
package final class RawClient {
  private let descriptor: Int32

  /// Connects to a port of 127.0.0.1; reads give up after `timeoutMS` of silence.
  package init?(port: Int, timeoutMS: Int = 5_000) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var timeout = timeval(tv_sec: timeoutMS / 1000, tv_usec: timeoutMS % 1000 * 1000)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if connected != 0 {
      close(descriptor)
      return nil
    }
  }

  deinit { close(descriptor) }

  /// Sends text as it is.
  package func send(_ text: String) { send(Array(text.utf8)) }

  /// Sends bytes as they are; a peer that has gone away is no error here.
  package func send(_ bytes: [UInt8]) {
    var offset = 0
    while offset < bytes.count {
      let sent = bytes.withUnsafeBytes {
        Glibc.send(
          descriptor, $0.baseAddress?.advanced(by: offset), bytes.count - offset,
          Int32(MSG_NOSIGNAL))
      }
      if sent <= 0 { return }
      offset += sent
    }
  }

  /// Says that nothing more will be sent.
  package func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Reads until the peer closes or falls silent.
  package func readToEnd() -> String {
    var collected: [UInt8] = []
    while let chunk = receive() { collected += chunk }
    return String(decoding: collected, as: UTF8.self)
  }

  /// Reads one answer with a `content-length`, and no byte more than needed.
  package func readAnswer() -> String {
    var collected: [UInt8] = []
    while let chunk = receive() {
      collected += chunk
      let text = String(decoding: collected, as: UTF8.self)
      guard let end = text.range(of: "\r\n\r\n") else { continue }
      let head = text[..<end.lowerBound].lowercased()
      guard let field = head.range(of: "content-length: ") else { return text }
      let length = Int(head[field.upperBound...].prefix { $0.isNumber }) ?? 0
      if text[end.upperBound...].utf8.count >= length { return text }
    }
    return String(decoding: collected, as: UTF8.self)
  }

  private func receive() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    return count > 0 ? Array(buffer[..<count]) : nil
  }
}
