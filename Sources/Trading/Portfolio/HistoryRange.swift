import HTTPExchange
import Time

/// How far back a portfolio's history goes, and how finely: `period` and `timeframe` of a request.
struct HistoryRange: Sendable, Hashable {
  enum Period: String, CaseIterable {
    case day = "1D"
    case week = "1W"
    case month = "1M"

    var seconds: Int {
      switch self {
      case .day: 86_400
      case .week: 7 * 86_400
      case .month: 30 * 86_400
      }
    }

    /// The steps it may be asked in, the usual one first. A market answers a thousand bars at most,
    /// and a line has more than one point.
    var timeframes: [Timeframe] {
      switch self {
      case .day: [.quarterHour, .fiveMinutes, .hour]
      case .week: [.hour, .quarterHour, .day]
      case .month: [.day, .hour]
      }
    }
  }

  enum Timeframe: String, CaseIterable {
    case fiveMinutes = "5Min"
    case quarterHour = "15Min"
    case hour = "1H"
    case day = "1D"

    var seconds: Int {
      switch self {
      case .fiveMinutes: 300
      case .quarterHour: 900
      case .hour: 3_600
      case .day: 86_400
      }
    }
  }

  var period: Period
  var timeframe: Timeframe

  init(_ target: RequestTarget) throws(Problem) {
    let asked = target.queryValue("period") ?? Period.day.rawValue
    guard let period = Period(rawValue: asked) else {
      throw TradeRequestReader.invalid("period", "'period' is 1D, 1W or 1M")
    }
    self.period = period
    timeframe = period.timeframes[0]
    guard let given = target.queryValue("timeframe") else { return }
    guard let found = period.timeframes.first(where: { $0.rawValue == given }) else {
      let names = Timeframe.allCases.filter(period.timeframes.contains).map(\.rawValue)
      throw TradeRequestReader.invalid(
        "timeframe", "'timeframe' is \(names.joined(separator: ", ")) in a period of \(asked)")
    }
    timeframe = found
  }

  var step: Duration { .seconds(timeframe.seconds) }

  /// The whole steps up to now, oldest first.
  func moments(until now: Timestamp) -> [Timestamp] {
    let last = now.seconds / timeframe.seconds * timeframe.seconds
    let count = period.seconds / timeframe.seconds
    return (0...count).map { Timestamp(seconds: last - (count - $0) * timeframe.seconds) }
  }
}
