import Diagnostics
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

extension FileTree {
  /// Reads folders whole; hidden files, editors' leavings and what is too large are left out or told.
  package static func read(
    folders: [String], limit: Int, note: (Diagnostic) -> Void
  ) -> FileTree {
    var files: [String: [UInt8]] = [:]
    for folder in folders {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder),
        isFolder.boolValue
      else {
        note(
          Diagnostic(
            .sourceUnreadable, "there is no folder '\(folder)'", at: Place(file: folder),
            remedy: "create it, or name another in the settings"))
        continue
      }
      collect(folder, depth: 0, limit: limit, into: &files, note: note)
    }
    return FileTree(files)
  }

  private static func collect(
    _ folder: String, depth: Int, limit: Int, into files: inout [String: [UInt8]],
    note: (Diagnostic) -> Void
  ) {
    guard depth < 32, let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
    else { return }
    for name in names where !name.hasSuffix("~") {
      // One hidden folder is published: RFC 8615's.
      if name.hasPrefix("."), name != ".well-known" { continue }
      let path = "\(folder)/\(name)"
      var facts = stat()
      guard stat(path, &facts) == 0 else { continue }
      switch facts.st_mode & S_IFMT {
      case S_IFDIR: collect(path, depth: depth + 1, limit: limit, into: &files, note: note)
      case S_IFREG:
        if Int(facts.st_size) > limit {
          note(
            Diagnostic(
              .sourceUnreadable, "the file has \(facts.st_size) bytes, more than \(limit)",
              at: Place(file: path), remedy: "raise build.source_bytes, or keep it elsewhere"))
        } else if let bytes = readFile(path, size: Int(facts.st_size)) {
          files[path] = bytes
        } else {
          note(
            Diagnostic(
              .sourceUnreadable, "the file cannot be read", at: Place(file: path),
              remedy: "make it readable"))
        }
      default: continue
      }
    }
  }

  private static func readFile(_ path: String, size: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        guard let base = buffer.baseAddress else { break }
        let got = Glibc.read(descriptor, base + count, size - count)
        if got <= 0 {
          failed = got < 0
          break
        }
        count += got
      }
    }
    return failed ? nil : bytes
  }
}
