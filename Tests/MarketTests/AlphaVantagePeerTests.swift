import Foundation
import Settings
import Store
import TestSupport
import Testing
import Time

@testable import Market

/// The adapter over real HTTP against a stand-in on loopback.
@Suite("Alpha Vantage over HTTP")
struct AlphaVantagePeerTests {
  static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// A running stand-in; it ends when its input does.
  private final class Stub {
    let port: Int
    private let process = Process()
    private let input = Pipe()

    init(_ python: String) throws {
      let output = Pipe()
      process.executableURL = URL(fileURLWithPath: python)
      process.arguments = [
        Repository.root.appendingPathComponent("Tests/MarketTests/Peers/alphavantage_stub.py").path
      ]
      process.standardInput = input
      process.standardOutput = output
      try process.run()
      let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
      port = Int(line.filter(\.isNumber)) ?? 0
    }

    deinit {
      try? input.fileHandleForWriting.close()
      process.waitUntilExit()
    }
  }

  @Test(.enabled(if: python != nil, "there is no Python"))
  func `quotes, refusals and silence come over a socket`() async throws {
    let stub = try Stub(try #require(Self.python))
    var settings = AlphaVantageSettings()
    settings.url = "http://127.0.0.1:\(stub.port)/query"
    settings.key = Secret("the&key")
    settings.spacingMilliseconds = 0
    settings.timeoutMilliseconds = 1_000
    settings.breakerFailures = 10
    let clock = SystemClock()
    func source(_ settings: AlphaVantageSettings) throws -> AlphaVantageQuotes {
      AlphaVantageQuotes(
        settings: settings, catalogue: .standard, store: try SQLiteStore.inMemory(clock: clock),
        clock: clock)
    }
    let quotes = try source(settings)
    #expect(try await quotes.quote("AAPL")?.price == 1_502_500)
    #expect(try await quotes.quote("AMZN") == nil)
    let bars = try await quotes.history(
      "AAPL", .day, from: Timestamp(seconds: 0), to: clock.now() + .seconds(1 << 30))
    #expect(bars?.count == 28)
    // A page instead of an answer, and an answer that does not come in time.
    await #expect(throws: QuoteError.self) { _ = try await quotes.quote("MSFT") }
    await #expect(throws: QuoteError.self) { _ = try await quotes.quote("TSLA") }
    await #expect(throws: QuoteError.self) { _ = try await quotes.quote("NVDA") }
    settings.key = Secret("wrong")
    let refused = try source(settings)
    await #expect(throws: QuoteError.unavailable("the source refuses the key")) {
      _ = try await refused.quote("AAPL")
    }
  }
}
