import Foundation
import TestSupport
import Testing

/// Document S1's own tests: its checklist in a browser, its commands and assertions, its load.
@Suite("The checklist of document S1", .serialized)
struct S1ChecklistTests {
  /// The document's load lasts a minute; `make test` takes a sixth of it.
  static let loadSeconds =
    ProcessInfo.processInfo.environment["PORTICO_PROVE"] == "1" ? "60" : "10"

  @Test(.enabled(if: Binary.hasChromium, "Chromium or Playwright is not installed"))
  func `every point in Chromium`() throws {
    let server = try RunningServer()
    try PeerScript.run(
      "s1_checklist.py",
      ["--part", "browser", "--origin", server.origin, "--out", "\(PeerScript.artefacts)/s1"])
    #expect(server.stop() == 0)
  }

  @Test(.enabled(if: Binary.hasPython, "the Python tools are not installed"))
  func `its commands, its assertions and its load`() throws {
    let server = try RunningServer()
    try PeerScript.run(
      "s1_checklist.py",
      [
        "--part", "api", "--part", "load", "--origin", server.origin, "--portico", Binary.path,
        "--seconds", Self.loadSeconds,
      ])
    #expect(server.stop() == 0)
  }
}
