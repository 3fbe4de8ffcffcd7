import HTTPExchange
import NIOCore
import Time

/// An answer that is kept: the message, what selects it and the times that its age is counted by.
struct StoredResponse: Sendable {
  var status: Int
  var headers: HeaderFields
  var body: ByteBuffer
  /// What the request had for the fields of `Vary`.
  var selection: [VaryFields.Selection]
  var lifetime: Lifetime
  /// The directives that rule how it may be reused.
  var directives: CacheDirectives
  /// `corrected_initial_age` (RFC 9111 §4.2.3).
  var initialAge: Int
  var received: Timestamp
  /// The fields as bytes, for whoever changes none of them.
  private(set) var head = StoredHead()
  /// Names for purging, from `Cache-Tag`.
  var tags: [String]

  private static let mostTags = 32

  /// The answer of an origin as it is kept.
  init(
    _ response: Response, body: ByteBuffer, request: Request, lifetime: Lifetime,
    requested: Timestamp, received: Timestamp
  ) {
    status = response.status
    headers = Self.storable(response.headers)
    if !headers.contains("date") { headers.append("date", HTTPDate.format(received)) }
    self.body = body
    selection = VaryFields(response.headers).selection(of: request)
    self.lifetime = lifetime
    directives = AnswerDirectives(response.headers).directives
    initialAge = Freshness.initialAge(headers, requested: requested, received: received)
    self.received = received
    tags = Self.tags(response.headers)
  }

  /// Without what belongs to one connection (RFC 9111 §3.1, RFC 9110 §7.6.1).
  static func storable(_ headers: HeaderFields) -> HeaderFields {
    var dropped: Set<String> = [
      "connection", "keep-alive", "proxy-connection", "proxy-authenticate",
      "proxy-authentication-info", "proxy-authorization", "te", "transfer-encoding", "upgrade",
      "content-length", "cache-status", "apigw-requestid",
    ]
    for line in headers.values("connection") {
      for member in line.split(separator: ",") {
        dropped.insert(member.filter { $0 != " " && $0 != "\t" }.lowercased())
      }
    }
    var kept = headers
    kept.removeAll { dropped.contains($0.name.lowercased()) }
    return kept
  }

  private static func tags(_ headers: HeaderFields) -> [String] {
    let members = (headers.joined("cache-tag") ?? "").split { $0 == "," || $0 == " " }
    return members.filter { $0.utf8.count <= 128 }.prefix(mostTags).map(String.init)
  }

  /// Bytes that it is counted as: the body, the fields and what surrounds them.
  var cost: Int {
    headers.fields.reduce(512 + body.readableBytes) {
      $0 + $1.name.utf8.count + $1.value.utf8.count + 64
    }
  }

  var entityTag: String? { headers["etag"] }

  func lastModified(now: Timestamp) -> Timestamp? { Freshness.modified(headers, now: now) }

  var hasValidator: Bool { headers.contains("etag") || headers.contains("last-modified") }

  /// The age at a time (§4.2.3).
  func age(at now: Timestamp) -> Int {
    let resident = max(0, now.milliseconds - received.milliseconds) / 1000
    return min(initialAge + resident, CacheDirectives.mostSeconds)
  }

  /// Seconds of freshness left; 0 or less is stale.
  func freshFor(at now: Timestamp) -> Int { lifetime.seconds - age(at: now) }

  /// Whether a request selects it.
  func isSelected(by request: Request) -> Bool {
    selection.allSatisfy { selected in
      if VaryFields.normalized(selected.name, request.headers) == selected.value { return true }
      // The language that the request likes best is what would be chosen again (RFC 9111 §4.1).
      guard selected.name == "accept-language", let language = headers["content-language"],
        let best = VaryFields.preferred(request.headers.joined("accept-language"))
      else { return false }
      return equalsIgnoringCase(language, best)
    }
  }

  /// Takes over the fields of an answer to HEAD when it tells of what is stored (RFC 9111 §4.3.5);
  /// the verdict says whether it may stay.
  mutating func refresh(
    byHead answer: Response, to request: Request, rule: CacheRule, requested: Timestamp,
    received: Timestamp
  ) -> StoragePolicy {
    let isSame = ["etag", "last-modified"].allSatisfy { name in
      answer.headers[name].map { $0 == headers[name] } ?? true
    }
    let length = answer.headers["content-length"] ?? String(body.readableBytes)
    guard answer.status == status, isSame, length == String(body.readableBytes) else {
      return .pass("changed")
    }
    refresh(by: answer, to: request, requested: requested, received: received)
    var whole = request
    whole.method = "GET"
    return StoragePolicy.decide(
      rule: rule, request: whole, status: status, headers: headers, received: received)
  }

  /// Takes over what a 304 brings (RFC 9111 §3.2, §4.3.4): every field but those that describe the
  /// content, which stays what it was.
  mutating func refresh(
    by answer: Response, to request: Request, requested: Timestamp, received: Timestamp
  ) {
    let framing: Set<String> = [
      "content-length", "content-encoding", "content-type", "content-range",
    ]
    var fresh = Self.storable(answer.headers)
    fresh.removeAll { framing.contains($0.name.lowercased()) }
    if !fresh.contains("date") { fresh.append("date", HTTPDate.format(received)) }
    let names = Set(fresh.fields.map { $0.name.lowercased() })
    // An old Age would be counted twice.
    headers.removeAll { names.contains($0.name.lowercased()) || equalsIgnoringCase($0.name, "age") }
    for field in fresh.fields { headers.append(field.name, field.value) }
    directives = AnswerDirectives(headers).directives
    initialAge = Freshness.initialAge(fresh, requested: requested, received: received)
    self.received = received
    head = StoredHead()
    selection = VaryFields(headers).selection(of: request)
    if answer.headers.contains("cache-tag") { tags = Self.tags(headers) }
  }
}
