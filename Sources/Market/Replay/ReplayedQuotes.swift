import Diagnostics
import Foundation
import JSON
import Time

/// Recorded bars, told again: the newest bar that is not in the future is the quote.
///
/// One file a symbol, `GOOGL.json`: `{"bars":[{"time":"2026-01-05T14:30:00Z","open":150.1,
/// "high":150.9,"low":149.8,"close":150.4,"volume":1200}]}`, oldest first. After the last bar the
/// recording stands still and its quotes are stale.
package struct ReplayedQuotes: QuoteSource {
  package let name = "replay"
  private let series: [String: [Bar]]
  private let catalogue: Catalogue
  private let clock: any TimeSource

  /// Bytes of one file.
  private static let fileBytes = 32 << 20
  /// How old the newest bar may be before its quote is stale.
  private static let freshSeconds = 900

  /// Reads the files of every symbol of the catalogue that has one.
  package init(folder: String, catalogue: Catalogue, clock: any TimeSource) throws(Diagnostic) {
    var series: [String: [Bar]] = [:]
    for instrument in catalogue.instruments {
      let path = "\(folder)/\(instrument.symbol).json"
      guard let data = FileManager.default.contents(atPath: path) else { continue }
      series[instrument.symbol] = try Self.read([UInt8](data), path)
    }
    if series.isEmpty {
      throw Diagnostic(
        .marketReplayUnreadable, "the folder '\(folder)' holds no recorded quotes",
        at: Place(file: folder), remedy: "put files such as GOOGL.json there, or set market.source")
    }
    self.init(series: series, catalogue: catalogue, clock: clock)
  }

  init(series: [String: [Bar]], catalogue: Catalogue, clock: any TimeSource) {
    self.series = series
    self.catalogue = catalogue
    self.clock = clock
  }

  private static func read(_ bytes: [UInt8], _ path: String) throws(Diagnostic) -> [Bar] {
    func refuse(_ reason: String, at offset: Int = 0) -> Diagnostic {
      Diagnostic(
        .marketReplayUnreadable, reason, at: Place(file: path, text: bytes, offset: offset),
        remedy: "see the article for the form of a recording")
    }
    let document: JSON
    do throws(JSONSyntaxError) {
      document = try JSON(parsing: bytes, limits: JSON.Limits(bytes: fileBytes))
    } catch {
      throw refuse(error.reason, at: error.offset)
    }
    let entries = document["bars"]?.array ?? []
    let bars = entries.compactMap(bar)
    guard !bars.isEmpty, bars.count == entries.count else {
      throw refuse("the file has no list 'bars' of complete bars")
    }
    guard zip(bars, bars.dropFirst()).allSatisfy({ $0.start < $1.start }) else {
      throw refuse("the bars are not in the order of time")
    }
    return bars
  }

  private static func bar(_ json: JSON) -> Bar? {
    func price(_ name: String) -> Int? {
      json[name]?.number?.scaled(by: 4).flatMap { $0 > 0 ? $0 : nil }
    }
    guard let time = json["time"]?.string.flatMap({ Timestamp(iso8601: $0) }),
      let open = price("open"), let high = price("high"), let low = price("low"),
      let close = price("close"), let volume = json["volume"]?.int, volume >= 0,
      low <= min(open, close), high >= max(open, close)
    else { return nil }
    return Bar(start: time, open: open, high: high, low: low, close: close, volume: volume)
  }

  package func quote(_ symbol: String) async throws -> Quote? {
    guard let bars = series[symbol], let instrument = catalogue[symbol] else { return nil }
    let now = clock.now()
    let known = bars.prefix { $0.start <= now }
    guard let last = known.last else {
      throw QuoteError.unavailable("the recording of \(symbol) has not begun")
    }
    let today = last.start.isoDate
    let before = known.last { $0.start.isoDate != today }
    let half = Spread.half(of: last.close)
    return Quote(
      symbol: symbol, name: instrument.name, price: last.close, bid: last.close - half,
      ask: last.close + half, previousClose: before?.close ?? last.open,
      volume: known.reversed().prefix { $0.start.isoDate == today }.reduce(0) { $0 + $1.volume },
      asOf: last.start, source: name,
      stale: (now - last.start).wholeMilliseconds > Self.freshSeconds * 1000)
  }

  package func history(
    _ symbol: String, _ resolution: Resolution, from: Timestamp, to: Timestamp
  ) async throws -> [Bar]? {
    guard let bars = series[symbol] else { return nil }
    let end = min(to, clock.now() + .milliseconds(1))
    let within = bars.filter { $0.start >= from && $0.start < end }
    return Array(Bar.merged(within, seconds: resolution.seconds).suffix(Simulator.barsMost))
  }
}

extension Bar {
  /// Bars joined into longer ones that begin at multiples of their length.
  static func merged(_ bars: [Bar], seconds: Int) -> [Bar] {
    var result: [Bar] = []
    for bar in bars {
      let start = Timestamp(seconds: bar.start.seconds / seconds * seconds)
      if var last = result.last, last.start == start {
        last.high = max(last.high, bar.high)
        last.low = min(last.low, bar.low)
        last.close = bar.close
        last.volume += bar.volume
        result[result.count - 1] = last
      } else {
        var first = bar
        first.start = start
        result.append(first)
      }
    }
    return result
  }
}

/// The distance of bid and ask from the last price where a source tells neither.
enum Spread {
  /// One basis point to each side, at least a cent.
  static func half(of price: Int) -> Int { max(100, price / 10_000 / 100 * 100) }
}
