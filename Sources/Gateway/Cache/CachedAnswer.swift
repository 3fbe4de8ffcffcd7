import HTTPExchange
import NIOCore
import Time

/// Makes the answer to one client from what is stored: conditions, ranges, `Age`, `Cache-Status`.
struct CachedAnswer {
  let request: Request
  let rule: CacheRule
  let now: Timestamp

  /// The answer; one that is reused tells its age (RFC 9111 §5.1).
  func response(
    _ stored: StoredResponse, _ status: CacheStatus, isReused: Bool = true, _ report: CacheReport
  ) -> Response {
    var response = selected(stored)
    if isReused { response.headers["age"] = String(stored.age(at: now)) }
    Self.decorate(&response, status, rule, request, report)
    return response
  }

  /// Adds what tells how the cache was used.
  static func decorate(
    _ response: inout Response, _ status: CacheStatus, _ rule: CacheRule, _ request: Request,
    _ report: CacheReport
  ) {
    response.notes.cache = status.word
    guard report.sendsStatus else { return }
    var status = status
    if report.tellsKey { status.key = CacheKey.told(request, rule) }
    response.headers.append("cache-status", status.text)
    if rule.mode == .cloudfront {
      response.headers["x-cache"] = "\(cloudFrontWord(status, response)) from cloudfront"
    }
  }

  private static func cloudFrontWord(_ status: CacheStatus, _ response: Response) -> String {
    if status.forward == nil { return "Hit" }
    if status.forwardStatus == 304 { return "RefreshHit" }
    return response.status >= 400 ? "Error" : "Miss"
  }

  private func selected(_ stored: StoredResponse) -> Response {
    let whole = Response(status: stored.status, headers: stored.headers, body: .bytes(stored.body))
    guard stored.status == 200 else { return whole }
    let modified = stored.lastModified(now: now)
    let outcome = Conditional.evaluate(
      request, entityTag: stored.entityTag, lastModified: modified, now: now)
    switch outcome {
    case .notModified: return notModified(stored)
    case .preconditionFailed: return Response(status: 412, headers: stored.headers)
    case .proceed: break
    }
    guard request.method == "GET", request.headers.contains("range"),
      Conditional.rangeAllowed(
        request, entityTag: stored.entityTag, lastModified: modified, now: now)
    else { return whole }
    return partial(stored) ?? whole
  }

  /// RFC 9110 §15.4.5: the fields that a 200 would have had and that a cache can use.
  private func notModified(_ stored: StoredResponse) -> Response {
    var headers = stored.headers
    headers.removeAll { field in
      ["content-type", "content-encoding", "content-language", "content-range"].contains {
        equalsIgnoringCase($0, field.name)
      }
    }
    return Response(status: 304, headers: headers)
  }

  private func partial(_ stored: StoredResponse) -> Response? {
    let length = stored.body.readableBytes
    switch ByteRange.resolve(request.headers.joined("range"), length: length) {
    case .whole: return nil
    case .unsatisfiable:
      var headers = HeaderFields([("content-range", "bytes */\(length)")])
      if let date = stored.headers["date"] { headers.append("date", date) }
      return Response(status: 416, headers: headers)
    case .partial(let range):
      let start = stored.body.readerIndex + range.lowerBound
      guard let slice = stored.body.getSlice(at: start, length: range.count) else { return nil }
      var headers = stored.headers
      headers["content-range"] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)"
      return Response(status: 206, headers: headers, body: .bytes(slice))
    }
  }
}
