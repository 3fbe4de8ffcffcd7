import Cryptography
import Diagnostics
import SiteBundle
import Synchronization

/// Writes published files with their variants and remembers their entries.
final class Emitter: Sendable {
  private let write: @Sendable (String, [UInt8]) throws(Diagnostic) -> Void
  private let caches: [CompressionCache]
  private let entries = Mutex<[BundleEntry]>([])
  private let failure = Mutex<Diagnostic?>(nil)

  /// Names change with the bytes, so a copy is good for ever.
  static let assetCaching = "public, max-age=31536000, immutable"
  static let pageCaching = "public, max-age=0, must-revalidate"
  /// Five minutes: long enough to spare requests, short enough for a new icon.
  static let fileCaching = "public, max-age=300"

  init(
    caches: [CompressionCache],
    write: @escaping @Sendable (String, [UInt8]) throws(Diagnostic) -> Void
  ) {
    self.caches = caches
    self.write = write
  }

  /// Publishes one file; after a failure nothing more is written.
  func emit(_ key: String, _ kind: BundleEntry.Kind, _ bytes: [UInt8], type: String? = nil) {
    guard failure.withLock({ $0 == nil }) else { return }
    let sha256 = SHA256.hash(bytes).hex
    var encodings: [EncodedVariant] = []
    do throws(Diagnostic) {
      try write(key, bytes)
      for cache in MediaTypes.isCompressible(key) ? caches : [] {
        guard let packed = cache.variant(of: bytes, sha256: sha256) else { continue }
        let variant = key + cache.coder.suffix
        try write(variant, packed)
        encodings.append(
          EncodedVariant(
            coding: cache.coder.coding, key: variant, sha256: SHA256.hash(packed).hex,
            bytes: packed.count))
      }
    } catch {
      return failure.withLock { $0 = $0 ?? error }
    }
    let entry = BundleEntry(
      key: key, kind: kind, sha256: sha256, bytes: bytes.count,
      contentType: type ?? MediaTypes.type(of: key), cacheControl: Self.caching(kind, key),
      headerGroup: HeaderPolicy.group(of: key), encodings: encodings)
    entries.withLock { $0.append(entry) }
  }

  /// Writes a file that is not published.
  func writeHidden(_ key: String, _ bytes: [UInt8]) {
    do throws(Diagnostic) {
      try write(key, bytes)
    } catch {
      failure.withLock { $0 = $0 ?? error }
    }
  }

  private static func caching(_ kind: BundleEntry.Kind, _ key: String) -> String {
    switch kind {
    case .asset: assetCaching
    case .page: pageCaching
    // A new API address has to reach browsers with the next page.
    case .file: key == ConfigModule.key ? pageCaching : fileCaching
    case .index: fileCaching
    }
  }

  /// All entries, or the first failure.
  func finish() throws(Diagnostic) -> [BundleEntry] {
    if let failed = failure.withLock({ $0 }) { throw failed }
    return entries.withLock { $0 }
  }
}
