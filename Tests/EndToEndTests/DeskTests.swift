import Foundation
import TestSupport
import Testing

/// Every page of the site in every state, and the desk when things are slow, broken or done by
/// keyboard alone; in headless Chromium.
@Suite("The desk in Chromium", .serialized)
struct DeskTests {
  @Test(.enabled(if: Binary.hasChromium, "Chromium or Playwright is not installed"))
  func `search, slow and broken answers, names, keyboard, narrow screens`() throws {
    let server = try RunningServer()
    try PeerScript.run(
      "desk.py", ["--origin", server.origin, "--out", "\(PeerScript.artefacts)/desk"])
    #expect(server.stop() == 0)
  }

  @Test(.enabled(if: Binary.hasChromium, "Chromium or Playwright is not installed"))
  func `every page in every state passes its audit`() throws {
    let server = try RunningServer()
    let isProof = ProcessInfo.processInfo.environment["PORTICO_PROVE"] == "1"
    try PeerScript.run(
      "gallery.py",
      ["--origin", server.origin, "--out", "\(PeerScript.artefacts)/gallery"]
        + (isProof ? [] : ["--quick"]))
    #expect(server.stop() == 0)
  }
}
