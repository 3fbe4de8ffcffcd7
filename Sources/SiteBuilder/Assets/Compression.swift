import CZlib
import Cryptography
import Synchronization

/// gzip at level 9 with a header that says nothing about when and where it was made.
enum Gzip {
  /// Name and version of the coder: another one gives other bytes.
  static let coder: String = {
    let version = zlibVersion().map { String(cString: $0) } ?? "unknown"
    return "zlib \(version) level 9"
  }()

  /// Bytes below which nothing is compressed, and what a variant has to save.
  static let leastBytes = 1_000
  static let leastSaving = 256

  /// The variant, or nil when it would not save a tenth and 256 bytes.
  static func variant(of bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count >= leastBytes else { return nil }
    let most = min(bytes.count - leastSaving, bytes.count * 9 / 10)
    guard let packed = compress(bytes), packed.count <= most else { return nil }
    return packed
  }

  static func compress(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = z_stream()
    // 15 bits of window plus 16 asks for the gzip wrapper (zlib.h, deflateInit2).
    guard
      deflateInit2_(
        &stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { deflateEnd(&stream) }
    var header = gz_header()
    header.os = 255
    let bound = Int(deflateBound(&stream, uLong(bytes.count)))
    return withUnsafeMutablePointer(to: &header) { header -> [UInt8]? in
      deflateSetHeader(&stream, header)
      var input = bytes
      var finished = false
      let packed = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
        input.withUnsafeMutableBufferPointer { source in
          stream.next_in = source.baseAddress
          stream.avail_in = uInt(source.count)
          stream.next_out = buffer.baseAddress
          stream.avail_out = uInt(buffer.count)
          finished = deflate(&stream, Z_FINISH) == Z_STREAM_END
          count = buffer.count - Int(stream.avail_out)
        }
      }
      return finished ? packed : nil
    }
  }
}

/// Compressed variants by the digest of their raw bytes, kept between builds.
final class CompressionCache: Sendable {
  private struct State {
    /// An empty value says that compressing does not help.
    var known: [String: [UInt8]] = [:]
    var used: Set<String> = []
    var hasNew = false
  }

  private let state = Mutex(State())

  init(_ known: [String: [UInt8]] = [:]) { state.withLock { $0.known = known } }

  /// The variant of some bytes, from memory or made now.
  func variant(of bytes: [UInt8], sha256: String) -> [UInt8]? {
    let known = state.withLock { state -> [UInt8]? in
      state.used.insert(sha256)
      return state.known[sha256]
    }
    if let known { return known.isEmpty ? nil : known }
    let made = Gzip.variant(of: bytes)
    state.withLock { state in
      state.known[sha256] = made ?? []
      state.hasNew = true
    }
    return made
  }

  /// What this build used, when it differs from what was read; then forgets the rest.
  func takeChanges() -> [(sha256: String, bytes: [UInt8])]? {
    state.withLock { state in
      let isSame = !state.hasNew && state.used.count == state.known.count
      let kept = state.known.filter { state.used.contains($0.key) }
      state.known = kept
      state.used = []
      state.hasNew = false
      if isSame { return nil }
      return kept.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
  }
}
