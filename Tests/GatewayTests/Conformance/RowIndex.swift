/// Where a row of spec/gateway.md §1 is proved.
struct SpecRow: Sendable, CustomStringConvertible {
  /// The section with the row's name.
  var name: String
  /// Beginnings of the fixtures' labels in the tables of this folder.
  var fixtures: [String] = []
  /// `File.swift: a text in it`, below Tests/, for what no request can show.
  var proofs: [String] = []
  var evidence: Evidence?

  var description: String { name }
}

/// Every row of §1.1 to §1.9; `evidence` stands where proofs are not tables.
let specRows: [SpecRow] = [
  SpecRow(
    name: "1.1 Identity source",
    fixtures: [
      "1.1 bare token", "1.1 Bearer token", "1.1 identity source: query",
      "1.1 identity source: query names are case-sensitive",
      "1.1 identity source: exactly one selector",
    ]),
  SpecRow(
    name: "1.1 Order", fixtures: ["1.1 invalid token", "1.1 insufficient scope"],
    proofs: ["TokensTests: TokenVerifier"], evidence: .documented),
  SpecRow(
    name: "1.1 Algorithms",
    proofs: ["GatewayTests/Issuers/AuthorizerSettingsTests.swift: only RSA"],
    evidence: .documented),
  SpecRow(
    name: "1.1 Keys", fixtures: ["1.1 keys fetched while it waits", "1.1 no keys"],
    proofs: ["GatewayTests/Issuers/RemoteIssuerTests.swift: a rotation is picked up"],
    evidence: .documented),
  SpecRow(
    name: "1.1 kid",
    proofs: ["GatewayTests/Issuers/RemoteIssuerTests.swift: a storm of unknown keys"],
    evidence: .documented),
  SpecRow(name: "1.1 iss", proofs: ["TokensTests: issuer"], evidence: .documented),
  SpecRow(name: "1.1 aud / client_id", proofs: ["TokensTests: client_id"], evidence: .documented),
  SpecRow(name: "1.1 exp / nbf / iat", proofs: ["TokensTests: nbf"], evidence: .documented),
  SpecRow(
    name: "1.1 Scopes", fixtures: ["1.1 scopes: one of the list suffices"],
    proofs: ["TokensTests: scp"], evidence: .documented),
  SpecRow(
    name: "1.1 Missing/invalid",
    fixtures: ["1.1 invalid token", "1.1 invalid token carries the request's id"]),
  SpecRow(name: "1.1 Missing token", fixtures: ["1.1 missing token"]),
  SpecRow(
    name: "1.1 Insufficient scope",
    fixtures: ["1.1 insufficient scope", "1.1 insufficient scope: challenge"]),
  SpecRow(name: "1.1 Event: claims", fixtures: ["1.1 event: claims as a flat map of strings"]),
  SpecRow(
    name: "1.1 Event: scopes",
    fixtures: ["1.1 event: no scopes on a route without", "1.1 event: the token's full list"]),
  SpecRow(name: "1.1 Payload 1.0", fixtures: ["1.6 1.0: authorizer.claims"]),
  SpecRow(
    name: "1.1 Log vars",
    proofs: ["GatewayTests/Observability/AccessLogVariableTests.swift: authorizer.claims.groups"],
    evidence: .documented),
  SpecRow(
    name: "1.1 Limits", proofs: ["GatewayTests/Conformance/ConformanceTests.swift: tenAuthorizers"],
    evidence: .documented),
  SpecRow(
    name: "1.2 Lambda authorizer: refused at load, never skipped",
    proofs: ["GatewayTests/OpenAPI/NothingSkippedTests.swift: authorizerUri"], evidence: .ours),
  SpecRow(
    name: "1.3 CORS configured", fixtures: ["1.3 actual request: integration's fields are dropped"]),
  SpecRow(
    name: "1.3 Preflight",
    fixtures: ["1.3 preflight: answered before authorizer", "1.3 preflight: no route is needed"]),
  SpecRow(
    name: "1.3 $default + JWT", fixtures: ["1.3 $default captures OPTIONS"],
    proofs: ["GatewayTests/ExplainTests.swift: defaultEatsPreflight"]),
  SpecRow(
    name: "1.3 Origin match",
    fixtures: [
      "1.3 origin: the host's case", "1.3 origin: scheme wildcard", "1.3 origin: * without",
    ]),
  SpecRow(
    name: "1.3 Origin mismatch",
    fixtures: ["1.3 preflight: unknown origin", "1.3 actual request: unknown origin"]),
  SpecRow(
    name: "1.3 Credentials",
    proofs: ["GatewayTests/Conformance/ConformanceTests.swift: credentialsWithAnything"],
    evidence: .unconfirmed),
  SpecRow(
    name: "1.3 Which headers where",
    fixtures: ["1.3 preflight: answered before authorizer", "1.3 actual request: integration's"]),
  SpecRow(
    name: "1.3 Errors too",
    fixtures: ["400", "401", "403", "404", "413", "429", "500", "503"].map {
      "1.3 errors too: \($0)"
    },
    proofs: ["GatewayTests/Sockets/SocketFailureTests.swift: access-control-allow-origin"]),
  SpecRow(
    name: "1.3 No CORS config",
    fixtures: [
      "1.3 no CORS: the integration's fields pass",
      "1.3 OPTIONS that is no preflight needs a route",
    ]),
  SpecRow(
    name: "1.3 Reserved: parameter mapping is refused",
    proofs: ["GatewayTests/OpenAPI/NothingSkippedTests.swift: responseParameters"], evidence: .ours),
  SpecRow(
    name: "1.4 Layer 1: usage plan by method",
    fixtures: ["1.4 layer 1: plan throttle by method", "1.4 one method's throttle"]),
  SpecRow(name: "1.4 Layer 2: route in a stage", fixtures: ["1.4 layer 2: route throttle"]),
  SpecRow(
    name: "1.4 Layer 3: account, here the stage",
    proofs: ["GatewayTests/Throttling/TokenBucketTests.swift: theStageIsThrottledWithAWSsBody"],
    evidence: .documented),
  SpecRow(
    name: "1.4 Token bucket; before authorizer",
    fixtures: ["1.4 throttle comes before authorizer"],
    proofs: [
      "GatewayTests/Throttling/TokenBucketTests.swift: neverAdmitsMoreThanBurstAndRate",
      "GatewayTests/Throttling/DurableUsageLedgerTests.swift: fails closed, or open",
    ]),
  SpecRow(
    name: "1.4 Bodies; no Retry-After in strict",
    fixtures: [
      "1.4 layer 2: route throttle", "1.4 quota has another text", "1.4 extension: Retry-After",
      "1.4 strict: no RateLimit",
    ]),
  SpecRow(
    name: "1.4 Quota", fixtures: ["1.4 quota has another text"],
    proofs: [
      "GatewayTests/Throttling/UsagePlanTests.swift: windowsBeginWhereAWSsDo",
      "GatewayTests/Throttling/UsagePlanTests.swift: theOffsetIsTakenOffTheFirstPeriod",
      "GatewayTests/Throttling/DurableUsageLedgerTests.swift: no crash lets a client have more",
    ]),
  SpecRow(
    name: "1.4 API key",
    fixtures: [
      "1.4 key missing", "1.4 key unknown", "1.4 key disabled", "1.4 key shorter than 20",
      "1.4 key is identity, not authorization", "1.4 key and token together",
    ]),
  SpecRow(
    name: "1.5 TTL",
    fixtures: ["1.5 TTL: the origin's Cache-Control", "1.5 TTL: strict says nothing"]),
  SpecRow(name: "1.5 Methods", fixtures: ["1.5 methods: only GET"]),
  SpecRow(
    name: "1.5 Key", fixtures: ["1.5 key: a declared parameter"],
    proofs: ["GatewayTests/Cache/ResponseCacheTests.swift: the stage cache: declared parameters"]),
  SpecRow(
    name: "1.5 Size", proofs: ["GatewayTests/Cache/CacheStoreTests.swift: detail=size"],
    evidence: .documented),
  SpecRow(
    name: "1.5 Invalidate",
    fixtures: [
      "1.5 invalidate: max-age=0 refetches", "1.5 invalidate: FAIL_WITH_403",
      "1.5 invalidate: SUCCEED_WITH_RESPONSE_HEADER",
      "1.5 invalidate: SUCCEED_WITHOUT_RESPONSE_HEADER",
    ]),
  SpecRow(
    name: "1.5 Flush", proofs: ["GatewayTests/Cache/CacheStoreTests.swift: purge"],
    evidence: .documented),
  SpecRow(
    name: "1.6 names", fixtures: ["1.6 2.0:", "1.6 1.0:"],
    proofs: ["GatewayTests/Events/EventFormTests.swift: writesTheGoldenEvent"]),
  SpecRow(
    name: "1.6 headers",
    fixtures: ["1.6 2.0: names are lower-cased", "1.6 2.0: cookies leave", "1.6 1.0: last value"]),
  SpecRow(
    name: "1.6 query",
    fixtures: ["1.6 2.0: no query", "1.6 2.0: query decoded", "1.6 1.0: null when empty"]),
  SpecRow(name: "1.6 raw", fixtures: ["1.6 2.0: rawPath includes the stage"]),
  SpecRow(name: "1.6 context", fixtures: ["1.6 context"]),
  SpecRow(name: "1.6 body", fixtures: ["1.6 2.0: text body", "1.6 2.0: other body in base64"]),
  SpecRow(
    name: "1.6 Response",
    fixtures: ["1.6 response 2.0: a bare", "1.6 response 2.0: status", "1.6 response malformed"],
    proofs: ["GatewayTests/Events/EventFormTests.swift: format1HasMultipleValues"]),
  SpecRow(
    name: "1.6 Streaming",
    proofs: ["GatewayTests/Events/EventFormTests.swift: aStreamHasNoEventForm"],
    evidence: .ours),
  SpecRow(
    name: "1.7 Stage",
    fixtures: ["1.7 base path", "1.7 stage", "1.7 the named stage", "1.7 no route"]),
  SpecRow(
    name: "1.7 Route",
    fixtures: [
      "1.7 static before parameter", "1.7 greedy: longest literal prefix",
      "1.7 a specific method beats ANY", "1.7 $default is last",
      "1.7 a full match beats $default", "1.7 greedy does not match an empty remainder",
    ]),
  SpecRow(
    name: "1.7 Custom domain",
    fixtures: ["1.7 custom domain at the root", "1.7 mapping ends on a segment"]),
  SpecRow(
    name: "1.7 Parameter mapping: refused at load",
    proofs: ["GatewayTests/OpenAPI/NothingSkippedTests.swift: requestParameters"], evidence: .ours),
  SpecRow(name: "1.7 Routing miss (HTTP API's)", fixtures: ["1.7 no route for the method"]),
  SpecRow(name: "1.8 Payload", fixtures: ["1.8 payload over 10 MB"]),
  SpecRow(
    name: "1.8 Request line + headers", proofs: ["ListenerTests: 431"], evidence: .unconfirmed),
  SpecRow(
    name: "1.8 Timeout", proofs: ["GatewayTests/Sockets/SocketFailureTests.swift: /hang"],
    evidence: .unconfirmed),
  SpecRow(name: "1.8 Upstream unreachable", fixtures: ["1.8 upstream unreachable"]),
  SpecRow(name: "1.8 Auth", fixtures: ["1.8 auth: 401", "1.8 auth: 403"]),
  SpecRow(
    name: "1.8 Validation",
    fixtures: [
      "1.8 validation: required parameters", "1.8 validation: a blank", "1.8 validation: body",
      "1.8 validation: media type", "1.8 validation: a good request",
    ]),
  SpecRow(
    name: "1.8 Gateway responses",
    fixtures: ["1.8 response types: no route", "1.8 response types: integration failure"]),
  SpecRow(
    name: "1.9 Access log",
    proofs: [
      "GatewayTests/Observability/AccessLogVariableTests.swift: each has AWS's value",
      "GatewayTests/AccessLogTests.swift: fillsATemplate",
    ], evidence: .documented),
  SpecRow(
    name: "1.9 Metrics",
    proofs: [
      "GatewayTests/Observability/AccessLogVariableTests.swift: CloudWatch",
      "GatewayTests/Cache/HeadAndStatusTests.swift: a bypassed cache is no miss",
    ], evidence: .documented),
  SpecRow(
    name: "1.9 X-Amzn-Trace-Id", fixtures: ["1.9 tracing: the root that comes is kept"],
    proofs: ["GatewayTests/Observability/AccessLogVariableTests.swift: the root is kept"]),
]
