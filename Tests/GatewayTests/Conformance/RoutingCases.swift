/// spec/gateway.md §1.7 and §1.8: routes, stages, limits and errors.
let routingCases: [ConformanceCase] = [
  ConformanceCase(
    row: "1.7 base path", evidence: .documented, target: "/api/v1/check", status: 200,
    bodyHas: [#""routeKey":"GET /check""#, #""stage":"api/v1""#]),
  ConformanceCase(
    row: "1.7 stage", evidence: .documented, target: "/Prod/check", status: 200,
    bodyHas: [#""stage":"Prod""#]),
  ConformanceCase(
    row: "1.7 custom domain at the root", evidence: .documented, target: "/check",
    host: "api.localhost:8080", status: 200, bodyHas: [#""stage":"$default""#]),
  ConformanceCase(
    row: "1.7 mapping ends on a segment", evidence: .documented, target: "/Production/check",
    status: 404),
  ConformanceCase(
    row: "1.7 static before parameter", evidence: .documented, target: "/api/v1/stocks/top",
    status: 200, bodyHas: [#""routeKey":"GET /stocks/top""#]),
  ConformanceCase(
    row: "1.7 parameter", evidence: .documented, target: "/api/v1/stocks/AAPL", status: 200,
    bodyHas: [#""routeKey":"GET /stocks/{symbol}""#, #"{"symbol":"AAPL"}"#]),
  ConformanceCase(
    row: "1.7 parameter is decoded once", evidence: .ours, target: "/api/v1/stocks/A%2525",
    status: 200, bodyHas: [#"{"symbol":"A%25"}"#]),
  ConformanceCase(
    row: "1.7 greedy: longest literal prefix", evidence: .documented,
    target: "/api/v1/files/a/b/c", status: 200,
    bodyHas: [#""routeKey":"ANY /files/a/{proxy+}""#, #"{"proxy":"b/c"}"#]),
  ConformanceCase(
    row: "1.7 greedy: ANY takes every method", evidence: .documented, method: "PATCH",
    target: "/api/v1/files/a/b", status: 200),
  ConformanceCase(
    row: "1.7 greedy does not match an empty remainder", evidence: .unconfirmed,
    target: "/api/v1/files/", status: 404),
  ConformanceCase(
    row: "1.7 no route", evidence: .documented, target: "/api/v1/nowhere", status: 404,
    bodyIs: #"{"message":"Not Found"}"#, fields: ["content-type": "application/json"]),
  ConformanceCase(
    row: "1.7 no route for the method", evidence: .documented, method: "DELETE",
    target: "/api/v1/check", status: 404, bodyIs: #"{"message":"Not Found"}"#),
  ConformanceCase(
    row: "1.7 paths differ by case", evidence: .documented, target: "/api/v1/Check", status: 404),
  ConformanceCase(
    row: "1.7 a trailing slash is another path", evidence: .unconfirmed, target: "/api/v1/check/",
    status: 404),
  ConformanceCase(
    row: "1.7 HEAD of a GET route", evidence: .ours, strict: false, method: "HEAD",
    target: "/api/v1/check", status: 200),
  ConformanceCase(
    row: "1.7 HEAD is a method of its own in strict", evidence: .documented, method: "HEAD",
    target: "/api/v1/check", status: 404),
  ConformanceCase(
    row: "1.8 payload over 10 MB", evidence: .unconfirmed, method: "POST", target: "/api/v1/buy",
    headers: [("Authorization", "good"), ("Content-Length", "10485761")], status: 413,
    bodyIs: #"{"message":"Request Entity Too Large"}"#),
  ConformanceCase(
    row: "1.8 integration throws", evidence: .documented, target: "/api/v1/throw", status: 500,
    bodyIs: #"{"message":"Internal Server Error"}"#),
  ConformanceCase(
    row: "1.8 integration answers nonsense", evidence: .documented, target: "/api/v1/nonsense",
    status: 500, bodyIs: #"{"message":"Internal Server Error"}"#),
  ConformanceCase(
    row: "1.8 a handler's problem passes as it is", evidence: .ours, target: "/api/v1/problem",
    status: 409, bodyHas: [#""error":"conflict""#]),
  ConformanceCase(
    row: "1.8 API key missing", evidence: .documented, target: "/api/v1/keyed", status: 403,
    bodyIs: #"{"message":"Forbidden"}"#),
  ConformanceCase(
    row: "1.8 API key unknown", evidence: .documented, target: "/api/v1/keyed",
    headers: [("x-api-key", "unknown-key-of-twenty-chars")], status: 403,
    bodyIs: #"{"message":"Forbidden"}"#),
  ConformanceCase(
    row: "1.8 request id on every answer", evidence: .documented, target: "/api/v1/check",
    status: 200),
  ConformanceCase(
    row: "1.6 mock", evidence: .documented, target: "/api/v1/mock", status: 200,
    bodyIs: #"{"mock":true}"#),
  ConformanceCase(
    row: "4.3 claims cannot be sent by a client", evidence: .ours, target: "/api/v1/check",
    headers: [("X_Amzn_Oidc_Data", "x"), ("x-user-id", "root"), ("Accept", "*/*")], status: 200,
    bodyHas: [#""fields":["accept"]"#]),
  ConformanceCase(
    row: "accounts at the root", evidence: .ours, method: "POST", target: "/oauth2/token",
    status: 200, bodyHas: [#""routeKey":"POST /oauth2/token""#]),
  ConformanceCase(
    row: "accounts: another method", evidence: .ours, method: "PUT", target: "/oauth2/token",
    status: 404, bodyIs: #"{"message":"Not Found"}"#),
]
