import HTTPExchange
import Time

/// How long an answer is fresh, and by what (RFC 9111 §4.2.1).
struct Lifetime: Sendable, Hashable {
  enum Basis: String, Sendable, Hashable {
    case sharedMaxAge, maxAge, expires, heuristic, rule, none
  }

  var seconds: Int
  var basis: Basis

  /// Whether the origin said it, rather than the cache supposed it.
  var isExplicit: Bool { basis == .sharedMaxAge || basis == .maxAge || basis == .expires }
}

/// Freshness and age arithmetic of RFC 9111 §4.2: pure, so that tables can test it.
enum Freshness {
  /// Statuses that may be cached without being told (RFC 9110 §15.1), without 206.
  static let heuristicStatuses: Set<Int> = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]
  /// RFC 9111 §4.2.2 suggests a tenth of the time since the last change; never more than a day.
  static let mostHeuristicSeconds = 86_400

  /// The lifetime by RFC 9111.
  ///
  /// - Parameters:
  ///   - status: decides whether the cache may suppose a lifetime.
  ///   - headers: `Expires`, `Date` and `Last-Modified`.
  ///   - directives: those that rule.
  ///   - received: when the answer came.
  static func lifetime(
    status: Int, headers: HeaderFields, directives: AnswerDirectives, received: Timestamp
  ) -> Lifetime {
    let control = directives.directives
    if let seconds = control.sharedMaxAge {
      return Lifetime(seconds: seconds, basis: .sharedMaxAge)
    }
    if let seconds = control.maxAge { return Lifetime(seconds: seconds, basis: .maxAge) }
    let date = self.date(headers, received: received)
    if !directives.isTargeted, let expires = self.expires(headers, date: date, now: received) {
      return Lifetime(seconds: expires, basis: .expires)
    }
    guard heuristicStatuses.contains(status) || control.isPublic,
      let modified = modified(headers, now: received)
    else { return Lifetime(seconds: 0, basis: .none) }
    let tenth = max(0, date.seconds - modified.seconds) / 10
    return Lifetime(seconds: min(tenth, mostHeuristicSeconds), basis: .heuristic)
  }

  /// `Expires` minus `Date`; nil when the field is absent, 0 when it is no date (§5.3).
  static func expires(_ headers: HeaderFields, date: Timestamp, now: Timestamp) -> Int? {
    let lines = headers.values("expires")
    guard let first = lines.first else { return nil }
    guard lines.count == 1, let expires = HTTPDate.parse(first, now: now) else { return 0 }
    return max(0, expires.seconds - date.seconds)
  }

  /// `Date`, or when the answer came where there is none (RFC 9110 §6.6.1).
  static func date(_ headers: HeaderFields, received: Timestamp) -> Timestamp {
    headers["date"].flatMap { HTTPDate.parse($0, now: received) } ?? received
  }

  /// `Last-Modified`, where it is a date.
  static func modified(_ headers: HeaderFields, now: Timestamp) -> Timestamp? {
    headers["last-modified"].flatMap { HTTPDate.parse($0, now: now) }
  }

  /// `Age` by the letter: the first member, digits only; anything else as if absent (§5.1).
  static func age(_ headers: HeaderFields) -> Int {
    guard let line = headers["age"] else { return 0 }
    let member = line.prefix { $0 != "," }.filter { $0 != " " && $0 != "\t" }
    return CacheDirectives.seconds(member)
  }

  /// The age on arrival: `corrected_initial_age` of §4.2.3.
  static func initialAge(_ headers: HeaderFields, requested: Timestamp, received: Timestamp) -> Int
  {
    let date = self.date(headers, received: received)
    let apparent = max(0, received.seconds - date.seconds)
    let delay = max(0, received.milliseconds - requested.milliseconds) / 1000
    return min(max(apparent, age(headers) + delay), CacheDirectives.mostSeconds)
  }
}
