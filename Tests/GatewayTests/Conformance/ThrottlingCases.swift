private let key = ("X-Api-Key", ConformanceSetup.key)
private let token = ("Authorization", "Bearer good")

/// spec/gateway.md §1.4: throttling, quotas, API keys.
let throttlingCases: [ConformanceCase] = [
  ConformanceCase(
    row: "1.4 layer 2: route throttle, AWS's text", evidence: .measured, setup: .limited, times: 2,
    target: "/api/v1/limited", headers: [token], status: 429,
    bodyIs: #"{"message":"Too Many Requests"}"#,
    absent: ["retry-after", "ratelimit", "ratelimit-policy"], type: "THROTTLED"),
  ConformanceCase(
    row: "1.4 throttle comes before authorizer and integration", evidence: .documented,
    setup: .limited, times: 2, target: "/api/v1/limited", status: 429, type: "THROTTLED"),
  ConformanceCase(
    row: "1.4 layer 1: plan throttle by method", evidence: .documented, setup: .limited, times: 2,
    target: "/api/v1/keyed/slow", headers: [key], status: 429,
    bodyIs: #"{"message":"Too Many Requests"}"#, type: "THROTTLED"),
  ConformanceCase(
    row: "1.4 one method's throttle leaves the plan's others alone", evidence: .documented,
    setup: .limited, times: 3, target: "/api/v1/keyed", headers: [key], status: 200),
  ConformanceCase(
    row: "1.4 quota has another text than throttle", evidence: .documented, setup: .limited,
    target: "/api/v1/keyed", headers: [("X-Api-Key", ConformanceSetup.spentKey)], status: 429,
    bodyIs: #"{"message":"Limit Exceeded"}"#, absent: ["retry-after", "ratelimit"],
    type: "QUOTA_EXCEEDED"),
  ConformanceCase(
    row: "1.4 extension: Retry-After and RateLimit beside AWS's text", evidence: .ours,
    strict: false, setup: .limited, times: 2, target: "/api/v1/limited", headers: [token],
    status: 429, bodyHas: [#""message":"Too Many Requests""#],
    fields: [
      "retry-after": "1", "ratelimit": #""route";r=0;t=1"#, "ratelimit-policy": #""route";q=1;w=1"#,
    ]),
  ConformanceCase(
    row: "1.4 extension: RateLimit on answers that pass", evidence: .ours, strict: false,
    setup: .limited, target: "/api/v1/limited", headers: [token], status: 200,
    fields: ["ratelimit": #""route";r=0;t=1"#]),
  ConformanceCase(
    row: "1.4 strict: no RateLimit on answers that pass", evidence: .documented, setup: .limited,
    target: "/api/v1/limited", headers: [token], status: 200,
    absent: ["ratelimit", "ratelimit-policy"]),
  ConformanceCase(
    row: "1.4 key missing", evidence: .documented, setup: .limited, target: "/api/v1/keyed",
    status: 403, bodyIs: #"{"message":"Forbidden"}"#, type: "INVALID_API_KEY"),
  ConformanceCase(
    row: "1.4 key unknown", evidence: .documented, setup: .limited, target: "/api/v1/keyed",
    headers: [("x-api-key", "nobody-has-this-key-of-thirty")], status: 403,
    bodyIs: #"{"message":"Forbidden"}"#, type: "INVALID_API_KEY"),
  ConformanceCase(
    row: "1.4 key disabled", evidence: .documented, setup: .limited, target: "/api/v1/keyed",
    headers: [("x-api-key", ConformanceSetup.disabledKey)], status: 403,
    bodyIs: #"{"message":"Forbidden"}"#, type: "INVALID_API_KEY"),
  ConformanceCase(
    row: "1.4 key shorter than 20 characters", evidence: .documented, setup: .limited,
    target: "/api/v1/keyed", headers: [("x-api-key", "short")], status: 403,
    bodyIs: #"{"message":"Forbidden"}"#),
  ConformanceCase(
    row: "1.4 key is identity, not authorization", evidence: .documented, setup: .limited,
    target: "/api/v1/keyed/token", headers: [key], status: 401,
    bodyIs: #"{"message":"Unauthorized"}"#, type: "UNAUTHORIZED"),
  ConformanceCase(
    row: "1.4 key and token together", evidence: .documented, setup: .limited,
    target: "/api/v1/keyed/token", headers: [key, token], status: 200,
    bodyHas: [#""user":"alice""#]),
]

/// spec/gateway.md §1.5: the stage cache of REST APIs.
let stageCacheCases: [ConformanceCase] = [
  ConformanceCase(
    row: "1.5 TTL: the origin's Cache-Control is ignored", evidence: .documented, setup: .limited,
    times: 2, target: "/api/v1/staged/ignored", status: 200, bodyHas: [#""call":1"#]),
  ConformanceCase(
    row: "1.5 TTL: strict says nothing of the cache", evidence: .documented, setup: .limited,
    times: 2, target: "/api/v1/staged/ignored", status: 200, absent: ["cache-status", "x-cache"]),
  ConformanceCase(
    row: "1.5 methods: only GET", evidence: .documented, strict: false, setup: .limited, times: 2,
    method: "HEAD", target: "/api/v1/staged/ignored", status: 200),
  ConformanceCase(
    row: "1.5 key: a declared parameter is in it", evidence: .documented, setup: .limited, times: 2,
    target: "/api/v1/staged/ignored?symbol=A&other=1", status: 200,
    bodyHas: [#""call":1"#, #""query":"symbol=A&other=1""#]),
  ConformanceCase(
    row: "1.5 invalidate: max-age=0 refetches where it is allowed", evidence: .documented,
    setup: .limited, times: 2, target: "/api/v1/staged/allowed",
    headers: [("Cache-Control", "max-age=0")], status: 200, bodyHas: [#""call":2"#]),
  ConformanceCase(
    row: "1.5 invalidate: FAIL_WITH_403", evidence: .documented, setup: .limited,
    target: "/api/v1/staged/refused", headers: [("Cache-Control", "max-age=0")], status: 403,
    bodyIs: #"{"message":"Forbidden"}"#),
  ConformanceCase(
    row: "1.5 invalidate: SUCCEED_WITH_RESPONSE_HEADER", evidence: .documented, setup: .limited,
    times: 2, target: "/api/v1/staged/warned", headers: [("Cache-Control", "max-age=0")],
    status: 200, bodyHas: [#""call":1"#],
    fields: ["warning": #"199 cache-control-max-age "max-age=0 was not honoured""#]),
  ConformanceCase(
    row: "1.5 invalidate: SUCCEED_WITHOUT_RESPONSE_HEADER", evidence: .documented, setup: .limited,
    times: 2, target: "/api/v1/staged/ignored", headers: [("Cache-Control", "max-age=0")],
    status: 200, bodyHas: [#""call":1"#], absent: ["warning"]),
]
