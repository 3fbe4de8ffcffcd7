/// spec/gateway.md §1.1: JWT authorizer of HTTP APIs.
let authorizationCases: [ConformanceCase] = [
  ConformanceCase(
    row: "1.1 missing token", evidence: .unconfirmed, method: "POST", target: "/api/v1/buy",
    status: 401, bodyIs: #"{"message":"Unauthorized"}"#,
    fields: ["www-authenticate": "Bearer", "content-type": "application/json"]),
  ConformanceCase(
    row: "1.1 invalid token", evidence: .documented, method: "POST", target: "/api/v1/buy",
    headers: [("Authorization", "Bearer forged")], status: 401,
    bodyIs: #"{"message":"Unauthorized"}"#,
    fields: [
      "www-authenticate":
        #"Bearer scope="" error="invalid_token" error_description="signature""#
    ]),
  ConformanceCase(
    row: "1.1 invalid token carries the request's id", evidence: .documented, method: "POST",
    target: "/api/v1/buy", headers: [("Authorization", "Bearer forged")], status: 401),
  ConformanceCase(
    row: "1.1 bare token", evidence: .documented, method: "POST", target: "/api/v1/buy",
    headers: [("Authorization", "good")], status: 200, bodyHas: [#""user":"alice""#]),
  ConformanceCase(
    row: "1.1 Bearer token, scheme in any case", evidence: .documented, method: "POST",
    target: "/api/v1/buy", headers: [("authorization", "bearer good")], status: 200,
    bodyHas: [#""user":"alice""#]),
  ConformanceCase(
    row: "1.1 scopes: one of the list suffices", evidence: .documented, target: "/api/v1/orders",
    headers: [("Authorization", "Bearer good")], status: 200),
  ConformanceCase(
    row: "1.1 insufficient scope", evidence: .measured, target: "/api/v1/admin",
    headers: [("Authorization", "Bearer good")], status: 403,
    bodyIs: #"{"message":"Forbidden"}"#),
  ConformanceCase(
    row: "1.1 insufficient scope: challenge", evidence: .unconfirmed, target: "/api/v1/admin",
    headers: [("Authorization", "Bearer good")], status: 403,
    fields: ["www-authenticate": #"Bearer scope="admin" error="insufficient_scope""#]),
  ConformanceCase(
    row: "1.1 no keys: denied in strict", evidence: .ours, method: "POST", target: "/api/v1/buy",
    headers: [("Authorization", "Bearer nokeys")], status: 401,
    bodyIs: #"{"message":"Unauthorized"}"#),
  ConformanceCase(
    row: "1.1 no keys: 503 otherwise", evidence: .ours, strict: false, method: "POST",
    target: "/api/v1/buy", headers: [("Authorization", "Bearer nokeys")], status: 503,
    bodyHas: [#""message":"Service Unavailable""#, #""success":false"#]),
  ConformanceCase(
    row: "1.1 keys fetched while it waits", evidence: .documented, method: "POST",
    target: "/api/v1/buy", headers: [("Authorization", "Bearer later")], body: "{}", status: 200,
    bodyHas: [#""user":"alice""#, #""body":"{}""#]),
  ConformanceCase(
    row: "1.1 fail closed when the fetch fails", evidence: .ours, strict: false, method: "POST",
    target: "/api/v1/buy", headers: [("Authorization", "Bearer never")], status: 503),
  ConformanceCase(
    row: "1.1 event: claims as a flat map of strings", evidence: .measured,
    target: "/api/v1/event/7", headers: [("Authorization", "Bearer good")], status: 200,
    bodyHas: [
      #""admin":"true""#, #""groups":"[a b]""#, #""exp":"1780003600""#,
      #""address":"{\"city\":\"Oslo\"}""#,
    ]),
  ConformanceCase(
    row: "1.1 event: no scopes on a route without", evidence: .measured, target: "/api/v1/event/7",
    headers: [("Authorization", "Bearer good")], status: 200, bodyHas: [#""scopes":null"#]),
  ConformanceCase(
    row: "1.1 event: the token's full list of scopes", evidence: .measured, method: "POST",
    target: "/api/v1/event", headers: [("Authorization", "Bearer good")], status: 200,
    bodyHas: [#""scopes":["orders.read","profile"]"#]),
  ConformanceCase(
    row: "1.1 superset body", evidence: .ours, strict: false, method: "POST",
    target: "/api/v1/buy", headers: [("Authorization", "Bearer forged")], status: 401,
    bodyHas: [
      #""message":"Unauthorized""#, #""error":"invalid_token""#, #""requestId":"REQ-1""#,
    ], fields: ["content-type": "application/problem+json"]),
]
