import HTTPExchange
import JSON
import Testing
import Time

@testable import Gateway

/// Lines and counters of finished exchanges.
@Suite struct AccessLogTests {
  private static func exchange(path: String = "/api/v1/buy", status: Int = 401) -> CompletedExchange
  {
    let clock = ManualClock(now: Timestamp(milliseconds: 1_780_000_000_123))
    var notes = ResponseNotes()
    notes.routeKey = "POST /buy"
    notes.stage = "api/v1"
    notes.errorType = "UNAUTHORIZED"
    notes.error = "the token has expired"
    notes.integrationLatency = .milliseconds(7)
    return CompletedExchange(
      method: "POST", path: path, query: "a=secret", authority: "localhost:8080",
      headers: HeaderFields([("User-Agent", "curl\"/8\n")]), httpVersion: "HTTP/1.1",
      context: RequestContext(requestID: "REQ-1", sourceAddress: "192.0.2.7", clock: clock),
      status: status, notes: notes, bytesIn: 10, bytesOut: 30, nanoseconds: 12_000_000,
      aborted: false)
  }

  @Test func writesJSONWithTheVocabulary() throws {
    let record = AccessLogRecord(Self.exchange(), apiID: "portico")
    let line = record.json
    #expect(!line.contains("\n"))
    #expect(!line.contains("secret"))
    let json = try JSON(parsing: line)
    #expect(json["requestId"]?.string == "REQ-1")
    #expect(json["requestTimeEpoch"]?.int == 1_780_000_000_123)
    #expect(json["routeKey"]?.string == "POST /buy")
    #expect(json["status"]?.int == 401)
    #expect(json["dataProcessed"]?.int == 40)
    #expect(json["responseLatency"]?.int == 12)
    #expect(json["integrationLatency"]?.int == 7)
    #expect(json["authorizer.error"]?.string == "the token has expired")
    #expect(json["identity.sourceIp"]?.string == "192.0.2.7")
  }

  @Test func fillsATemplate() {
    let template = AccessLogTemplate(
      #"$context.identity.sourceIp - [$context.requestTime] "$context.httpMethod $context.path" $context.status $context.authorizer.claims.sub "$context.identity.userAgent""#
    )
    #expect(
      template.render(AccessLogRecord(Self.exchange(), apiID: "x"))
        == #"192.0.2.7 - [28/May/2026:20:26:40 +0000] "POST /api/v1/buy" 401 - "curl\"/8\n""#)
  }

  @Test func aTerminalGetsNoControlCharacters() {
    let record = AccessLogRecord(Self.exchange(path: "/\u{1B}[2J"), apiID: "x")
    #expect(!record.human.contains("\u{1B}"))
    #expect(record.human.contains("401 POST"))
  }

  @Test func metricsCountByRouteKey() {
    let metrics = Metrics()
    for index in 0..<10 { metrics.record(Self.exchange(path: "/x/\(index)")) }
    metrics.record(Self.exchange(status: 500))
    let text = metrics.render()
    #expect(text.contains(#"apigateway_count_total{route="POST /buy"} 11"#))
    #expect(text.contains(#"apigateway_4xx_total{route="POST /buy"} 10"#))
    #expect(text.contains(#"apigateway_5xx_total{route="POST /buy"} 1"#))
    #expect(text.contains(#"apigateway_latency_ms_bucket{route="POST /buy",le="10"} 0"#))
    #expect(text.contains(#"apigateway_latency_ms_bucket{route="POST /buy",le="25"} 11"#))
    #expect(text.contains(#"apigateway_integration_latency_ms_count{route="POST /buy"} 11"#))
    #expect(!text.contains("/x/"))
  }

  @Test func tracesAreBridged() {
    let now = Timestamp(seconds: 0x6A00_0000)
    let fresh = Trace.adopt(TraceContext(), now: now)
    #expect(fresh.amazon.hasPrefix("Root=1-6a000000-"))
    #expect(fresh.traceparent.hasPrefix("00-6a000000"))
    let amazon = Trace.adopt(
      TraceContext(amazon: "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"), now: now)
    #expect(amazon.amazon.hasPrefix("Root=1-5759e988-bd862e3fe1be46a994272793;Parent="))
    #expect(amazon.traceparent.hasPrefix("00-5759e988bd862e3fe1be46a994272793-"))
    #expect(amazon.traceparent.hasSuffix("-00"))
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    let w3c = Trace.adopt(TraceContext(traceparent: parent), now: now)
    #expect(w3c.traceparent.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-"))
    #expect(w3c.traceparent != parent)
    #expect(w3c.amazon.hasPrefix("Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;"))
    let forged = Trace.adopt(TraceContext(traceparent: "00-zz", amazon: "Root=\n"), now: now)
    #expect(forged.amazon.hasPrefix("Root=1-6a000000-"))
  }
}
