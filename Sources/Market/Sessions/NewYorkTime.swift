import Time

/// New York's clock by the rule of the Energy Policy Act of 2005, in force since 2007: summer time from
/// the second Sunday of March to the first of November, both at two in the morning. No table of time
/// zones is needed.
enum NewYorkTime {
  private static let winter = 5 * 3600
  private static let summer = 4 * 3600

  /// The moment at which a clock there shows this.
  static func utc(_ local: Timestamp) -> Timestamp {
    let (begin, end) = changes(CivilTime(local).year)
    let isSummer = local.seconds >= begin && local.seconds < end
    return local + .seconds(isSummer ? summer : winter)
  }

  /// The date there at a second since the epoch, as days since 1970-01-01.
  static func day(at second: Int) -> Int {
    let (begin, end) = changes(CivilTime(Timestamp(seconds: second - winter)).year)
    let isSummer = second >= begin + winter && second < end + summer
    return floorDivide(second - (isSummer ? summer : winter), 86_400)
  }

  /// Where a year's clock is changed, as the clock itself shows it, in seconds since the epoch.
  private static func changes(_ year: Int) -> (begin: Int, end: Int) {
    (
      Weekdays.nth(2, .sunday, of: 3, year) * 86_400 + 2 * 3600,
      Weekdays.nth(1, .sunday, of: 11, year) * 86_400 + 2 * 3600
    )
  }
}

/// Days of a month that are found by their weekday, as days since 1970-01-01.
enum Weekdays {
  /// As `CivilTime.weekday` counts.
  enum Weekday: Int {
    case sunday = 0
    case monday, tuesday, wednesday, thursday, friday, saturday
  }

  /// The first, second … of a weekday in a month.
  static func nth(_ number: Int, _ weekday: Weekday, of month: Int, _ year: Int) -> Int {
    let first = CivilTime(year: year, month: month, day: 1)
    let wait = (weekday.rawValue - first.weekday + 7) % 7
    return first.daysSinceEpoch + wait + (number - 1) * 7
  }

  /// The last of a weekday in a month.
  static func last(_ weekday: Weekday, of month: Int, _ year: Int) -> Int {
    let after = month == 12 ? (1, year + 1) : (month + 1, year)
    return nth(1, weekday, of: after.0, after.1) - 7
  }

  /// Easter Sunday by the Gregorian computus (Meeus, Jones and Butcher).
  static func easter(_ year: Int) -> Int {
    let a = year % 19
    let (b, c) = year.quotientAndRemainder(dividingBy: 100)
    let (d, e) = b.quotientAndRemainder(dividingBy: 4)
    let g = (8 * b + 13) / 25
    let h = (19 * a + b - d - g + 15) % 30
    let (i, k) = c.quotientAndRemainder(dividingBy: 4)
    let l = (32 + 2 * e + 2 * i - h - k) % 7
    let m = (a + 11 * h + 19 * l) / 433
    let month = (h + l - 7 * m + 90) / 25
    let day = (h + l - 7 * m + 33 * month + 19) % 32
    return CivilTime(year: year, month: month, day: day).daysSinceEpoch
  }
}
