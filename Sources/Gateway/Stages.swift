import Cryptography
import HTTPExchange
import NIOCore
import Time

// The stages of Gateway.order, each a function from an exchange to a verdict.

/// Answers preflights before anything else is asked of the request.
enum CORSStage {
  static func judge(_ exchange: inout APIExchange) -> Verdict {
    guard CORSPolicy.isPreflight(exchange.request) else {
      return exchange.route == nil ? .refuse(.notFound) : .pass
    }
    if let cors = policy(for: exchange) { return .answer(cors.preflight(exchange.request)) }
    return exchange.route == nil ? .refuse(.notFound) : .pass
  }

  /// The policy of the route that the announced method would reach, else the document's.
  private static func policy(for exchange: APIExchange) -> CORSPolicy? {
    let method = exchange.request.headers["access-control-request-method"] ?? ""
    let match = exchange.surface.routes.match(method: method, path: exchange.path)
    return match?.route.cors ?? exchange.surface.cors
  }
}

/// Finds the client's key where the route wants one.
enum APIKeyStage {
  static func judge(_ exchange: inout APIExchange) -> Verdict {
    guard exchange.route?.operation.security.needsAPIKey == true else { return .pass }
    guard let sent = exchange.request.headers["x-api-key"], (20...128).contains(sent.utf8.count),
      // A look-up by the hash leaks nothing about the key by its timing.
      let record = exchange.plan.usage.key(sha256: SHA256.hash(Array(sent.utf8)).hex),
      record.enabled
    else { return .refuse(.keyInvalid) }
    exchange.apiKey = record
    return .pass
  }
}

/// Takes a token from each bucket that the request is counted in.
enum ThrottleStage {
  static func address(_ exchange: inout APIExchange) -> Verdict {
    let general = exchange.plan.settings.throttle.address
    let ofRoute = exchange.route?.limits.address
    guard general != nil || ofRoute != nil else { return .pass }
    let client = bucketAddress(exchange.context.sourceAddress)
    if let general, case .refuse(let refusal) = take(&exchange, .address, client, general) {
      return .refuse(refusal)
    }
    guard let ofRoute else { return .pass }
    return take(&exchange, .addressOnRoute, "\(client) \(exchange.context.routeKey)", ofRoute)
  }

  static func key(_ exchange: inout APIExchange) -> Verdict {
    guard let record = exchange.apiKey,
      let plan = record.plan.flatMap({ exchange.plan.plansByName[$0] })
    else { return .pass }
    let routeKey = exchange.context.routeKey
    if let limit = plan.routeThrottles[routeKey] {
      let verdict = take(&exchange, .key, "\(plan.name) \(record.name) \(routeKey)", limit)
      if case .refuse = verdict { return verdict }
    } else if let limit = plan.throttle {
      let verdict = take(&exchange, .key, "\(plan.name) \(record.name)", limit)
      if case .refuse = verdict { return verdict }
    }
    guard plan.quota != nil else { return .pass }
    return conclude(
      exchange.plan.usage.count(
        key: record.name, plan: plan, now: exchange.context.receivedAt))
  }

  private static func conclude(_ verdict: QuotaVerdict) -> Verdict {
    switch verdict {
    case .counted: return .pass
    case .exhausted: return .refuse(.quotaExceeded)
    case .unavailable: return .refuse(.quotaUnavailable)
    case .wait(let settle):
      return .wait { _ in
        let verdict = await settle()
        // A ledger that asks to wait again has no answer: refuse rather than loop.
        if case .wait = verdict { return .refuse(.quotaUnavailable) }
        return conclude(verdict)
      }
    }
  }

  static func route(_ exchange: inout APIExchange) -> Verdict {
    guard let limit = exchange.route?.limits.all else { return .pass }
    return take(&exchange, .route, exchange.context.routeKey, limit)
  }

  static func stage(_ exchange: inout APIExchange) -> Verdict {
    guard let limit = exchange.plan.settings.throttle.stage else { return .pass }
    return take(&exchange, .stage, exchange.context.stage, limit)
  }

  static func user(_ exchange: inout APIExchange) -> Verdict {
    guard let limit = exchange.plan.settings.throttle.user,
      let subject = exchange.context.identity?.subject
    else { return .pass }
    return take(&exchange, .user, subject, limit)
  }

  private static func take(
    _ exchange: inout APIExchange, _ scope: BucketKey.Scope, _ name: String, _ limit: RateLimit
  ) -> Verdict {
    let verdict = exchange.plan.buckets.take(
      BucketKey(scope, name), limit, now: exchange.context.startedAt)
    switch verdict {
    case .admitted(let remaining):
      if remaining < exchange.standing?.remaining ?? .max {
        exchange.standing = BucketStanding(scope: scope, limit: limit, remaining: remaining)
      }
      return .pass
    case .refused(let wait):
      let standing = BucketStanding(scope: scope, limit: limit, remaining: 0)
      let seconds = max(1, Int((wait / .seconds(1)).rounded(.up)))
      return .refuse(.throttled(standing, retryAfterSeconds: seconds))
    }
  }
}

/// Lets nothing through without a good token where the route wants one.
enum AuthorizationStage {
  static func judge(_ exchange: inout APIExchange) -> Verdict {
    guard let authorizer = exchange.route?.authorizer else { return .pass }
    guard
      let token = exchange.recalled?.bearer
        ?? BearerToken.extract(exchange.request, from: authorizer.source)
    else {
      return .refuse(.tokenMissing)
    }
    guard token.utf8.count <= BearerToken.maximumBytes else {
      return .refuse(.tokenInvalid("the token is too long"))
    }
    return conclude(
      authorizer.verifier.verify(token, now: exchange.context.receivedAt), authorizer, &exchange)
  }

  private static func conclude(
    _ verdict: BearerVerdict, _ authorizer: RouteAuthorizer, _ exchange: inout APIExchange
  ) -> Verdict {
    switch verdict {
    case .accepted(let identity):
      let wanted = authorizer.scopes
      guard wanted.isEmpty || wanted.contains(where: identity.scopes.contains) else {
        return .refuse(.insufficientScope(wanted))
      }
      exchange.context.identity = identity
      return .pass
    case .refused(let reason): return .refuse(.tokenInvalid(reason))
    case .unavailable(let reason): return .refuse(.keysUnavailable(reason))
    case .wait(let fetch):
      return .wait { exchange in
        let verdict = await fetch()
        // A verifier that asks to wait again has no answer: refuse rather than loop.
        if case .wait = verdict { return .refuse(.keysUnavailable("the keys are not at hand")) }
        return conclude(verdict, authorizer, &exchange)
      }
    }
  }
}

/// Holds method, parameters, fields and declared length against the document.
enum ValidationStage {
  static func judge(_ exchange: inout APIExchange) -> Verdict {
    if let text = exchange.request.headers["content-length"], let length = Int(text),
      length > exchange.bodyLimit
    {
      return .refuse(.bodyTooLarge)
    }
    guard
      let refusal = exchange.route?.validation?.refusal(head: exchange.request, exchange.context)
    else { return .pass }
    return .refuse(refusal)
  }
}

/// Answers from the cache when what is there is fresh.
enum CacheStage {
  static func judge(_ exchange: inout APIExchange) -> Verdict {
    guard let cache = exchange.route?.cache else { return .pass }
    if let recalled = exchange.recalled, recalled.isOf(exchange.context.identity),
      let answer = cache.lookUp(recalled.inquiry, exchange.context)
    {
      return .answer(answer)
    }
    guard let answer = cache.lookUp(exchange.request, exchange.context) else { return .pass }
    return .answer(answer)
  }
}
