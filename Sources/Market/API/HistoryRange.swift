import HTTPExchange
import Time

/// Which bars a request asks for: `range` (or `period`) and `interval`.
struct HistoryRange: Sendable, Hashable {
  var name: String
  var seconds: Int
  var resolution: Resolution

  private static let ranges: [(name: String, days: Int, resolution: Resolution)] = [
    ("1d", 1, .fiveMinutes), ("5d", 5, .quarterHour), ("1w", 7, .quarterHour),
    ("1m", 30, .hour), ("3m", 91, .day), ("6m", 182, .day), ("1y", 365, .day),
  ]

  /// Reads the query; without one it is a day of five-minute bars.
  init(_ target: RequestTarget) throws {
    let asked = target.queryValue("range") ?? target.queryValue("period") ?? "1d"
    let wanted = Self.aliases[asked.lowercased()] ?? asked.lowercased()
    guard let range = Self.ranges.first(where: { $0.name == wanted }) else {
      throw Problem(
        status: 400, error: "invalid_request",
        message: "There is no range '\(asked.prefix(20))': use one of "
          + Self.ranges.map(\.name).joined(separator: ", "))
    }
    name = range.name
    seconds = range.days * 86_400
    resolution = range.resolution
    if let interval = target.queryValue("interval") {
      guard let given = Resolution(rawValue: interval.lowercased()) else {
        throw Problem(
          status: 400, error: "invalid_request",
          message: "There is no interval '\(interval.prefix(20))': use one of "
            + Resolution.allCases.map(\.rawValue).joined(separator: ", "))
      }
      resolution = given
    }
    guard seconds / resolution.seconds <= Simulator.barsMost else {
      throw Problem(
        status: 400, error: "invalid_request",
        message: "\(range.name) in steps of \(resolution.rawValue) is more than "
          + "\(Simulator.barsMost) bars")
    }
  }

  /// Names that other services use (Alpaca writes 1M for a month and 1A for a year).
  private static let aliases = ["1mo": "1m", "3mo": "3m", "6mo": "6m", "1a": "1y"]
}
