import HTTPExchange
import JSON
import NIOCore
import Time

/// The edge: which behaviour answers, and in which order an API request is judged.
///
/// Every stage decides on the connection's event loop when it can; only a key that must be fetched
/// and the integration itself wait (design.md §7).
package final class Gateway: Edge {
  /// The order of an API request's stages (design.md §2). A stage either lets the request pass or
  /// answers it; what it answers still gets CORS fields, the request's id and a place in the log.
  static let order: [Stage] = [
    Stage(name: "cors", judge: CORSStage.judge),
    Stage(name: "api key", judge: APIKeyStage.judge),
    Stage(name: "throttle address", judge: ThrottleStage.address),
    Stage(name: "throttle key", judge: ThrottleStage.key),
    Stage(name: "throttle route", judge: ThrottleStage.route),
    Stage(name: "throttle stage", judge: ThrottleStage.stage),
    Stage(name: "authorize", judge: AuthorizationStage.judge),
    Stage(name: "throttle user", judge: ThrottleStage.user),
    Stage(name: "validate", judge: ValidationStage.judge),
    Stage(name: "cache", judge: CacheStage.judge),
    Stage(name: "integration", judge: IntegrationStage.judge),
  ]

  /// What it decides by.
  package let plan: GatewayPlan
  /// The site that is served; a rebuild replaces it.
  package let site: SiteBehaviour
  let telemetry: Telemetry
  let repeated = RepeatedHeads()

  /// A gateway from what was loaded.
  package init(plan: GatewayPlan, telemetry: Telemetry = Telemetry()) {
    self.plan = plan
    self.telemetry = telemetry
    site = SiteBehaviour(plan: plan)
  }

  package func decide(_ request: Request, _ context: RequestContext) -> Decision {
    if var exchange = recall(request, context) { return resume(&exchange, from: 0) }
    let decision = answer(request, context)
    return request.scheme == "https" ? secured(decision) : decision
  }

  private func answer(_ request: Request, _ context: RequestContext) -> Decision {
    switch plan.behaviours.behaviour(of: request) {
    case .misdirected:
      return .answer(
        GatewayRefusal.misdirected.response(requestID: context.requestID, strict: strict))
    case .redirect(let response): return .answer(response)
    case .api(let path, let stage):
      return judge(request, context, path, stage, plan.api)
    case .site:
      if let response = site.exact(request, context) { return .answer(response) }
      if plan.root.routes.knows(path: request.target.path) {
        return judge(request, context, request.target.path, "$default", plan.root)
      }
      if let response = Explain.answer(request, context, self) { return .answer(response) }
      return .answer(site.otherwise(request, context))
    }
  }

  private var strict: Bool { plan.settings.strictAWS }

  private func judge(
    _ request: Request, _ context: RequestContext, _ path: String, _ stage: String,
    _ surface: APISurface
  ) -> Decision {
    var exchange = APIExchange(
      request, context, path: path, stage: stage, surface: surface, plan: plan)
    guard exchange.route?.cache != nil else { return resume(&exchange, from: 0) }
    let fresh = exchange
    let decision = resume(&exchange, from: 0)
    remember(request, fresh, exchange, decision)
    return decision
  }

  /// Runs the stages from one on; a stage that must wait is resumed after it inside the work.
  private func resume(_ exchange: inout APIExchange, from first: Int) -> Decision {
    for index in first..<Self.order.count {
      switch Self.order[index].judge(&exchange) {
      case .pass: continue
      case .answer(let response): return .answer(exchange.finish(response))
      case .refuse(let refusal): return .answer(exchange.refuse(refusal))
      case .work(let work): return .handle(work)
      case .wait(let wait): return .handle(suspended(exchange, at: index, wait))
      }
    }
    return .answer(exchange.refuse(.notFound))
  }

  private func suspended(
    _ exchange: APIExchange, at index: Int,
    _ wait: @escaping @Sendable (inout APIExchange) async -> Verdict
  ) -> Work {
    Work(
      bodyLimit: exchange.bodyLimit, streamsBody: exchange.streamsBody,
      timeClass: exchange.timeClass
    ) { body in
      var exchange = exchange
      switch await wait(&exchange) {
      case .answer(let response): return exchange.finish(response)
      case .refuse(let refusal): return exchange.refuse(refusal)
      case .work(let work): return await work.run(body)
      case .pass, .wait: break
      }
      switch self.resume(&exchange, from: index + 1) {
      case .answer(let response): return response
      case .handle(let work): return await work.run(body)
      }
    }
  }

  /// What every key has used of its plan's quota, for the operator.
  package func usage(at now: Timestamp) -> JSON {
    let rows = plan.settings.keys.compactMap { record -> JSON? in
      guard let usagePlan = record.plan.flatMap({ plan.plansByName[$0] }) else { return nil }
      let usage = plan.usage.usage(key: record.name, plan: usagePlan, now: now)
      return [
        "key": .string(record.name), "plan": .string(usagePlan.name),
        "since": .string(usagePlan.window(at: now)), "used": .int(usage.used),
        "remaining": usagePlan.quota == nil ? .null : .int(usage.remaining),
      ]
    }
    return ["usage": .array(rows)]
  }

  package func completed(_ exchange: CompletedExchange) { telemetry.record(exchange) }

  package func transportError(status: Int, message: String, context: RequestContext?) -> Response {
    GatewayRefusal.transport(status: status, message: message)
      .response(requestID: context?.requestID ?? "-", strict: strict)
  }

  package func transportError(
    status: Int, message: String, of request: Request, context: RequestContext
  ) -> Response {
    let refusal =
      status == 413 ? .bodyTooLarge : GatewayRefusal.transport(status: status, message: message)
    return secured(exchange(of: request, context).refuse(refusal), of: request)
  }

  /// An integration that hangs is answered as AWS answers one, with the route's CORS fields.
  package func overdue(_ request: Request, _ context: RequestContext) -> Response {
    secured(exchange(of: request, context).refuse(.integrationUnavailable), of: request)
  }

  /// A request that the stages have let pass already, for an answer that comes after them.
  private func exchange(of request: Request, _ context: RequestContext) -> APIExchange {
    if case .api(let path, let stage) = plan.behaviours.behaviour(of: request) {
      return APIExchange(
        request, context, path: path, stage: stage, surface: plan.api, plan: plan)
    }
    return APIExchange(
      request, context, path: request.target.path, stage: "$default", surface: plan.root,
      plan: plan)
  }
}
