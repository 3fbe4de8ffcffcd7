#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The two standard streams, written whole and unbuffered.
enum Terminal {
  /// Whether a person watches standard output.
  static let isInteractive = isatty(1) == 1

  static func write(_ text: String) { write(Array(text.utf8), to: 1) }

  static func writeError(_ text: String) { write(Array(text.utf8), to: 2) }

  static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var offset = 0
    bytes.withUnsafeBytes { buffer in
      while offset < buffer.count {
        let written = Glibc.write(
          descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
        if written < 0 {
          if errno == EINTR || errno == EAGAIN { continue }
          return
        }
        offset += written
      }
    }
  }
}
