import Time

/// Conditional requests by RFC 9110 §13: a pure decision.
package enum Conditional {
  /// What the preconditions say.
  package enum Outcome: Sendable, Hashable {
    case proceed
    case notModified
    case preconditionFailed
  }

  /// Evaluates the preconditions in the order of RFC 9110 §13.2.2.
  ///
  /// - Parameters:
  ///   - request: method and fields are looked at.
  ///   - entityTag: the selected representation's tag with its quotes, if it has one.
  ///   - lastModified: its date, if it has one.
  ///   - now: for dates of two-digit years.
  package static func evaluate(
    _ request: Request, entityTag: String?, lastModified: Timestamp?, now: Timestamp
  ) -> Outcome {
    let safe = request.method == "GET" || request.method == "HEAD"
    if let match = request.headers.joined("if-match") {
      if !anyMatch(match, entityTag, weak: false) { return .preconditionFailed }
    } else if let since = date(request, "if-unmodified-since", now), let lastModified,
      lastModified.seconds > since.seconds
    {
      return .preconditionFailed
    }
    if let match = request.headers.joined("if-none-match") {
      if anyMatch(match, entityTag, weak: true) { return safe ? .notModified : .preconditionFailed }
    } else if safe, let since = date(request, "if-modified-since", now), let lastModified,
      lastModified.seconds <= since.seconds
    {
      return .notModified
    }
    return .proceed
  }

  /// Whether `If-Range` allows a partial answer (RFC 9110 §13.1.5): absent, or a strong match.
  package static func rangeAllowed(
    _ request: Request, entityTag: String?, lastModified: Timestamp?, now: Timestamp
  ) -> Bool {
    guard let value = request.headers["if-range"] else { return true }
    if value.hasPrefix("\"") { return value == entityTag }
    guard !value.hasPrefix("W/"), let date = HTTPDate.parse(value, now: now), let lastModified
    else { return false }
    return date.seconds == lastModified.seconds
  }

  private static func date(_ request: Request, _ name: String, _ now: Timestamp) -> Timestamp? {
    request.headers[name].flatMap { HTTPDate.parse($0, now: now) }
  }

  /// Whether a list of entity tags names this one; `*` names anything that exists.
  static func anyMatch(_ list: String, _ entityTag: String?, weak: Bool) -> Bool {
    var rest = Substring(list)
    while true {
      rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
      if rest.isEmpty { return false }
      if rest.first == "*" { return true }
      let isWeak = rest.hasPrefix("W/")
      if isWeak { rest = rest.dropFirst(2) }
      guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") else {
        return false
      }
      let tag = rest[...end]
      rest = rest[rest.index(after: end)...]
      guard let entityTag else { continue }
      let ownWeak = entityTag.hasPrefix("W/")
      let own = ownWeak ? entityTag.dropFirst(2) : entityTag[...]
      if tag == own, weak || (!isWeak && !ownWeak) { return true }
    }
  }
}
