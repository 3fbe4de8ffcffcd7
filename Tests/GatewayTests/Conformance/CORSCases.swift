private let origin = ("Origin", "https://app.example")
private let preflight = ("Access-Control-Request-Method", "POST")

/// spec/gateway.md §1.3: CORS of HTTP APIs.
let corsCases: [ConformanceCase] = [
  ConformanceCase(
    row: "1.3 preflight: answered before authorizer and integration", evidence: .unconfirmed,
    method: "OPTIONS", target: "/api/v1/buy", headers: [origin, preflight], status: 204,
    bodyIs: "",
    fields: [
      "access-control-allow-origin": "https://app.example",
      "access-control-allow-methods": "GET,POST",
      "access-control-allow-headers": "Content-Type,Authorization",
      "access-control-max-age": "300", "access-control-allow-credentials": "true",
      "vary": "Origin",
    ], absent: ["access-control-expose-headers"]),
  ConformanceCase(
    row: "1.3 preflight: no route is needed", evidence: .documented, method: "OPTIONS",
    target: "/api/v1/nowhere", headers: [origin, preflight], status: 204),
  ConformanceCase(
    row: "1.3 preflight: unknown origin", evidence: .unconfirmed, method: "OPTIONS",
    target: "/api/v1/buy", headers: [("Origin", "https://evil.example"), preflight], status: 204,
    fields: ["vary": "Origin"],
    absent: ["access-control-allow-origin", "access-control-allow-methods"]),
  ConformanceCase(
    row: "1.3 actual request: integration's fields are dropped", evidence: .documented,
    target: "/api/v1/cors", headers: [origin], status: 200,
    fields: [
      "access-control-allow-origin": "https://app.example",
      "access-control-expose-headers": "apigw-requestid",
      "access-control-allow-credentials": "true", "vary": "Origin",
    ], absent: ["access-control-allow-methods", "access-control-max-age"]),
  ConformanceCase(
    row: "1.3 actual request: unknown origin runs without fields", evidence: .unconfirmed,
    target: "/api/v1/cors", headers: [("Origin", "https://evil.example")], status: 200,
    fields: ["vary": "Origin"], absent: ["access-control-allow-origin"]),
  ConformanceCase(
    row: "1.3 origin: the host's case does not matter", evidence: .documented,
    target: "/api/v1/cors", headers: [("Origin", "https://APP.example")], status: 200,
    fields: ["access-control-allow-origin": "https://APP.example"]),
  ConformanceCase(
    row: "1.3 errors too: 401", evidence: .documented, method: "POST", target: "/api/v1/buy",
    headers: [origin], status: 401,
    fields: ["access-control-allow-origin": "https://app.example", "vary": "Origin"]),
  ConformanceCase(
    row: "1.3 errors too: 403", evidence: .documented, target: "/api/v1/admin",
    headers: [origin, ("Authorization", "Bearer good")], status: 403,
    fields: ["access-control-allow-origin": "https://app.example"]),
  ConformanceCase(
    row: "1.3 errors too: 404", evidence: .documented, target: "/api/v1/nowhere",
    headers: [origin], status: 404,
    fields: ["access-control-allow-origin": "https://app.example"]),
  ConformanceCase(
    row: "1.3 errors too: 500", evidence: .documented, target: "/api/v1/throw", headers: [origin],
    status: 500, fields: ["access-control-allow-origin": "https://app.example"]),
  ConformanceCase(
    row: "1.3 OPTIONS that is no preflight needs a route", evidence: .documented,
    method: "OPTIONS", target: "/api/v1/buy", headers: [origin], status: 404),
]
