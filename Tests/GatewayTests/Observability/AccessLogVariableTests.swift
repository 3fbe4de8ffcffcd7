import HTTPExchange
import JSON
import Testing
import Time

@testable import Gateway

/// spec/gateway.md §1.9: every variable of `$context` that HTTP APIs have.
@Suite("Variables of the access log") struct AccessLogVariableTests {
  private static func record() -> AccessLogRecord {
    let clock = ManualClock(now: Timestamp(milliseconds: 1_780_000_000_123))
    var notes = ResponseNotes()
    notes.routeKey = "POST /buy"
    notes.stage = "api/v1"
    notes.errorType = "INTEGRATION_FAILURE"
    notes.error = "it said \"no\""
    notes.subject = "sub-alice"
    notes.cache = "hit"
    notes.claims = ["sub": "sub-alice", "groups": ["a", "b"]]
    notes.integrationLatency = .milliseconds(7)
    notes.integrationStatus = 502
    var context = RequestContext(requestID: "REQ-1", sourceAddress: "192.0.2.7", clock: clock)
    context.trace = TraceContext(amazon: "Root=1-67891233-abcdef012345678912345678")
    return AccessLogRecord(
      CompletedExchange(
        method: "POST", path: "/api/v1/buy", query: nil, authority: "api.example.org:8080",
        headers: HeaderFields([("user-agent", "curl/8")]), httpVersion: "HTTP/1.1",
        context: context, status: 500, notes: notes, bytesIn: 10, bytesOut: 30,
        nanoseconds: 12_000_000, aborted: false), apiID: "api1")
  }

  @Test(
    "each has AWS's value",
    arguments: [
      ("requestId", "REQ-1"), ("extendedRequestId", "REQ-1"), ("accountId", "local"),
      ("apiId", "api1"), ("stage", "api/v1"), ("domainName", "api.example.org:8080"),
      ("domainPrefix", "api"), ("routeKey", "POST /buy"), ("httpMethod", "POST"),
      ("path", "/api/v1/buy"), ("protocol", "HTTP/1.1"), ("status", "500"),
      ("responseLength", "30"), ("dataProcessed", "40"),
      ("requestTime", "28/May/2026:20:26:40 +0000"), ("requestTimeEpoch", "1780000000123"),
      ("responseLatency", "12"), ("integrationLatency", "7"), ("integration.latency", "7"),
      ("integration.status", "502"), ("integration.integrationStatus", "502"),
      ("integration.error", #"it said \"no\""#), ("integrationErrorMessage", #"it said \"no\""#),
      ("error.message", #"it said \"no\""#), ("error.responseType", "INTEGRATION_FAILURE"),
      ("error.messageString", #"\"it said \\\"no\\\"\""#),
      ("authorizer.principalId", "sub-alice"), ("authorizer.claims.sub", "sub-alice"),
      ("authorizer.claims.groups", "[a b]"), ("authorizer.claims.none", "-"),
      ("authorizer.claims", "-"), ("authorizer.error", "-"), ("identity.sourceIp", "192.0.2.7"),
      ("identity.userAgent", "curl/8"), ("identity.clientCert.subjectDN", "-"),
      ("customDomain.basePathMatched", "api/v1"), ("integration.requestId", "-"),
      ("awsEndpointRequestId", "-"), ("cacheStatus", "hit"),
      ("xrayTraceId", "Root=1-67891233-abcdef012345678912345678"),
    ])
  func value(name: String, expected: String) {
    let template = AccessLogTemplate("$context.\(name)")
    #expect(template.render(Self.record()) == expected)
    #expect(template.unknownVariables.isEmpty)
  }

  @Test("every known variable is one of the rows above or a claim") func complete() {
    for name in AccessLogRecord.variables where name != "authorizer.error" {
      #expect(Self.record().value(name) != nil, "\(name)")
    }
    for name in AccessLogRecord.emptyVariables { #expect(Self.record().value(name) == nil) }
  }

  @Test("a line is one line, whatever a client sends") func oneLine() {
    var exchange = Self.record().exchange
    exchange.path = "/a\nb"
    exchange.headers = HeaderFields([("user-agent", "x\r\n\"y")])
    let record = AccessLogRecord(exchange, apiID: "x")
    let line = AccessLogTemplate(
      "$context.path $context.identity.userAgent\n$context.nobody $context.status."
    ).render(record)
    #expect(line == #"/a\nb x\r\n\"y - 500."#)
    #expect(!record.json.contains("\n"))
  }

  @Test("an unknown variable is refused at load, with what was meant") func unknown() {
    let template = AccessLogTemplate("$context.identity.sourceIP $context.status $context.nobody")
    #expect(template.unknownVariables == ["identity.sourceIP", "nobody"])
  }

  @Test("metrics have CloudWatch's names, by route key and never by path") func metrics() {
    let metrics = Metrics()
    metrics.record(Self.record().exchange)
    let text = metrics.render()
    for name in [
      "apigateway_count_total", "apigateway_4xx_total", "apigateway_5xx_total",
      "apigateway_latency_ms_sum", "apigateway_integration_latency_ms_sum",
      "apigateway_data_processed_bytes_total", "apigateway_cache_hit_total",
      "apigateway_cache_miss_total",
    ] {
      #expect(text.contains("\(name){route=\"POST /buy\"}"), "\(name)")
    }
    #expect(!text.contains("/api/v1/buy"))
  }

  @Test(
    "X-Amzn-Trace-Id and traceparent: the root is kept, an invalid one is replaced",
    arguments: [
      ("Root=1-67891233-abcdef012345678912345678", "", "Root=1-67891233-abcdef012345678912345678"),
      (
        "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1", "",
        "Root=1-67891233-abcdef012345678912345678"
      ),
      (
        "", "00-67891233abcdef012345678912345678-53995c3f42cd8ad8-01",
        "Root=1-67891233-abcdef012345678912345678"
      ),
      ("Root=nonsense", "", "Root=1-"), ("", "", "Root=1-"),
    ])
  func trace(amazon: String, traceparent: String, expected: String) {
    let out = Trace.adopt(
      TraceContext(traceparent: traceparent, amazon: amazon), now: Timestamp(seconds: 1_780_000_000)
    )
    #expect(out.amazon.hasPrefix(expected), "\(out)")
    let parts = out.traceparent.split(separator: "-")
    #expect(parts.count == 4 && parts[1].count == 32 && parts[2].count == 16, "\(out)")
  }
}
