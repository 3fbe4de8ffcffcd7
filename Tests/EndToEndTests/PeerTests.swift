import Foundation
import TestSupport
import Testing

/// The binary against a browser, S3, CloudFront and OAuth clients, all on loopback. Where a peer is
/// not installed, its test is skipped by name.
@Suite("Peers", .serialized)
struct PeerTests {
  static let scripts = Repository.root.appendingPathComponent("Tests/EndToEndTests/Scripts").path
  static let artefacts = Repository.root.appendingPathComponent(".build-tools/artefacts").path

  /// Runs a script; each of its lines is a check, and the exit code says whether all passed.
  private func script(_ name: String, _ arguments: [String]) throws {
    try FileManager.default.createDirectory(
      atPath: Self.artefacts, withIntermediateDirectories: true)
    let result = try Binary.run(
      ["\(Self.scripts)/\(name)"] + arguments, program: Binary.python)
    let failed = result.output.split(separator: "\n").filter {
      $0.contains(#""ok": false"#) || $0.contains(#""ok":false"#)
    }
    #expect(
      result.status == 0 && failed.isEmpty,
      "\(name): \(failed.joined(separator: "\n"))\n\(result.errors.suffix(2000))")
  }

  @Test(.enabled(if: Binary.hasChromium, "Chromium or Playwright is not installed"))
  func `the site in Chromium`() throws {
    let server = try RunningServer()
    try script("browser.py", ["--origin", server.origin, "--out", "\(Self.artefacts)/browser"])
    #expect(server.stop() == 0)
  }

  @Test(.enabled(if: Binary.hasChromium, "Chromium or Playwright is not installed"))
  func `sign-up, trade and sign-out in Chromium`() throws {
    let server = try RunningServer()
    try script("trade.py", ["--origin", server.origin, "--out", "\(Self.artefacts)/trade"])
    #expect(server.stop() == 0)
  }

  @Test(.enabled(if: Binary.hasPython, "the Python tools are not installed"))
  func `sync to SeaweedFS and CloudFront by moto`() throws {
    let folder = try TemporaryFolder()
    let built = try Binary.run(["build", "--out", "\(folder.path)/dist"])
    #expect(built.status == 0, "\(built.errors)")
    try script(
      "sync_e2e.py",
      ["--portico", Binary.path, "--out", "\(folder.path)/sync", "--bundle", "\(folder.path)/dist"])
  }

  @Test(.enabled(if: Binary.hasPython, "the Python tools are not installed"))
  func `OAuth clients`() throws {
    let server = try RunningServer()
    try script("oauth_flow.py", ["--origin", server.origin])
    #expect(server.stop() == 0)
  }
}
