import Diagnostics
import HTTPExchange
import JSON
import NIOCore
import TestSupport
import Testing
import Time

@testable import Gateway

/// The event forms against golden files, both ways.
@Suite struct EventFormTests {
  private static let identity = WordVerifier.alice

  private static func exchange(_ name: String) throws -> (Request, RequestContext) {
    let clock = ManualClock(now: Timestamp(milliseconds: 1_780_000_000_123))
    var context = RequestContext(requestID: "REQ-1", sourceAddress: "192.0.2.7", clock: clock)
    context.stage = "Prod"
    switch name {
    case "query-and-cookies":
      context.routeKey = "GET /stocks/{symbol}"
      context.pathParameters = [("symbol", "BRK.B")]
      let request = Request(
        method: "GET",
        target: try RequestTarget(parsing: "/Prod/stocks/BRK.B?a=1&a=2&b=x%20y&c=%C3%A9"),
        scheme: "https", authority: "api.example.org",
        headers: HeaderFields([
          ("Accept", "text/html"), ("accept", "application/json"), ("Cookie", "s=1; t=2"),
          ("User-Agent", "curl/8"),
        ]))
      return (request, context)
    case "json-with-token":
      context.routeKey = "POST /buy"
      context.identity = identity
      let request = Request(
        method: "POST", target: RequestTarget(path: "/Prod/buy"), authority: "api.localhost:8080",
        headers: HeaderFields([("Content-Type", "application/json; charset=utf-8")]),
        body: Body(#"{"symbol":"AAPL"}"#))
      return (request, context)
    default:
      context.routeKey = "$default"
      context.stage = "$default"
      let request = Request(
        method: "PUT", target: RequestTarget(path: "/upload"), authority: "api.localhost",
        headers: HeaderFields([("Content-Type", "image/png")]),
        body: Body([0x89, 0x50, 0x4E, 0x47, 0xFF]))
      return (request, context)
    }
  }

  @Test(arguments: ["query-and-cookies", "json-with-token", "binary"], PayloadFormat.allCases)
  func writesTheGoldenEvent(_ name: String, _ format: PayloadFormat) throws {
    let (request, context) = try Self.exchange(name)
    let form = EventForm(format, routeHasScopes: name == "json-with-token")
    let event = try form.event(request, context)
    try Golden.expect(
      Array((event.prettyText + "\n").utf8),
      equals: "Tests/GatewayTests/Golden/event-\(format.rawValue)-\(name).json")
  }

  @Test(arguments: ["query-and-cookies", "json-with-token", "binary"], PayloadFormat.allCases)
  func readsItsOwnEventBack(_ name: String, _ format: PayloadFormat) throws {
    let (request, context) = try Self.exchange(name)
    let event = try EventForm(format, routeHasScopes: true).event(request, context)
    let (again, contextAgain) = EventReader.read(event, clock: ManualClock())
    #expect(again.method == request.method)
    #expect(again.target.path == request.target.path)
    #expect(again.body.buffer == request.body.buffer)
    #expect(
      again.target.queryItems.map { "\($0.name)=\($0.value)" }.sorted().last
        == request.target.queryItems.map { "\($0.name)=\($0.value)" }.sorted().last)
    #expect(contextAgain.routeKey == context.routeKey || context.routeKey == "$default")
    #expect(contextAgain.identity?.username == context.identity?.username)
    #expect(contextAgain.sourceAddress == "192.0.2.7")
    #expect(contextAgain.pathParameter("symbol") == context.pathParameter("symbol"))
  }

  @Test func aStreamHasNoEventForm() throws {
    let stream = AsyncStream<ByteBuffer> { $0.finish() }
    let request = Request(
      method: "POST", target: RequestTarget(path: "/"), body: .stream(BodyStream(stream)))
    let context = RequestContext(requestID: "R", sourceAddress: "::1", clock: ManualClock())
    #expect(throws: Diagnostic.self) { try EventForm(.v2).event(request, context) }
    let answer = Response(status: 200, body: .stream(BodyStream(stream)))
    #expect(throws: Diagnostic.self) { try EventResult.json(answer, format: .v2) }
  }

  @Test func anyValueIsABodyInFormat2() throws {
    let response = try EventResult.response(["hello": "world"], format: .v2)
    #expect(response.status == 200)
    #expect(response.headers["content-type"] == "application/json")
    #expect(response.text == #"{"hello":"world"}"#)
    #expect(try EventResult.response("text", format: .v2).text == #""text""#)
  }

  @Test func cookiesAndBase64() throws {
    let response = try EventResult.response(
      [
        "statusCode": 201, "headers": ["X-A": "1", "content-type": "image/png"],
        "cookies": ["a=1; Path=/", "b=2"], "body": "iVBO", "isBase64Encoded": true,
      ], format: .v2)
    #expect(response.status == 201)
    #expect(response.headers.values("set-cookie") == ["a=1; Path=/", "b=2"])
    #expect(response.headers["x-a"] == "1")
    #expect(response.body.buffer == ByteBuffer(bytes: [0x89, 0x50, 0x4E]))
  }

  @Test func format1HasMultipleValues() throws {
    let response = try EventResult.response(
      [
        "statusCode": 200, "headers": ["x-a": "0", "x-b": "1"],
        "multiValueHeaders": ["X-A": ["1", "2"]], "body": "{}",
      ], format: .v1)
    #expect(response.headers.values("x-a") == ["1", "2"])
    #expect(response.headers["x-b"] == "1")
    #expect(response.headers["content-type"] == "application/json")
  }

  @Test(arguments: [
    #"{"statusCode":"abc"}"#, #"{"statusCode":42}"#, #"{"statusCode":200,"body":{"a":1}}"#,
    #"{"statusCode":200,"headers":{"a":[1]}}"#,
    #"{"statusCode":200,"body":"***","isBase64Encoded":true}"#,
  ])
  func nonsenseIsMalformed(_ text: String) throws {
    let result = try JSON(parsing: text)
    #expect(throws: IntegrationFailure.self) { try EventResult.response(result, format: .v2) }
    #expect(throws: IntegrationFailure.self) { try EventResult.response(result, format: .v1) }
    if result["statusCode"]?.int == nil || text.contains("42") {
      #expect(throws: IntegrationFailure.self) { try EventResult.response([:], format: .v1) }
    }
  }

  @Test func aHandlerIsInvokedByAnEvent() async throws {
    let handler = FunctionHandler { request, context in
      Response(json: [
        "path": .string(request.target.path), "user": .string(context.identity?.username ?? ""),
      ])
    }
    let invocation = EventInvocation(handler, clock: ManualClock())
    let empty = try await invocation.invoke([:])
    #expect(empty["statusCode"]?.int == 200)
    #expect(empty["body"]?.string == #"{"path":"/","user":""}"#)
    let (request, context) = try Self.exchange("json-with-token")
    let event = try EventForm(.v2).event(request, context)
    let full = try await invocation.invoke(event)
    #expect(full["body"]?.string == #"{"path":"/Prod/buy","user":"alice"}"#)
    let failing = EventInvocation(
      FunctionHandler { _, _ in throw Problem(status: 409, error: "c", message: "m") },
      clock: ManualClock())
    #expect(try await failing.invoke([:])["statusCode"]?.int == 409)
  }
}
