import Cryptography
import Foundation

/// The cache of a coder as one file: records of digest, length, check and bytes.
extension CompressionCache {
  private static let magic = Array("portico-pack-1\n".utf8)
  private static let bytesMost = 1 << 30

  private static func file(_ folder: String, _ coder: ContentCoder) -> String {
    "\(folder)/\(coder.identity.replacing(" ", with: "-")).pack"
  }

  /// Reads the cache of a folder; whatever is damaged is made anew.
  static func read(folder: String, _ coder: ContentCoder) -> CompressionCache {
    guard !folder.isEmpty, let data = FileManager.default.contents(atPath: file(folder, coder)),
      data.count < bytesMost
    else { return CompressionCache(coder) }
    let bytes = [UInt8](data)
    guard bytes.starts(with: magic) else { return CompressionCache(coder) }
    var known: [String: [UInt8]] = [:]
    var at = magic.count
    while at + 44 <= bytes.count {
      let digest = Hex.encode(Array(bytes[at..<at + 32]))
      let length = bytes[at + 32..<at + 36].reduce(0) { $0 << 8 | Int($1) }
      let check = Array(bytes[at + 36..<at + 44])
      at += 44
      guard at + length <= bytes.count else { break }
      let packed = Array(bytes[at..<at + length])
      at += length
      if Array(SHA256.hash(packed).bytes.prefix(8)) == check { known[digest] = packed }
    }
    return CompressionCache(coder, known)
  }

  /// Writes what changed; a cache that cannot be written costs time, not the build.
  func write(folder: String) {
    guard !folder.isEmpty, let records = takeChanges() else { return }
    var out = Self.magic
    for (sha256, packed) in records {
      guard let digest = Hex.decode(sha256) else { continue }
      out += digest
      for shift in [24, 16, 8, 0] { out.append(UInt8(truncatingIfNeeded: packed.count >> shift)) }
      out += SHA256.hash(packed).bytes.prefix(8)
      out += packed
    }
    try? FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    try? Data(out).write(to: URL(fileURLWithPath: Self.file(folder, coder)), options: .atomic)
  }
}
