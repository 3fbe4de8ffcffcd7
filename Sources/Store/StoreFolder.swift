// The folder that holds the files of a store.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension StoreFile {
  /// Makes the folder of the store with whatever is missing above it, for its owner alone.
  ///
  /// Whoever names a folder wants the store there, be it `serve` at its first start, an import or a
  /// backup that is restored on a new machine. What stands in the way is named itself.
  static func makeFolder(of path: String) throws { try make(folder(of: path)) }

  /// The folder that a path lies in.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func make(_ folder: String) throws {
    if mkdir(folder, 0o700) == 0 { return try syncFolder(of: folder) }
    switch errno {
    case EEXIST: return
    case ENOENT where self.folder(of: folder) != folder:
      try make(self.folder(of: folder))
      // Somebody may have made it meanwhile, which is as good.
      if mkdir(folder, 0o700) != 0, errno != EEXIST { throw unreadable(folder) }
      try syncFolder(of: folder)
    default: throw unreadable(folder)
    }
  }
}
