private let token = ("Authorization", "Bearer good")

/// spec/gateway.md §1.6: events; the function gives its event back as the body.
let eventCases: [ConformanceCase] = [
  ConformanceCase(
    row: "1.6 2.0: names are lower-cased, duplicates joined by a comma", evidence: .documented,
    target: "/api/v1/event/7", headers: [token, ("X-A", "1"), ("x-a", "2")], status: 200,
    bodyHas: [#""version":"2.0""#, #""x-a":"1,2""#]),
  ConformanceCase(
    row: "1.6 2.0: cookies leave the fields", evidence: .documented, target: "/api/v1/event/7",
    headers: [token, ("Cookie", "a=1; b=2")], status: 200,
    bodyHas: [#""cookies":["a=1","b=2"]"#]),
  ConformanceCase(
    row: "1.6 2.0: no query, no member", evidence: .documented, target: "/api/v1/event/7",
    headers: [token], status: 200, bodyHas: [#""rawQueryString":"""#]),
  ConformanceCase(
    row: "1.6 2.0: query decoded, duplicates joined, raw kept", evidence: .documented,
    target: "/api/v1/event/7?a=1&a=x%20y", headers: [token], status: 200,
    bodyHas: [#""rawQueryString":"a=1&a=x%20y""#, #"{"a":"1,x y"}"#]),
  ConformanceCase(
    row: "1.6 2.0: rawPath includes the stage and is decoded", evidence: .unconfirmed,
    target: "/Prod/event/a%20b", headers: [token], status: 200,
    bodyHas: [#""rawPath":"/Prod/event/a b""#, #""stage":"Prod""#, #"{"id":"a b"}"#]),
  ConformanceCase(
    row: "1.6 2.0: text body", evidence: .documented, method: "POST", target: "/api/v1/event",
    headers: [token, ("Content-Type", "application/json")], body: #"{"n":1}"#, status: 200,
    bodyHas: [#""body":"{\"n\":1}""#, #""isBase64Encoded":false"#]),
  ConformanceCase(
    row: "1.6 2.0: other body in base64", evidence: .documented, method: "POST",
    target: "/api/v1/event", headers: [token, ("Content-Type", "application/octet-stream")],
    body: "abc", status: 200, bodyHas: [#""body":"YWJj""#, #""isBase64Encoded":true"#]),
  ConformanceCase(
    row: "1.6 1.0: last value and all values", evidence: .measured,
    target: "/api/v1/event1/7?a=1&a=2",
    headers: [token, ("X-A", "1"), ("X-A", "2")], status: 200,
    bodyHas: [
      #""version":"1.0""#, #""resource":"/event1/{id}""#, #""x-a":"2""#, #""x-a":["1","2"]"#,
      #""queryStringParameters":{"a":"2"}"#, #""multiValueQueryStringParameters":{"a":["1","2"]}"#,
    ]),
  ConformanceCase(
    row: "1.6 1.0: null when empty", evidence: .documented, target: "/api/v1/event1/7",
    headers: [token], status: 200,
    bodyHas: [
      #""queryStringParameters":null"#, #""body":null"#, #""stageVariables":null"#,
      #""pathParameters":{"id":"7"}"#,
    ]),
  ConformanceCase(
    row: "1.6 1.0: authorizer.claims", evidence: .documented, target: "/api/v1/event1/7",
    headers: [token], status: 200,
    bodyHas: [#""authorizer":{"claims":{"sub":"sub-alice""#, #""scopes":null"#]),
  ConformanceCase(
    row: "1.6 context: the caller's address", evidence: .documented, target: "/api/v1/event/7",
    headers: [token], status: 200, bodyHas: [#""timeEpoch":"#, #""requestId":"#]),
]
