import Foundation
import Testing

/// Golden files: compared as they are, rewritten by `UPDATE_GOLDEN=1`, which fails that run so that
/// recording can never pass for testing.
package enum Golden {
  /// Holds bytes against a file below the repository's root.
  package static func expect(
    _ bytes: [UInt8], equals path: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let url = Repository.root.appendingPathComponent(path)
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: url)
      Issue.record("rewrote \(path): look at the difference", sourceLocation: sourceLocation)
      return
    }
    let expected = try Data(contentsOf: url)
    #expect(
      String(decoding: bytes, as: UTF8.self) == String(decoding: expected, as: UTF8.self),
      "differs from \(path); UPDATE_GOLDEN=1 rewrites it", sourceLocation: sourceLocation)
  }
}
