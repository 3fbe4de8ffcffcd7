import Foundation
import Settings
import Time

/// The section `market` of the settings as values.
package struct MarketSettings: Sendable {
  /// Where quotes come from.
  package enum Source: String, Sendable, Hashable, CaseIterable {
    /// The simulator; needs nothing.
    case sim
    case alphavantage
    /// Recorded files.
    case replay
  }

  package var source = Source.sim
  /// Seed of the simulator: another seed is another market.
  package var seed = Int(Simulator.standardSeed)
  /// When orders are filled and simulated prices move.
  package var hours = TradingHours.continuous
  /// Seconds of the simulated market for each of the wall's clock.
  package var simulationSpeed = 1
  /// When both clocks showed the same.
  package var simulationEpoch: Timestamp?
  /// Between two looks at the prices of a stream.
  package var tickMilliseconds = 1_000
  /// Silence after which a stream sends a comment, below the 30 s after which proxies give up.
  package var heartbeatMilliseconds = 15_000
  /// Age at which a stream ends, so that clients spread over servers again.
  package var streamAgeMilliseconds = 7_200_000
  /// Streams at once; each costs a socket and a few kilobytes.
  package var streams = 10_000
  package var alphaVantage = AlphaVantageSettings()
  /// Folder of recorded quotes, one file a symbol.
  package var replayFolder = "var/replay"

  package init() {}

  /// Reads `market`; findings are noted on the reader.
  package init(
    _ reader: SettingsReader,
    readFile: (String) throws -> String = { try String(contentsOfFile: $0, encoding: .utf8) }
  ) {
    self.init()
    source = reader.choice("source", default: source)
    seed = reader.int("seed", default: seed)
    hours = reader.choice("sessions", default: hours)
    readSpeed(reader)
    tickMilliseconds = reader.int("tick_ms", default: tickMilliseconds, in: 100...60_000)
    heartbeatMilliseconds = reader.int(
      "heartbeat_ms", default: heartbeatMilliseconds, in: 1_000...60_000)
    streamAgeMilliseconds = reader.int(
      "stream_age_ms", default: streamAgeMilliseconds, in: 1_000...86_400_000)
    streams = reader.int("streams", default: streams, in: 1...1_000_000)
    replayFolder = reader.string("replay_folder", default: replayFolder)
    alphaVantage = AlphaVantageSettings(reader.section("alphavantage"), readFile: readFile)
    if source == .alphavantage, alphaVantage.key == nil {
      reader.note(
        .marketKeyMissing, "the source 'alphavantage' has no key", key: "source",
        remedy: "set PORTICO_MARKET_ALPHAVANTAGE_KEY or name a file by 'key_file'")
    }
  }
}

extension MarketSettings {
  private mutating func readSpeed(_ reader: SettingsReader) {
    simulationSpeed = reader.int("simulation_speed", default: simulationSpeed, in: 1...3_600)
    let epoch = reader.string("simulation_epoch", default: "")
    if !epoch.isEmpty {
      simulationEpoch = Timestamp(iso8601: epoch)
      if simulationEpoch == nil {
        reader.note(
          .marketSpeedUnfounded, "'\(epoch)' is no moment", key: "simulation_epoch",
          remedy: "write it as 2026-11-21T00:00:00Z")
      }
    }
    guard simulationSpeed > 1 else { return }
    if source != .sim {
      reader.note(
        .marketSpeedUnfounded, "the source '\(source.rawValue)' has the world's own speed",
        key: "simulation_speed", remedy: "leave it at 1, or set source to sim")
    } else if epoch.isEmpty {
      reader.note(
        .marketSpeedUnfounded, "a speed needs the moment from which it counts",
        key: "simulation_speed",
        remedy: "set simulation_epoch to today, such as 2026-11-21T00:00:00Z")
    }
  }
}

/// The section `market.alphavantage`.
package struct AlphaVantageSettings: Sendable {
  package var url = "https://www.alphavantage.co/query"
  package var key: Secret?
  /// Calls of a day; 25 are free.
  package var callsPerDay = 25
  /// Between two calls; one a second is allowed.
  package var spacingMilliseconds = 1_100
  /// The whole answer has to be there by then.
  package var timeoutMilliseconds = 10_000
  /// Age up to which a quote is served without asking; 25 calls over five stocks last a session.
  package var softAgeSeconds = 4_680
  /// Age up to which a quote is served, labelled stale, when the source is away.
  package var hardAgeSeconds = 86_400
  /// How long somebody waits for a new quote who could have an old one.
  package var patienceMilliseconds = 1_500
  /// How long an unknown symbol or another failure is remembered.
  package var unknownSeconds = 60
  /// Failures in a row after which the source is left alone.
  package var breakerFailures = 3
  /// How long it is left alone.
  package var breakerSeconds = 300

  package init() {}

  init(_ reader: SettingsReader, readFile: (String) throws -> String) {
    self.init()
    url = reader.string("url", default: url)
    key = reader.secret("key", readFile: readFile)
    callsPerDay = reader.int("calls_per_day", default: callsPerDay, in: 1...1_000_000)
    spacingMilliseconds = reader.int("spacing_ms", default: spacingMilliseconds, in: 0...60_000)
    timeoutMilliseconds = reader.int("timeout_ms", default: timeoutMilliseconds, in: 100...30_000)
    softAgeSeconds = reader.int("soft_age_seconds", default: softAgeSeconds, in: 1...86_400)
    hardAgeSeconds = reader.int("hard_age_seconds", default: hardAgeSeconds, in: 1...604_800)
    patienceMilliseconds = reader.int("patience_ms", default: patienceMilliseconds, in: 0...10_000)
    unknownSeconds = reader.int("unknown_seconds", default: unknownSeconds, in: 1...86_400)
    breakerFailures = reader.int("breaker_failures", default: breakerFailures, in: 1...100)
    breakerSeconds = reader.int("breaker_seconds", default: breakerSeconds, in: 1...86_400)
  }
}
