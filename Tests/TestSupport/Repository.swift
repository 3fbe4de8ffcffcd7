import Foundation

/// The checkout that the tests run in.
package enum Repository {
  /// Its root.
  package static let root: URL = {
    var url = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url
  }()

  /// The folder of specifications and vectors beside the checkout; absent elsewhere.
  package static let shared = root.deletingLastPathComponent().appendingPathComponent("shared")

  /// The text of a file below the root.
  package static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// Paths below a folder, relative to the root, sorted; hidden folders and build folders are left out.
  package static func files(under folder: String, ending: String = "") -> [String] {
    let base = root.appendingPathComponent(folder)
    guard
      let walker = FileManager.default.enumerator(
        at: base, includingPropertiesForKeys: [.isRegularFileKey], options: [])
    else { return [] }
    var found: [String] = []
    for case let url as URL in walker {
      let path = String(url.path.dropFirst(root.path.count + 1))
      if path.contains("/.") || path.hasPrefix(".") { continue }
      guard (try? url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true,
        ending.isEmpty || path.hasSuffix(ending)
      else { continue }
      found.append(path)
    }
    return found.sorted()
  }
}

/// A folder that lives as long as its owner.
package final class TemporaryFolder: Sendable {
  /// Path of the folder.
  package let path: String

  package init() throws {
    let base = Repository.root.appendingPathComponent(".build-tools/tmp")
    let url = base.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
