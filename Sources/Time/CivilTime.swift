/// Date and time of day in UTC, by the proleptic Gregorian calendar.
package struct CivilTime: Sendable, Hashable {
  package var year: Int
  /// 1 to 12.
  package var month: Int
  /// 1 to 31.
  package var day: Int
  package var hour: Int
  package var minute: Int
  package var second: Int
  package var millisecond: Int

  package init(
    year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0,
    millisecond: Int = 0
  ) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
    self.millisecond = millisecond
  }

  /// The date and time of a timestamp.
  package init(_ timestamp: Timestamp) {
    let seconds = timestamp.seconds
    let days = seconds >= 0 ? seconds / 86_400 : -((-seconds + 86_399) / 86_400)
    let rest = seconds - days * 86_400
    let (year, month, day) = Self.date(daysSinceEpoch: days)
    self.init(
      year: year, month: month, day: day, hour: rest / 3600, minute: rest / 60 % 60,
      second: rest % 60, millisecond: timestamp.milliseconds - seconds * 1000)
  }

  /// Days since 1970-01-01.
  package var daysSinceEpoch: Int {
    // Howard Hinnant's days_from_civil: March is the first month, so the leap day comes last.
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  private static func date(daysSinceEpoch: Int) -> (Int, Int, Int) {
    let z = daysSinceEpoch + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
      dayOfYear - (153 * shifted + 2) / 5 + 1
    )
  }

  /// 0 for Sunday to 6 for Saturday.
  package var weekday: Int { ((daysSinceEpoch + 4) % 7 + 7) % 7 }

  /// The point in time.
  package var timestamp: Timestamp {
    Timestamp(
      milliseconds: ((daysSinceEpoch * 24 + hour) * 60 + minute) * 60_000 + second * 1000
        + millisecond)
  }

  /// Whether every field is in its range; a leap second is not.
  package var isValid: Bool {
    guard (1...12).contains(month), day >= 1, (0..<24).contains(hour), (0..<60).contains(minute),
      (0..<60).contains(second), (0..<1000).contains(millisecond)
    else { return false }
    let round = Self.date(daysSinceEpoch: daysSinceEpoch)
    return round == (year, month, day)
  }
}

extension Timestamp {
  /// ISO 8601 in UTC with milliseconds: `2026-05-28T20:26:40.000Z`.
  package var iso8601: String {
    let t = CivilTime(self)
    return
      "\(pad(t.year, 4))-\(pad(t.month, 2))-\(pad(t.day, 2))T\(pad(t.hour, 2)):\(pad(t.minute, 2))"
      + ":\(pad(t.second, 2)).\(pad(t.millisecond, 3))Z"
  }

  /// The date alone: `2026-05-28`.
  package var isoDate: String { String(iso8601.prefix(10)) }

  /// Reads RFC 3339, with `Z` or an offset, with or without a fraction; a bare date is midnight UTC.
  package init?(iso8601 text: String) {
    let bytes = Array(text.utf8)
    func number(_ from: Int, _ count: Int) -> Int? {
      guard from + count <= bytes.count else { return nil }
      var value = 0
      for byte in bytes[from..<from + count] {
        guard (0x30...0x39).contains(byte) else { return nil }
        value = value * 10 + Int(byte - 0x30)
      }
      return value
    }
    func at(_ index: Int, _ allowed: String) -> Bool {
      index < bytes.count && allowed.utf8.contains(bytes[index])
    }
    guard let year = number(0, 4), at(4, "-"), let month = number(5, 2), at(7, "-"),
      let day = number(8, 2)
    else { return nil }
    var civil = CivilTime(year: year, month: month, day: day)
    if bytes.count == 10 {
      guard civil.isValid else { return nil }
      self = civil.timestamp
      return
    }
    guard at(10, "Tt "), let hour = number(11, 2), at(13, ":"), let minute = number(14, 2),
      at(16, ":"), let second = number(17, 2)
    else { return nil }
    civil = CivilTime(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    var index = 19
    if at(index, ".") {
      let start = index + 1
      index = start
      while index < bytes.count, (0x30...0x39).contains(bytes[index]) { index += 1 }
      guard index > start, index - start <= 9 else { return nil }
      let digits = min(3, index - start)
      guard var fraction = number(start, digits) else { return nil }
      for _ in digits..<3 { fraction *= 10 }
      civil.millisecond = fraction
    }
    guard civil.isValid else { return nil }
    if at(index, "Zz"), index + 1 == bytes.count {
      self = civil.timestamp
      return
    }
    guard at(index, "+-"), let hours = number(index + 1, 2), at(index + 3, ":"),
      let minutes = number(index + 4, 2), index + 6 == bytes.count, hours < 24, minutes < 60
    else { return nil }
    let offset = Duration.seconds((hours * 60 + minutes) * 60)
    self = at(index, "+") ? civil.timestamp - offset : civil.timestamp + offset
  }
}

private func pad(_ value: Int, _ width: Int) -> String {
  let digits = String(value)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
