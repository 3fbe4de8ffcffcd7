/// Source files by path, in memory: what a build reads. Only `FileTree+Disk.swift` touches a disk.
package struct FileTree: Sendable {
  /// Bytes by path relative to the project, such as `site/layouts/base.html`.
  package private(set) var files: [String: [UInt8]]

  /// A tree of these files.
  package init(_ files: [String: [UInt8]] = [:]) { self.files = files }

  /// A tree of texts, for tests.
  package init(texts: [String: String]) { files = texts.mapValues { Array($0.utf8) } }

  /// The bytes of a path.
  package subscript(path: String) -> [UInt8]? {
    get { files[path] }
    set { files[path] = newValue }
  }

  /// Paths below a folder in order of bytes, so that every walk is the same everywhere.
  package func paths(under folder: String, ending: String = "") -> [String] {
    let prefix = folder + "/"
    return files.keys.filter { $0.hasPrefix(prefix) && $0.hasSuffix(ending) }.sorted()
  }
}
