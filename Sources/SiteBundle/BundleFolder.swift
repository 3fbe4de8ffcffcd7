import CRenameExchange
import Cryptography
import Diagnostics
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// The only place that touches `dist/` on disk: reads through the manifest, writes beside and swaps.
package struct BundleFolder: Sendable {
  /// Path of the folder.
  package let path: String

  package init(path: String) { self.path = path }

  /// Where the manifest lies below the folder.
  package static let manifestKey = ".portico/manifest.json"

  /// Reads the manifest.
  package func readManifest() throws(Diagnostic) -> BundleManifest {
    let file = "\(path)/\(Self.manifestKey)"
    guard let data = FileManager.default.contents(atPath: file) else {
      throw Diagnostic(
        .manifestUnreadable, "there is no bundle at '\(path)'", at: Place(file: file),
        remedy: "run 'portico build', or name the folder of a bundle")
    }
    return try BundleManifest(decoding: [UInt8](data), file: file)
  }

  /// Reads the bytes of a key and holds them against the digest that the manifest states.
  package func read(_ key: String, sha256: String) throws(Diagnostic) -> [UInt8] {
    let file = "\(path)/\(key)"
    guard let data = FileManager.default.contents(atPath: file) else {
      throw Diagnostic(
        .bundleDamaged, "the bundle's file '\(key)' is missing", at: Place(file: file),
        remedy: "run 'portico build' again")
    }
    let bytes = [UInt8](data)
    guard SHA256.hash(bytes).hex == sha256 else {
      throw Diagnostic(
        .bundleDamaged, "the bundle's file '\(key)' is not what the manifest says",
        at: Place(file: file), remedy: "run 'portico build' again; do not edit the bundle by hand")
    }
    return bytes
  }

  /// Starts a new bundle beside the folder; nothing is seen until `publish()`.
  package func stage() throws(Diagnostic) -> StagedBundle {
    try StagedBundle(final: path)
  }
}

/// A bundle being written beside the one that is in use.
package struct StagedBundle: Sendable {
  private let final: String
  private let staging: String

  init(final: String) throws(Diagnostic) {
    self.final = final
    let trimmed = final.hasSuffix("/") ? String(final.dropLast()) : final
    staging = "\(trimmed).staging-\(getpid())"
    do {
      try? FileManager.default.removeItem(atPath: staging)
      try FileManager.default.createDirectory(atPath: staging, withIntermediateDirectories: true)
    } catch {
      throw Self.unwritable(final, error)
    }
  }

  /// Writes one file below the staging folder.
  ///
  /// Without fsync(2), which Foundation calls for every file and which costs more than the rest of a
  /// build: a bundle can be built again, and its digests tell a torn file.
  package func write(_ key: String, _ bytes: [UInt8]) throws(Diagnostic) {
    let file = "\(staging)/\(key)"
    var descriptor = Self.create(file)
    if descriptor < 0, errno == ENOENT {
      do {
        let folder = String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)])
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw Self.unwritable(file, error)
      }
      descriptor = Self.create(file)
    }
    guard descriptor >= 0 else { throw Self.unwritable(file, POSIXFailure(code: errno)) }
    defer { close(descriptor) }
    let failed = bytes.withUnsafeBytes { buffer -> Int32 in
      var written = 0
      while written < buffer.count, let base = buffer.baseAddress {
        let count = Glibc.write(descriptor, base + written, buffer.count - written)
        if count < 0 { return errno }
        written += count
      }
      return 0
    }
    if failed != 0 { throw Self.unwritable(file, POSIXFailure(code: failed)) }
  }

  private static func create(_ file: String) -> Int32 {
    open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  }

  /// Makes the staged bundle the bundle in one step and removes the old one.
  package func publish() throws(Diagnostic) {
    try write(".gitignore", Array("*\n!.gitignore\n".utf8))
    if access(final, F_OK) != 0 {
      if rename(staging, final) == 0 { return }
      throw failure()
    }
    // RENAME_EXCHANGE swaps two folders atomically (renameat2(2)); file systems without it get two
    // renames, between which the folder is missing for an instant.
    if portico_rename_exchange(staging, final) != 0 {
      let old = "\(staging).old"
      guard rename(final, old) == 0 else { throw failure() }
      guard rename(staging, final) == 0 else {
        rename(old, final)
        throw failure()
      }
      try? FileManager.default.removeItem(atPath: old)
      return
    }
    try? FileManager.default.removeItem(atPath: staging)
  }

  /// Removes what was staged, after a failure.
  package func discard() { try? FileManager.default.removeItem(atPath: staging) }

  private func failure() -> Diagnostic {
    let reason = String(cString: strerror(errno))
    discard()
    return Diagnostic(
      .outputUnwritable, "the output folder '\(final)' cannot be replaced: \(reason)",
      at: Place(file: final), remedy: "make it and its parent writable, or choose another by --out")
  }

  private static func unwritable(_ file: String, _ error: any Error) -> Diagnostic {
    let reason = (error as? POSIXFailure)?.reason ?? error.localizedDescription
    return Diagnostic(
      .outputUnwritable, "'\(file)' cannot be written: \(reason)",
      at: Place(file: file), remedy: "make it and its parent writable, or choose another by --out")
  }
}

/// What a system call said.
private struct POSIXFailure: Error {
  let code: Int32
  var reason: String { String(cString: strerror(code)) }
}
