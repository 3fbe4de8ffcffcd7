import Diagnostics
import HTTPExchange
import JSON
import Time

/// Tells why a request is answered as it is: which behaviour, route, buckets, authorizer and cache
/// rule apply. In preview and from loopback only, since it tells an attacker the same.
struct Explain {
  static let path = "/_portico/explain"

  let gateway: Gateway

  /// The explanation, or nil when the request is none for it.
  static func answer(_ request: Request, _ context: RequestContext, _ gateway: Gateway) -> Response?
  {
    guard gateway.plan.settings.explains, request.target.path == path,
      isLoopback(context.sourceAddress), Behaviours.isLoopback(request.host)
    else { return nil }
    guard request.method == "GET", let url = request.target.queryValue("url"),
      let target = try? RequestTarget(parsing: url)
    else {
      return Response(
        status: 400, text: "Ask with ?method=GET&url=/path; add fields as the request would.\n")
    }
    var explained = request
    explained.method = request.target.queryValue("method") ?? "GET"
    explained.target = target
    if let host = request.target.queryValue("host") { explained.authority = host }
    var response = Response(json: Explain(gateway: gateway).explain(explained, context))
    response.headers.append("cache-control", "no-store")
    return response
  }

  private static func isLoopback(_ address: String) -> Bool {
    address == "::1" || address.hasPrefix("127.")
  }

  private func explain(_ request: Request, _ context: RequestContext) -> JSON {
    let plan = gateway.plan
    switch plan.behaviours.behaviour(of: request) {
    case .misdirected:
      return ["behaviour": "misdirected", "why": "edge.hosts does not name this host"]
    case .redirect(let response):
      return [
        "behaviour": "redirect", "to": .string(response.headers["location"] ?? ""),
        "why": "pages of the preview have one origin",
      ]
    case .api(let path, let stage):
      return api(request, context, path, stage, plan.api, "base path or host of the API")
    case .site:
      if gateway.site.snapshot.resources[request.target.path] == nil,
        plan.documents[request.target.path] == nil,
        plan.root.routes.knows(path: request.target.path)
      {
        return api(
          request, context, request.target.path, "$default", plan.root, "a route at the root")
      }
      return site(request, context)
    }
  }

  // MARK: Site

  private func site(_ request: Request, _ context: RequestContext) -> JSON {
    let path = request.target.path
    let snapshot = gateway.site.snapshot
    let found: String
    if snapshot.resources[path] != nil {
      found = "the bundle has a file for this path"
    } else if gateway.plan.documents[path] != nil {
      found = "a document that the gateway serves"
    } else if SiteBehaviour.isHidden(path) {
      found = "hidden paths are never served"
    } else if snapshot.redirects[path] != nil {
      found = "the bundle redirects this path"
    } else if SiteBehaviour.looksLikePage(path), Navigation.isNavigation(request),
      snapshot.shell(for: path) != nil
    {
      found = "an application's prefix: its shell answers"
    } else {
      found = "nothing in the bundle has this path"
    }
    let response =
      gateway.site.exact(request, context) ?? gateway.site.otherwise(request, context)
    return [
      "behaviour": "site", "why": .string(found), "status": .int(response.status),
      "fields": .object(
        JSONObject(response.headers.fields.map { ($0.name, .string($0.value)) })),
    ]
  }

  // MARK: API

  private func api(
    _ request: Request, _ context: RequestContext, _ path: String, _ stage: String,
    _ surface: APISurface, _ why: String
  ) -> JSON {
    var exchange = APIExchange(
      request, context, path: path, stage: stage, surface: surface,
      plan: gateway.plan.withoutEffects())
    var object = JSONObject([
      ("behaviour", "api"), ("why", .string(why)), ("stage", .string(stage)),
      ("path", .string(path)),
    ])
    if let route = exchange.route {
      object["route"] = describe(route, exchange)
    } else {
      object["methods"] = .array(surface.routes.methods(path: path).map(JSON.string))
    }
    object["stages"] = .array(judged(&exchange))
    return .object(object)
  }

  private func describe(_ route: Route, _ exchange: APIExchange) -> JSON {
    let place = route.operation.place
    let throttle = gateway.plan.settings.throttle
    let limits: [(String, RateLimit?)] = [
      ("address", throttle.address), ("address on this route", route.limits.address),
      ("route", route.limits.all), ("stage", throttle.stage), ("user", throttle.user),
    ]
    return [
      "key": .string(route.key), "place": .string("\(place.file):\(place.line)"),
      "parameters": .object(
        JSONObject(exchange.context.pathParameters.map { ($0.name, .string($0.value)) })),
      "integration": .string(route.integration.name),
      "timeClass": .string(route.operation.timeClass.rawValue),
      "authorizer": route.authorizer.map { .string($0.name) } ?? .null,
      "scopes": .array(route.operation.security.scopes.map(JSON.string)),
      "apiKey": .bool(route.operation.security.needsAPIKey),
      "cors": .bool(route.cors != nil), "cache": route.cacheExplanation,
      "validated": .bool(route.validation != nil), "bodyBytes": .int(route.bodyLimit),
      "buckets": .array(
        limits.compactMap { name, limit in
          limit.map {
            [
              "of": .string(name), "burst": .int($0.burst),
              "ratePerSecond": JSONNumber($0.ratePerSecond).map { .number($0) } ?? .null,
            ]
          }
        }),
    ]
  }

  /// Every stage with its verdict, up to the first that does not let the request pass.
  private func judged(_ exchange: inout APIExchange) -> [JSON] {
    var rows: [JSON] = []
    var isOver = false
    for stage in Gateway.order {
      guard !isOver else {
        rows.append(["name": .string(stage.name), "verdict": "not reached"])
        continue
      }
      if stage.name == "integration" {
        rows.append([
          "name": .string(stage.name), "verdict": "would be asked",
          "of": .string(exchange.route?.integration.name ?? ""),
        ])
        continue
      }
      let verdict = stage.judge(&exchange)
      rows.append(["name": .string(stage.name), "verdict": .string(Self.text(verdict))])
      if case .pass = verdict { continue }
      isOver = true
    }
    return rows
  }

  private static func text(_ verdict: Verdict) -> String {
    switch verdict {
    case .pass: return "pass"
    case .answer(let response): return "answers \(response.status)"
    case .wait: return "waits for the issuer's keys"
    case .work: return "would be asked"
    case .refuse(let refusal):
      let response = refusal.response(requestID: "-", strict: false)
      return "refuses with \(response.status): \(response.notes.error)"
    }
  }
}

/// Buckets that are always full, so that explaining takes no token.
struct FullBuckets: BucketLedger {
  func take(_ key: BucketKey, _ limit: RateLimit, now: MonotonicInstant) -> TokenBucket.Verdict {
    .admitted(remaining: max(0, limit.burst - 1))
  }
}

/// Reads a ledger without counting.
struct UncountedUsage: UsageLedger {
  let ledger: any UsageLedger

  func key(sha256: String) -> APIKeyRecord? { ledger.key(sha256: sha256) }

  func count(key: String, plan: UsagePlan, now: Timestamp) -> QuotaVerdict {
    let usage = ledger.usage(key: key, plan: plan, now: now)
    return usage.remaining > 0 ? .counted(usage) : .exhausted
  }

  func usage(key: String, plan: UsagePlan, now: Timestamp) -> Usage {
    ledger.usage(key: key, plan: plan, now: now)
  }
}
