import Cryptography
import Diagnostics
import Foundation
import Settings

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The one secret of the provider: 32 bytes that seal signing keys and make every MAC.
package struct MasterKey: Sendable {
  let bytes: [UInt8]

  /// Reads 32 bytes written as base64url, base64 or hexadecimal.
  package init(_ secret: Secret) throws(Diagnostic) {
    let text = secret.reveal().filter { !$0.isWhitespace }
    let read = Hex.decode(text) ?? Base64URL.decode(text) ?? Base64.decode(text)
    guard let read, read.count == 32 else {
      throw Diagnostic(
        .masterKeyMalformed, "the master key of the accounts is not 32 bytes",
        remedy: "make one with 'openssl rand -hex 32'")
    }
    bytes = read
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// A key that ends with the process, for tests.
  package static func random() -> MasterKey { MasterKey(bytes: SecureRandom.bytes(32)) }

  /// What serve uses: the secret that was given, and in preview a file that is made on first start.
  ///
  /// - Parameters:
  ///   - secret: `PORTICO_ACCOUNTS_MASTER_KEY` or the file of `accounts.master_key_file`.
  ///   - previewFile: such as `var/secrets/master.key`; nil in production.
  package static func resolve(_ secret: Secret?, previewFile: String?) throws -> MasterKey {
    if let secret { return try MasterKey(secret) }
    guard let previewFile else {
      throw Diagnostic(
        .masterKeyMissing, "there is no master key for the accounts",
        remedy: "set PORTICO_ACCOUNTS_MASTER_KEY or 'accounts.master_key_file' to 32 random bytes")
    }
    if let text = try? String(contentsOfFile: previewFile, encoding: .utf8) {
      return try MasterKey(Secret(text))
    }
    let key = random()
    try key.write(to: previewFile)
    return key
  }

  /// Writes the file so that no moment exists at which others may read it.
  private func write(to path: String) throws {
    let folder = (path as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(
      atPath: folder.isEmpty ? "." : folder, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    let line = Array("\(Hex.encode(bytes))\n".utf8)
    let made = descriptor >= 0 && writeAll(descriptor, line)
    if descriptor >= 0 {
      fsync(descriptor)
      close(descriptor)
    }
    guard made else {
      throw Diagnostic(
        .masterKeyMissing, "'\(path)' cannot be written",
        remedy: "make its folder writable, or set PORTICO_ACCOUNTS_MASTER_KEY")
    }
  }
}

/// The system's write, out of reach of the method of the same name.
private func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
  write(descriptor, bytes, bytes.count) == bytes.count
}
