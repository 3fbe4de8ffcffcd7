import Time

/// Dates by RFC 9110 §5.6.7.
package enum HTTPDate {
  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let longWeekdays = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
  ]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
  package static func format(_ timestamp: Timestamp) -> String {
    let t = CivilTime(timestamp)
    return "\(weekdays[t.weekday]), \(two(t.day)) \(months[t.month - 1]) \(four(t.year)) "
      + "\(two(t.hour)):\(two(t.minute)):\(two(t.second)) GMT"
  }

  /// Reads IMF-fixdate, RFC 850 and asctime to the letter; anything else is nil.
  ///
  /// - Parameters:
  ///   - text: the field's value.
  ///   - now: decides the century of RFC 850's two-digit years.
  package static func parse(_ text: String, now: Timestamp) -> Timestamp? {
    let bytes = Array(text.utf8)
    switch bytes.count {
    case 29: return imfFixdate(bytes)
    case 24: return asctime(bytes)
    case 30...33: return rfc850(text, now: now)
    default: return nil
    }
  }

  private static func imfFixdate(_ b: [UInt8]) -> Timestamp? {
    guard weekday(b[0..<3], among: weekdays), b[3] == 0x2C, b[4] == 0x20, b[7] == 0x20,
      b[11] == 0x20, b[16] == 0x20, same(b[25..<29], " GMT"), let day = number(b[5..<7]),
      let month = month(b[8..<11]), let year = number(b[12..<16])
    else { return nil }
    return make(year, month, day, b[17..<25])
  }

  private static func asctime(_ b: [UInt8]) -> Timestamp? {
    let dayBytes = b[8] == 0x20 ? b[9..<10] : b[8..<10]
    guard weekday(b[0..<3], among: weekdays), b[3] == 0x20, b[7] == 0x20, b[10] == 0x20,
      b[19] == 0x20, let month = month(b[4..<7]), let day = number(dayBytes),
      let year = number(b[20..<24])
    else { return nil }
    return make(year, month, day, b[11..<19])
  }

  private static func rfc850(_ text: String, now: Timestamp) -> Timestamp? {
    guard let comma = text.firstIndex(of: ",") else { return nil }
    guard weekday(Array(text[..<comma].utf8)[...], among: longWeekdays) else { return nil }
    let b = Array(text[text.index(after: comma)...].utf8)
    guard b.count == 23, b[0] == 0x20, b[3] == 0x2D, b[7] == 0x2D, b[10] == 0x20,
      same(b[19..<23], " GMT"), let day = number(b[1..<3]), let month = month(b[4..<7]),
      let short = number(b[8..<10])
    else { return nil }
    let thisYear = CivilTime(now).year
    var year = thisYear / 100 * 100 + short
    // RFC 9110 §5.6.7: more than 50 years ahead means the most recent past year with those digits.
    if year > thisYear + 50 { year -= 100 }
    return make(year, month, day, b[11..<19])
  }

  private static func make(_ year: Int, _ month: Int, _ day: Int, _ time: ArraySlice<UInt8>)
    -> Timestamp?
  {
    let t = Array(time)
    guard t[2] == 0x3A, t[5] == 0x3A, let hour = number(t[0..<2]), let minute = number(t[3..<5]),
      let second = number(t[6..<8])
    else { return nil }
    let civil = CivilTime(
      year: year, month: month, day: day, hour: hour, minute: minute, second: min(second, 59))
    return civil.isValid && second <= 60 ? civil.timestamp : nil
  }

  private static func weekday(_ bytes: ArraySlice<UInt8>, among names: [String]) -> Bool {
    names.contains { same(bytes, $0) }
  }

  private static func month(_ bytes: ArraySlice<UInt8>) -> Int? {
    months.firstIndex { same(bytes, $0) }.map { $0 + 1 }
  }

  private static func same(_ bytes: ArraySlice<UInt8>, _ text: String) -> Bool {
    equalsIgnoringCase(String(decoding: bytes, as: UTF8.self), text)
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return bytes.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

  private static func four(_ value: Int) -> String {
    String(repeating: "0", count: max(0, 4 - String(value).count)) + String(value)
  }
}
