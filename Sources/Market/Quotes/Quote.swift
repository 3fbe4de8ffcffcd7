import JSON
import Time

// Market: what a stock costs now and did before, from a source that every quote names.

/// A price in ten-thousandths of a dollar, written as JSON and text without a binary float.
package enum PriceText {
  /// Two decimals where that is exact, else four (SEC Rule 612: below a dollar).
  package static func text(_ units: Int) -> String {
    units % 100 == 0 ? fixed(units / 100, places: 2) : fixed(units, places: 4)
  }

  /// The same as a JSON number.
  package static func json(_ units: Int) -> JSON { number(text(units)) }

  /// An integer with its decimal point moved in from the right.
  package static func fixed(_ value: Int, places: Int) -> String {
    let digits = String(value.magnitude)
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    return "\(value < 0 ? "-" : "")\(padded.dropLast(places)).\(padded.suffix(places))"
  }

  static func number(_ text: String) -> JSON { .number(JSONNumber(text: text) ?? JSONNumber(0)) }
}

/// What a stock costs at one moment; prices in ten-thousandths of a dollar.
package struct Quote: Sendable, Hashable {
  package var symbol: String
  package var name: String
  /// The last price.
  package var price: Int
  package var bid: Int
  package var ask: Int
  package var previousClose: Int
  /// Shares since the day began.
  package var volume: Int
  package var asOf: Timestamp
  /// `sim`, `alphavantage` or `replay`.
  package var source: String
  /// Older than it should be, and served because the source is away.
  package var stale: Bool

  package init(
    symbol: String, name: String, price: Int, bid: Int, ask: Int, previousClose: Int, volume: Int,
    asOf: Timestamp, source: String, stale: Bool = false
  ) {
    self.symbol = symbol
    self.name = name
    self.price = price
    self.bid = bid
    self.ask = ask
    self.previousClose = previousClose
    self.volume = volume
    self.asOf = asOf
    self.source = source
    self.stale = stale
  }

  /// Price less previous close, in ten-thousandths of a dollar.
  package var change: Int { price - previousClose }

  /// The change in hundredths of a percent, rounded half to even.
  package var changeBasisPoints: Int {
    guard previousClose > 0 else { return 0 }
    let (whole, rest) = (Int128(change) * 10_000)
      .quotientAndRemainder(dividingBy: Int128(previousClose))
    let twice = abs(rest) * 2
    let up = twice > Int128(previousClose) || (twice == Int128(previousClose) && whole % 2 != 0)
    return Int(up ? whole + (change < 0 ? -1 : 1) : whole)
  }

  /// `-0.42`: the change in percent with two decimals, as S1's `change` field has it.
  package var changePercent: String { PriceText.fixed(changeBasisPoints, places: 2) }

  /// Names the quote in orders and fills; two reads of the same price share it.
  package var id: String { "\(source)-\(symbol)-\(asOf.milliseconds)" }
}

/// One step of a series; prices in ten-thousandths of a dollar.
package struct Bar: Sendable, Hashable {
  /// When it begins.
  package var start: Timestamp
  package var open: Int
  package var high: Int
  package var low: Int
  package var close: Int
  /// Shares within it.
  package var volume: Int

  package init(start: Timestamp, open: Int, high: Int, low: Int, close: Int, volume: Int) {
    self.start = start
    self.open = open
    self.high = high
    self.low = low
    self.close = close
    self.volume = volume
  }
}

/// How much time one bar covers.
package enum Resolution: String, Sendable, Hashable, CaseIterable {
  case minute = "1m"
  case fiveMinutes = "5m"
  case quarterHour = "15m"
  case hour = "1h"
  case day = "1d"

  /// The same in seconds.
  package var seconds: Int {
    switch self {
    case .minute: 60
    case .fiveMinutes: 300
    case .quarterHour: 900
    case .hour: 3600
    case .day: 86_400
    }
  }
}
