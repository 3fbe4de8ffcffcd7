import CBrotli
import CZlib

/// A content coding in which the build makes variants of what it publishes.
struct ContentCoder: Sendable {
  /// The name in `Content-Encoding`: `gzip`, `br`.
  let coding: String
  /// What is appended to the raw file's key.
  let suffix: String
  /// Name, version and level: another coder gives other bytes.
  let identity: String
  let compress: @Sendable ([UInt8]) -> [UInt8]?

  /// Bytes below which nothing is compressed, and what a variant has to save.
  static let leastBytes = 1_000
  static let leastSaving = 256

  /// The variant, or nil when it would not save a tenth and 256 bytes.
  func variant(of bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count >= Self.leastBytes else { return nil }
    let most = min(bytes.count - Self.leastSaving, bytes.count * 9 / 10)
    guard let packed = compress(bytes), packed.count <= most else { return nil }
    return packed
  }

  /// The coders of a build: gzip always, brotli unless its quality is 0.
  static func all(brotliQuality: Int) -> [ContentCoder] {
    brotliQuality > 0 ? [.gzip, .brotli(quality: brotliQuality)] : [.gzip]
  }
}

extension ContentCoder {
  /// gzip at level 9 with a header that says nothing about when and where it was made.
  static let gzip: ContentCoder = {
    let version = zlibVersion().map { String(cString: $0) } ?? "unknown"
    return ContentCoder(
      coding: "gzip", suffix: ".gz", identity: "zlib \(version) level 9", compress: deflated)
  }()

  @Sendable private static func deflated(_ bytes: [UInt8]) -> [UInt8]? {
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

  /// Brotli in text mode; 11 packs a tenth to a fifth tighter than gzip and takes fifty times as
  /// long, hence the cache by content.
  static func brotli(quality: Int) -> ContentCoder {
    let version = BrotliEncoderVersion()
    let name = "\(version >> 24).\(version >> 12 & 0xFFF).\(version & 0xFFF)"
    return ContentCoder(coding: "br", suffix: ".br", identity: "brotli \(name) level \(quality)") {
      bytes in
      let bound = BrotliEncoderMaxCompressedSize(bytes.count)
      var finished = false
      let packed = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
        var length = bound
        finished =
          BrotliEncoderCompress(
            Int32(quality), BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, bytes.count, bytes, &length,
            buffer.baseAddress) == BROTLI_TRUE
        count = finished ? length : 0
      }
      return finished ? packed : nil
    }
  }
}
