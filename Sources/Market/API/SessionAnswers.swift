import HTTPExchange
import JSON
import Time

/// The market's hours as answers: `GET /market/clock` and `GET /market/calendar`.
extension MarketService {
  /// `GET /market/clock`. A market that never closes has no next opening and no next close.
  func marketClock(_ request: Request, _ context: RequestContext) async throws -> Response {
    let now = clock.now()
    let session = hours.latest(at: now.seconds)
    let isOpen = session.contains(now.seconds)
    let next = hours.next(after: now.seconds)
    let isContinuous = hours == .continuous
    let word =
      isContinuous ? "continuous" : !isOpen ? "closed" : session.isEarly ? "early" : "regular"
    let close = isOpen ? session.close : next.close
    return Response(
      json: [
        "timestamp": .string(now.iso8601), "is_open": .bool(isOpen), "session": .string(word),
        "timezone": .string(hours.timeZone),
        "next_open": isContinuous ? .null : .string(Timestamp(seconds: next.open).iso8601),
        "next_close": isContinuous ? .null : .string(Timestamp(seconds: close).iso8601),
        "dayEndsAt": .string(Timestamp(seconds: next.open).iso8601),
        "source": .string(source.name), "speed": .int(clock.speed),
      ], headers: Self.fresh)
  }

  /// `GET /market/calendar?start=&end=`: the sessions of the dates from start to end.
  func marketCalendar(_ request: Request, _ context: RequestContext) async throws -> Response {
    let now = clock.now().seconds
    let today = hours.day(at: now)
    let range = try CalendarRange(request.target, today: today)
    let sessions = (range.start...range.end).compactMap { hours.session(day: $0) }
    return Response(
      json: [
        "sessions": .array(sessions.map(Self.answer)), "mode": .string(hours.rawValue),
        "timezone": .string(hours.timeZone), "start": .string(CalendarRange.text(range.start)),
        "end": .string(CalendarRange.text(range.end)),
      ],
      headers: HeaderFields([
        // Rules change with the program only; what is counted from today ends with the day.
        ("cache-control", "public, max-age=\(range.isFixed ? 86_400 : secondsOfToday(now, today))")
      ]))
  }

  /// What is left of a date, at most an hour.
  private func secondsOfToday(_ now: Int, _ today: Int) -> Int {
    let nextHour = (now / 3600 + 1) * 3600
    let left = hours.day(at: nextHour) == today ? 3600 : nextHour - now
    return max(1, left / clock.speed)
  }

  private static func answer(_ session: TradingHours.Session) -> JSON {
    [
      "date": .string(CalendarRange.text(session.day)),
      "open": .string(Timestamp(seconds: session.open).iso8601),
      "close": .string(Timestamp(seconds: session.close).iso8601),
      "early": .bool(session.isEarly),
    ]
  }
}

/// Which dates a request asks for: without a start from today on, without an end for thirty days.
struct CalendarRange: Sendable, Hashable {
  /// Days since 1970-01-01, both included.
  var start: Int
  var end: Int
  /// Whether both were given, so that the answer does not depend on the day it is asked.
  var isFixed: Bool

  /// Dates of one answer.
  private static let daysMost = 366
  private static let days = 30
  /// The rules are right from 2007 on; what they will be in a century nobody knows.
  private static let years = 2007...2099

  init(_ target: RequestTarget, today: Int) throws {
    let first = try Self.day(target, "start")
    let last = try Self.day(target, "end")
    start = first ?? today
    end = last ?? start + Self.days - 1
    isFixed = first != nil && last != nil
    guard start <= end, end - start < Self.daysMost else {
      throw Problem(
        status: 400, error: "invalid_request",
        message: "'end' is not before 'start', and at most \(Self.daysMost) days are answered")
    }
  }

  private static func day(_ target: RequestTarget, _ name: String) throws -> Int? {
    guard let text = target.queryValue(name), !text.isEmpty else { return nil }
    guard text.utf8.count == 10, let moment = Timestamp(iso8601: text),
      years.contains(CivilTime(moment).year)
    else {
      throw Problem(
        status: 400, error: "invalid_request",
        message: "'\(name)' is a date such as 2026-11-27, from \(years.lowerBound) to "
          + "\(years.upperBound)")
    }
    return moment.seconds / 86_400
  }

  static func text(_ day: Int) -> String { Timestamp(seconds: day * 86_400).isoDate }
}
