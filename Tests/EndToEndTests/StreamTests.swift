import Testing

/// Prices through real sockets and a real browser, and from every source.
@Suite("Live prices", .serialized)
struct StreamTests {
  @Test(.enabled(if: Binary.hasChromium, "Chromium or Playwright is not installed"))
  func `events, resume, heartbeat, slow readers and the fallback`() throws {
    let server = try RunningServer(environment: [
      "PORTICO_MARKET_STREAMS": "12", "PORTICO_MARKET_HEARTBEAT_MS": "1000",
    ])
    try PeerScript.run("stream.py", ["--origin", server.origin])
    #expect(server.stop() == 0)
  }

  @Test(.enabled(if: Binary.hasChromium, "Chromium or Playwright is not installed"))
  func `an account's events over sockets, and from tab to tab`() throws {
    let server = try RunningServer(environment: [
      "PORTICO_TRADING_HEARTBEAT_MS": "1000", "PORTICO_TRADING_STREAMS_PER_USER": "4",
    ])
    try PeerScript.run("account_stream.py", ["--origin", server.origin])
    #expect(server.stop() == 0)
  }

  @Test(.enabled(if: Binary.hasPython, "the Python tools are not installed"))
  func `Alpha Vantage within its budget, and recorded files`() throws {
    try PeerScript.run("market_sources.py", ["--portico", Binary.path])
  }

  @Test(.enabled(if: Binary.hasPython, "the Python tools are not installed"))
  func `sessions as exchange-calendars has them, and orders outside them`() throws {
    try PeerScript.run("market_calendar.py", ["--portico", Binary.path])
  }
}
