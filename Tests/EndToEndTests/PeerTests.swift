import Foundation
import TestSupport
import Testing

/// The binary against a browser, S3, CloudFront and OAuth clients, all on loopback. Where a peer is
/// not installed, its test is skipped by name.
@Suite("Peers", .serialized)
struct PeerTests {
  @Test(.enabled(if: Binary.hasChromium, "Chromium or Playwright is not installed"))
  func `the site in Chromium`() throws {
    let server = try RunningServer()
    try PeerScript.run(
      "browser.py", ["--origin", server.origin, "--out", "\(PeerScript.artefacts)/browser"])
    #expect(server.stop() == 0)
  }

  @Test(.enabled(if: Binary.hasChromium, "Chromium or Playwright is not installed"))
  func `sign-up, trade and sign-out in Chromium`() throws {
    let server = try RunningServer()
    try PeerScript.run(
      "trade.py", ["--origin", server.origin, "--out", "\(PeerScript.artefacts)/trade"])
    #expect(server.stop() == 0)
  }

  @Test(.enabled(if: Binary.hasPython, "the Python tools are not installed"))
  func `sync to SeaweedFS and CloudFront by moto`() throws {
    let folder = try TemporaryFolder()
    let built = try Binary.run(["build", "--out", "\(folder.path)/dist"])
    #expect(built.status == 0, "\(built.errors)")
    try PeerScript.run(
      "sync_e2e.py",
      ["--portico", Binary.path, "--out", "\(folder.path)/sync", "--bundle", "\(folder.path)/dist"])
  }

  @Test(.enabled(if: Binary.hasPython, "the Python tools are not installed"))
  func `OAuth clients`() throws {
    let server = try RunningServer()
    try PeerScript.run("oauth_flow.py", ["--origin", server.origin])
    #expect(server.stop() == 0)
  }

  @Test(.enabled(if: Binary.hasPython, "the Python tools are not installed"))
  func `tokens of Cognito by moto`() throws {
    let folder = try TemporaryFolder()
    try PeerScript.run("cognito_tokens.py", ["--portico", Binary.path, "--out", folder.path])
  }
}
