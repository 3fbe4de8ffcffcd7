import JSON
import NIOCore
import Testing
import Time

@testable import HTTPExchange

@Suite("Targets")
struct RequestTargetTests {
  @Test(arguments: [
    ("/", "/", nil), ("/a%20b?x=1?y", "/a b", "x=1?y"), ("/%C3%A9", "/é", nil),
    ("/a%252e", "/a%2e", nil), ("/.well-known/x", "/.well-known/x", nil), ("/a//b", "/a//b", nil),
  ])
  func `is read once`(raw: String, path: String, query: String?) throws {
    let target = try RequestTarget(parsing: raw)
    #expect(target.path == path && target.query == query && target.originForm == raw)
  }

  @Test(arguments: [
    ("a", RequestTarget.Refusal.notOriginForm), ("/a#b", .fragment), ("/a?b#c", .fragment),
    ("/%", .badEscape), ("/%zz", .badEscape), ("/%00", .forbiddenOctet), ("/%2f", .forbiddenOctet),
    ("/%5C", .forbiddenOctet), ("/a\\b", .forbiddenOctet), ("/a b", .forbiddenOctet),
    ("/%ff", .notUTF8), ("/%c0%af", .notUTF8), ("/..", .dotSegment), ("/a/%2E%2e/b", .dotSegment),
    ("/./a", .dotSegment), ("//evil", .emptyAuthority),
  ])
  func `is refused`(raw: String, refusal: RequestTarget.Refusal) {
    #expect(throws: refusal) { try RequestTarget(parsing: raw) }
  }

  @Test func `a query is a form`() throws {
    let target = try RequestTarget(parsing: "/?a=1&a=2&b=x+y%21&c&=d&e=%zz")
    #expect(target.queryItems.map(\.name) == ["a", "a", "b", "c", "", "e"])
    #expect(target.queryItems.map(\.value) == ["1", "2", "x y!", "", "d", "%zz"])
    #expect(PercentEncoding.encode("a/b ~é", keeping: "/") == "a/b%20~%C3%A9")
  }
}

@Suite("Fields and dates")
struct FieldTests {
  @Test func `fields are found in any case and joined in order`() {
    var fields = HeaderFields([("Accept", "a"), ("X", "1"), ("accept", "b")])
    #expect(fields.joined("ACCEPT") == "a, b")
    fields["Accept"] = "c"
    #expect(fields.values("accept") == ["c"])
    fields.vary(on: "Origin")
    fields.vary(on: "origin")
    #expect(fields["vary"] == "Origin")
    #expect(!equalsIgnoringCase("@", "`") && equalsIgnoringCase("aZ", "Az"))
  }

  static let date = Timestamp(seconds: 784_111_777)

  @Test(arguments: [
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    "sun, 06 nov 1994 08:49:37 gmt",
  ])
  func `the three forms of a date are read`(text: String) {
    #expect(HTTPDate.parse(text, now: Timestamp(seconds: 1_800_000_000)) == Self.date)
  }

  @Test(arguments: [
    "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "0", "",
    "Sun, 06-Nov-1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
  ])
  func `another date is none`(text: String) {
    #expect(HTTPDate.parse(text, now: Self.date) == nil)
  }

  @Test func `a date is written as the RFC wants it`() {
    #expect(HTTPDate.format(Self.date) == "Sun, 06 Nov 1994 08:49:37 GMT")
  }

  @Test func `a problem has the members of all clients`() throws {
    let response = Problem(
      status: 403, error: "insufficient_funds", message: "No",
      details: JSONObject([("required", 5)])
    ).response(requestID: "r1")
    let body = try JSON(parsing: (response.body.buffer ?? ByteBuffer()).readableBytesView)
    for name in ["type", "title", "status", "detail", "error", "message", "success", "requestId"] {
      #expect(body[name] != nil, "\(name)")
    }
    #expect(body["required"] == 5 && body["success"] == false)
    #expect(response.headers["content-type"] == "application/problem+json")
  }
}

@Suite("Conditions, ranges, codings")
struct SelectionTests {
  static let modified = Timestamp(seconds: 784_111_777)

  @Test(arguments: [
    ("GET", "if-none-match", "\"a\"", Conditional.Outcome.notModified),
    ("GET", "if-none-match", "W/\"a\"", .notModified), ("GET", "if-none-match", "*", .notModified),
    ("GET", "if-none-match", "\"b\", \"a\"", .notModified),
    ("GET", "if-none-match", "\"b\"", .proceed),
    ("POST", "if-none-match", "*", .preconditionFailed), ("GET", "if-match", "\"a\"", .proceed),
    ("GET", "if-match", "W/\"a\"", .preconditionFailed),
    ("GET", "if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT", .notModified),
    ("GET", "if-modified-since", "Sun, 06 Nov 1994 08:49:36 GMT", .proceed),
    ("POST", "if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT", .proceed),
    ("GET", "if-unmodified-since", "Sun, 06 Nov 1994 08:49:36 GMT", .preconditionFailed),
    ("GET", "if-modified-since", "yesterday", .proceed),
  ])
  func `a condition is judged`(
    method: String, name: String, value: String, outcome: Conditional.Outcome
  ) {
    let request = Request(
      method: method, target: RequestTarget(path: "/"), headers: HeaderFields([(name, value)]))
    #expect(
      Conditional.evaluate(
        request, entityTag: "\"a\"", lastModified: Self.modified, now: Self.modified) == outcome)
  }

  @Test(arguments: [
    ("bytes=0-3", ByteRange.Outcome.partial(0..<4)), ("bytes=5-", .partial(5..<10)),
    ("bytes=-3", .partial(7..<10)), ("bytes=0-999", .partial(0..<10)),
    ("BYTES=0-0", .partial(0..<1)), ("bytes=-99", .partial(0..<10)), ("bytes=10-", .unsatisfiable),
    ("bytes=-0", .unsatisfiable), ("bytes=3-2", .whole), ("bytes=0-1,3-4", .whole),
    ("bytes=a-b", .whole), ("lines=0-1", .whole), ("bytes=-", .whole),
    ("bytes=0-99999999999999999999", .partial(0..<10)),
  ])
  func `a range is resolved`(field: String, outcome: ByteRange.Outcome) {
    #expect(ByteRange.resolve(field, length: 10) == outcome)
  }

  @Test(arguments: [
    (nil, nil), ("gzip", "gzip"), ("br, gzip", "br"), ("gzip;q=0", nil), ("*", "br"),
    ("br;q=0.2, gzip;q=0.9", "gzip"), ("gzip;q=0.5, identity;q=0.9", nil), ("GZIP", "gzip"),
    ("*;q=0, gzip", "gzip"), ("gzip;q=x", nil), ("deflate", nil),
  ])
  func `a coding is chosen`(field: String?, expected: String?) {
    #expect(ContentCoding.choose(field, offered: ["br", "gzip"]) == expected)
  }
}
