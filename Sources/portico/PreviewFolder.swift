import Diagnostics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A folder for a preview's bundle that no other preview of the project uses: their origins differ,
/// and so do their pages. It is free again when the process ends, however.
final class PreviewFolder: Sendable {
  let path: String
  private let lock: CInt

  /// Previews of one project at once.
  private static let most = 64

  /// Takes the first folder that is free.
  init(below cache: String = ".build-cache") throws(Diagnostic) {
    mkdir(cache, 0o755)
    for number in 1...Self.most {
      let path = number == 1 ? "\(cache)/preview" : "\(cache)/preview-\(number)"
      let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard lock >= 0 else { break }
      if flock(lock, LOCK_EX | LOCK_NB) == 0 {
        self.path = path
        self.lock = lock
        return
      }
      close(lock)
    }
    throw Diagnostic(
      .previewFolder, "no folder for a preview could be taken below '\(cache)'",
      at: Place(file: cache),
      remedy: "end previews of this project, or make the folder writable")
  }

  deinit { close(lock) }
}

extension DiagnosticCode {
  /// No folder for a preview's bundle could be taken.
  static let previewFolder: DiagnosticCode = "S012"
}
