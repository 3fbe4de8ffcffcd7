import Foundation
import TestSupport
import Testing

/// A script of `Scripts/` that talks to the binary with somebody else's client.
enum PeerScript {
  private static let folder = Repository.root
    .appendingPathComponent("Tests/EndToEndTests/Scripts").path
  /// Where screenshots and reports stay to be looked at.
  static let artefacts = Repository.root.appendingPathComponent(".build-tools/artefacts").path

  /// Runs a script; each of its lines is a check, and the exit code says whether all passed.
  static func run(_ name: String, _ arguments: [String] = []) throws {
    try FileManager.default.createDirectory(atPath: artefacts, withIntermediateDirectories: true)
    let result = try Binary.run(["\(folder)/\(name)"] + arguments, program: Binary.python)
    let failed = result.output.split(separator: "\n").filter {
      $0.contains(#""ok": false"#) || $0.contains(#""ok":false"#)
    }
    #expect(
      result.status == 0 && failed.isEmpty,
      "\(name): \(failed.joined(separator: "\n"))\n\(result.errors.suffix(2000))")
  }
}
