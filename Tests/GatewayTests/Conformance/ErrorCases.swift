private let origin = ("Origin", "https://app.example")
private let note = ("X-Note", "n")
private let json = ("Content-Type", "application/json")

/// spec/gateway.md §1.8: limits, errors, validation; and what the other tables left open.
let errorCases: [ConformanceCase] = [
  ConformanceCase(
    row: "1.1 identity source: query", evidence: .documented, setup: .limited,
    target: "/api/v1/query?Token=good", status: 200, bodyHas: [#""user":"alice""#]),
  ConformanceCase(
    row: "1.1 identity source: query names are case-sensitive", evidence: .documented,
    setup: .limited, target: "/api/v1/query?token=good", status: 401,
    bodyIs: #"{"message":"Unauthorized"}"#, type: "UNAUTHORIZED"),
  ConformanceCase(
    row: "1.1 identity source: exactly one selector", evidence: .documented, setup: .limited,
    target: "/api/v1/query", headers: [("Authorization", "Bearer good")], status: 401),
  ConformanceCase(
    row: "1.3 origin: scheme wildcard", evidence: .documented, setup: .limited,
    target: "/api/v1/any", headers: [("Origin", "https://whoever.example")], status: 200,
    fields: ["access-control-allow-origin": "https://whoever.example", "vary": "Origin"]),
  ConformanceCase(
    row: "1.3 origin: scheme wildcard is of that scheme", evidence: .documented, setup: .limited,
    target: "/api/v1/any", headers: [("Origin", "http://whoever.example")], status: 200,
    absent: ["access-control-allow-origin"]),
  ConformanceCase(
    row: "1.3 origin: * without credentials (X-01, GET /check)", evidence: .documented,
    setup: .limited, target: "/api/v1/check", headers: [("Origin", "https://evil.example")],
    status: 200, fields: ["access-control-allow-origin": "*"],
    absent: ["vary", "access-control-allow-credentials"]),
  ConformanceCase(
    row: "1.3 preflight of the route's own policy", evidence: .documented, setup: .limited,
    method: "OPTIONS", target: "/api/v1/check",
    headers: [origin, ("Access-Control-Request-Method", "GET")], status: 204,
    fields: ["access-control-allow-origin": "*", "access-control-allow-methods": "GET"]),
  ConformanceCase(
    row: "1.3 errors too: 429", evidence: .documented, setup: .limited, times: 2,
    target: "/api/v1/limited", headers: [origin], status: 429,
    fields: ["access-control-allow-origin": "https://app.example", "vary": "Origin"]),
  ConformanceCase(
    row: "1.3 errors too: 503", evidence: .documented, setup: .limited, target: "/api/v1/away",
    headers: [origin], status: 503, fields: ["access-control-allow-origin": "https://app.example"]),
  ConformanceCase(
    row: "1.3 errors too: 400", evidence: .documented, setup: .limited, method: "POST",
    target: "/api/v1/valid", headers: [origin, json], body: "{}", status: 400,
    fields: ["access-control-allow-origin": "https://app.example"]),
  ConformanceCase(
    row: "1.3 errors too: 413", evidence: .documented, method: "POST", target: "/api/v1/buy",
    headers: [origin, ("Authorization", "good"), ("Content-Length", "10485761")], status: 413,
    fields: ["access-control-allow-origin": "https://app.example"], type: "REQUEST_TOO_LARGE"),
  ConformanceCase(
    row: "1.3 no CORS: the integration's fields pass", evidence: .documented, setup: .open,
    target: "/api/v1/cors", headers: [origin], status: 200,
    fields: ["access-control-allow-origin": "https://wrong.example"], absent: ["vary"]),
  ConformanceCase(
    row: "1.3 $default captures OPTIONS", evidence: .documented, setup: .open, method: "OPTIONS",
    target: "/api/v1/nowhere", headers: [origin, ("Access-Control-Request-Method", "GET")],
    status: 200, bodyHas: [#""routeKey":"$default""#]),
  ConformanceCase(
    row: "1.6 response 2.0: a bare value is a 200", evidence: .documented, setup: .limited,
    target: "/api/v1/bare", status: 200, bodyIs: #"{"hello":"world"}"#,
    fields: ["content-type": "application/json"]),
  ConformanceCase(
    row: "1.6 response 2.0: status, fields, base64", evidence: .documented, setup: .limited,
    target: "/api/v1/cookies", status: 201, bodyIs: "hello", fields: ["x-one": "1"]),
  ConformanceCase(
    row: "1.6 response malformed: HTTP API's 500", evidence: .documented, setup: .limited,
    target: "/api/v1/malformed", status: 500, bodyIs: #"{"message":"Internal Server Error"}"#,
    type: "INTEGRATION_FAILURE"),
  ConformanceCase(
    row: "1.6 response 1.0 without a status is malformed", evidence: .documented, setup: .limited,
    target: "/api/v1/malformed1", status: 500, bodyIs: #"{"message":"Internal Server Error"}"#),
  ConformanceCase(
    row: "1.7 ANY takes every method", evidence: .documented, setup: .limited, method: "DELETE",
    target: "/api/v1/any", status: 200, bodyHas: [#""routeKey":"ANY /any""#]),
  ConformanceCase(
    row: "1.7 a specific method beats ANY", evidence: .documented, setup: .limited, method: "POST",
    target: "/api/v1/both/x", status: 200, bodyHas: [#""routeKey":"POST /both/{proxy+}""#]),
  ConformanceCase(
    row: "1.7 $default is last", evidence: .documented, setup: .open, method: "PATCH",
    target: "/api/v1/what/ever", status: 200, bodyHas: [#""routeKey":"$default""#]),
  ConformanceCase(
    row: "1.7 a full match beats $default", evidence: .documented, setup: .open,
    target: "/api/v1/cors", status: 200, bodyIs: #"{"ok":true}"#),
  ConformanceCase(
    row: "1.7 the named stage without a path below it", evidence: .unconfirmed,
    target: "/Prod", status: 404),
  ConformanceCase(
    row: "1.8 upstream unreachable", evidence: .unconfirmed, setup: .limited,
    target: "/api/v1/away", status: 503, bodyIs: #"{"message":"Service Unavailable"}"#,
    type: "INTEGRATION_TIMEOUT"),
  ConformanceCase(
    row: "1.8 validation: required parameters by name", evidence: .documented, setup: .limited,
    method: "POST", target: "/api/v1/valid", headers: [json], body: #"{"n":1}"#, status: 400,
    bodyIs: #"{"message":"Missing required request parameters: [side, X-Note]"}"#,
    type: "BAD_REQUEST_PARAMETERS"),
  ConformanceCase(
    row: "1.8 validation: a blank parameter is missing", evidence: .documented, setup: .limited,
    method: "POST", target: "/api/v1/valid?side=%20", headers: [json, note], body: #"{"n":1}"#,
    status: 400, bodyIs: #"{"message":"Missing required request parameters: [side]"}"#),
  ConformanceCase(
    row: "1.8 validation: a parameter that differs", evidence: .ours, setup: .limited,
    method: "POST", target: "/api/v1/valid?side=hold", headers: [json, note], body: #"{"n":1}"#,
    status: 400, bodyIs: #"{"message":"Invalid request parameters"}"#,
    type: "BAD_REQUEST_PARAMETERS"),
  ConformanceCase(
    row: "1.8 validation: body", evidence: .documented, setup: .limited, method: "POST",
    target: "/api/v1/valid?side=buy", headers: [json, note], body: #"{"n":"one"}"#, status: 400,
    bodyIs: #"{"message":"Invalid request body"}"#, type: "BAD_REQUEST_BODY"),
  ConformanceCase(
    row: "1.8 validation: the violations beside the text", evidence: .ours, strict: false,
    setup: .limited, method: "POST", target: "/api/v1/valid?side=buy", headers: [json, note],
    body: #"{"n":"one"}"#, status: 400,
    bodyHas: [#""message":"Invalid request body""#, #""violations":[{"pointer":"/n""#]),
  ConformanceCase(
    row: "1.8 validation: media type", evidence: .documented, setup: .limited, method: "POST",
    target: "/api/v1/valid?side=buy", headers: [("Content-Type", "text/plain"), note],
    body: "n=1", status: 415, bodyIs: #"{"message":"Unsupported Media Type"}"#,
    type: "UNSUPPORTED_MEDIA_TYPE"),
  ConformanceCase(
    row: "1.8 validation: a good request passes", evidence: .documented, setup: .limited,
    method: "POST", target: "/api/v1/valid?side=buy", headers: [json, note], body: #"{"n":1}"#,
    status: 200),
  ConformanceCase(
    row: "1.8 auth: 401 and its type", evidence: .documented, method: "POST",
    target: "/api/v1/buy", status: 401, bodyIs: #"{"message":"Unauthorized"}"#,
    type: "UNAUTHORIZED"),
  ConformanceCase(
    row: "1.8 auth: 403 and its type", evidence: .documented, target: "/api/v1/admin",
    headers: [("Authorization", "good")], status: 403, bodyIs: #"{"message":"Forbidden"}"#,
    type: "ACCESS_DENIED"),
  ConformanceCase(
    row: "1.8 response types: no route", evidence: .documented, target: "/api/v1/nowhere",
    status: 404, bodyIs: #"{"message":"Not Found"}"#, type: "ROUTE_NOT_FOUND"),
  ConformanceCase(
    row: "1.8 response types: integration failure", evidence: .documented,
    target: "/api/v1/throw", status: 500, bodyIs: #"{"message":"Internal Server Error"}"#,
    absent: ["x-amzn-errortype", "x-amzn-requestid"], type: "INTEGRATION_FAILURE"),
  ConformanceCase(
    row: "1.9 tracing: the root that comes is kept", evidence: .documented,
    target: "/api/v1/check",
    headers: [("X-Amzn-Trace-Id", "Root=1-67891233-abcdef012345678912345678")], status: 200),
]
