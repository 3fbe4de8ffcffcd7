import Time

/// The sessions of the New York Stock Exchange by its rules (Rule 7.2 and the published hours), right
/// from 2007 on: holidays as they are observed, early closes, and what history added.
enum ExchangeCalendar {
  /// What a date is to the exchange.
  enum Day: Sendable, Hashable {
    case closed
    /// Until 13:00 instead of 16:00.
    case short
    case full
  }

  /// When sessions begin and end in New York, in seconds of the day.
  static let open = 9 * 3600 + 30 * 60
  static let close = 16 * 3600
  static let shortClose = 13 * 3600

  /// Whole days on which the exchange stayed closed although no rule says so.
  static let closures: Set<Int> = [
    // The mourning for President Ford.
    day(2007, 1, 2),
    // Hurricane Sandy.
    day(2012, 10, 29), day(2012, 10, 30),
    // The mourning for President Bush, and for President Carter.
    day(2018, 12, 5), day(2025, 1, 9),
  ]

  /// A date given as days since 1970-01-01.
  static func day(_ number: Int) -> Day {
    let date = CivilTime(Timestamp(seconds: number * 86_400))
    guard (1...5).contains(date.weekday), !isHoliday(date, number), !closures.contains(number)
    else { return .closed }
    return isShort(date, number) ? .short : .full
  }

  private static func isHoliday(_ date: CivilTime, _ number: Int) -> Bool {
    let year = date.year
    switch date.month {
    case 1:
      // A New Year's Day on a Saturday is not made up for: the year's last day is one of settlement.
      return date.day == 1 || (date.day == 2 && date.weekday == 1)
        || number == Weekdays.nth(3, .monday, of: 1, year)
    case 2: return number == Weekdays.nth(3, .monday, of: 2, year)
    case 3, 4: return date.weekday == 5 && number == Weekdays.easter(year) - 2
    case 5: return number == Weekdays.last(.monday, of: 5, year)
    case 6: return year >= 2022 && isObserved(19, date)
    case 7: return isObserved(4, date)
    case 9: return number == Weekdays.nth(1, .monday, of: 9, year)
    case 11: return number == Weekdays.nth(4, .thursday, of: 11, year)
    case 12: return isObserved(25, date)
    default: return false
    }
  }

  /// Whether a holiday is kept on that day: on Friday for a Saturday, on Monday for a Sunday.
  private static func isObserved(_ holiday: Int, _ date: CivilTime) -> Bool {
    date.day == holiday || (date.day == holiday - 1 && date.weekday == 5)
      || (date.day == holiday + 1 && date.weekday == 1)
  }

  private static func isShort(_ date: CivilTime, _ number: Int) -> Bool {
    switch (date.month, date.day) {
    case (7, 3), (12, 24):
      // From Monday to Thursday: on a Friday the next day's holiday is kept.
      return date.weekday <= 4
    case (11, _): return number == Weekdays.nth(4, .thursday, of: 11, date.year) + 1
    default: return false
    }
  }

  private static func day(_ year: Int, _ month: Int, _ day: Int) -> Int {
    CivilTime(year: year, month: month, day: day).daysSinceEpoch
  }
}
