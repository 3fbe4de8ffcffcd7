import Foundation
import TestSupport
import Testing

/// Store and accounts through the real binary: what reaches the disk, what a browser keeps, what the
/// provider says under load, and that no secret is left behind. Where a peer is not installed, its test
/// is skipped by name.
@Suite("Accounts end to end", .serialized)
struct AccountTests {
  private static let hasStrace = FileManager.default.isExecutableFile(atPath: "/usr/bin/strace")

  /// Runs a script that starts servers of its own.
  private func script(_ name: String, keeping artefacts: String? = nil) throws {
    let folder = try TemporaryFolder()
    let out = artefacts.map { "\(PeerScript.artefacts)/\($0)" } ?? "\(folder.path)/out"
    try? FileManager.default.removeItem(atPath: out)
    try PeerScript.run(name, ["--portico", Binary.path, "--out", out])
  }

  @Test(
    .enabled(if: Binary.hasPython, "the Python tools are not installed"),
    .enabled(if: hasStrace, "strace is not installed"))
  func `a durable write is synced before it is answered`() throws {
    try script("durability.py")
  }

  @Test(.enabled(if: Binary.hasPython, "the Python tools are not installed"))
  func `capacity, recovery, revocation, secrets and the security log`() throws {
    try script("provider.py")
  }

  @Test(.enabled(if: Binary.hasChromium, "Chromium or Playwright is not installed"))
  func `sign-up to sign-out everywhere on the hosted pages in Chromium`() throws {
    let server = try RunningServer()
    try PeerScript.run(
      "oauth_browser.py",
      [
        "--origin", server.origin, "--out", "\(PeerScript.artefacts)/hosted", "--outbox",
        "\(server.folder.path)/var/outbox",
      ])
    #expect(server.stop() == 0)
  }

  @Test(.enabled(if: Binary.hasChromium, "Chromium or Playwright is not installed"))
  func `two tabs of one session in Chromium`() throws {
    let server = try RunningServer()
    try PeerScript.run(
      "session.py", ["--origin", server.origin, "--out", "\(PeerScript.artefacts)/session"])
    #expect(server.stop() == 0)
  }

  @Test(.enabled(if: Binary.hasChromium, "Chromium or Playwright is not installed"))
  func `tokens in localStorage by setting in Chromium`() throws {
    try script("token_storage.py")
  }

  @Test(.enabled(if: Binary.hasChromium, "Chromium or Playwright is not installed"))
  func `a duplicated tab with tokens in sessionStorage in Chromium`() throws {
    try script("duplicated_tab.py")
  }

  @Test(.enabled(if: Binary.hasChromium, "Chromium or Playwright is not installed"))
  func `Cognito in place of the provider by settings in Chromium`() throws {
    try script("cognito.py", keeping: "cognito")
  }
}
