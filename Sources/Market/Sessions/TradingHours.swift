import Time

/// When a market trades: `market.sessions`.
package enum TradingHours: String, Sendable, Hashable, CaseIterable {
  /// At any moment; a day is one of UTC.
  case continuous
  /// In the regular sessions of the New York Stock Exchange.
  case nyse

  /// One day's trading, in seconds since the epoch.
  struct Session: Sendable, Hashable {
    /// The date, as days since 1970-01-01.
    var day: Int
    var open: Int
    /// The first second that belongs to it no more.
    var close: Int
    /// Shorter than other days.
    var isEarly: Bool

    /// The last second with a trade.
    var last: Int { close - 1 }

    func contains(_ second: Int) -> Bool { (open..<close).contains(second) }

    /// The part of the session before a second, from 0 to 1.
    func fraction(before second: Int) -> Double {
      Double(min(max(second, open), close) - open) / Double(close - open)
    }
  }

  /// Days to look through for a session; the longest gap on record is of six.
  private static let daysMost = 30

  /// The session of a date, or nil when there is none.
  func session(day: Int) -> Session? {
    guard self == .nyse else {
      return Session(
        day: day, open: day * 86_400, close: (day + 1) * 86_400, isEarly: false)
    }
    let kind = ExchangeCalendar.day(day)
    guard kind != .closed else { return nil }
    let isEarly = kind == .short
    // The clock is changed on a Sunday, so the whole session has the offset of its opening.
    let opening = day * 86_400 + ExchangeCalendar.open
    let open = NewYorkTime.utc(Timestamp(seconds: opening)).seconds
    let close = isEarly ? ExchangeCalendar.shortClose : ExchangeCalendar.close
    return Session(
      day: day, open: open, close: open + close - ExchangeCalendar.open, isEarly: isEarly)
  }

  /// The date that a market's people would write at a second.
  func day(at second: Int) -> Int {
    self == .nyse ? NewYorkTime.day(at: second) : floorDivide(second, 86_400)
  }

  /// The newest session that has begun at a second: the present one, or the one before.
  func latest(at second: Int) -> Session {
    let today = day(at: second)
    for day in stride(from: today, to: today - Self.daysMost, by: -1) {
      if let session = session(day: day), session.open <= second { return session }
    }
    return Self.never(today)
  }

  /// The first session that begins after a second.
  func next(after second: Int) -> Session {
    let today = day(at: second)
    for day in today...today + Self.daysMost {
      if let session = session(day: day), session.open > second { return session }
    }
    return Self.never(today)
  }

  /// No rule closes the exchange for a month; what is answered then trades like any day.
  private static func never(_ day: Int) -> Session {
    Session(day: day, open: day * 86_400, close: (day + 1) * 86_400, isEarly: false)
  }

  /// `UTC`, or the name of New York's time.
  var timeZone: String { self == .nyse ? "America/New_York" : "UTC" }
}

/// That the market is closed, and until when.
package struct MarketClosure: Sendable, Hashable {
  /// When the last session ended.
  package var since: Timestamp
  /// When the next one begins.
  package var opens: Timestamp
}

extension TradingHours {
  /// That the market is closed at a moment, and until when; nil while it trades.
  func closure(at moment: Timestamp) -> MarketClosure? {
    let second = moment.seconds
    let session = latest(at: second)
    if session.contains(second) { return nil }
    return MarketClosure(
      since: Timestamp(seconds: session.close),
      opens: Timestamp(seconds: next(after: second).open))
  }
}
