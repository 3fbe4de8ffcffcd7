import HTTPExchange
import NIOCore
import Time

/// The last stage: reads the body, asks what stands behind the route, turns failures into answers.
enum IntegrationStage {
  static func judge(_ exchange: inout APIExchange) -> Verdict {
    guard let route = exchange.route else { return .refuse(.notFound) }
    let integration = route.integration
    exchange.context.trace = Trace.adopt(
      exchange.context.trace, now: exchange.context.receivedAt)
    if route.cache == nil, route.validation?.readsBody != true,
      let answer = integration.answerNow(exchange.request, exchange.context)
    {
      return .answer(answer)
    }
    let ready = exchange
    return .work(
      Work(
        bodyLimit: route.bodyLimit, streamsBody: exchange.streamsBody,
        timeClass: route.operation.timeClass
      ) { body in await run(ready, route, body) })
  }

  private static func run(_ exchange: APIExchange, _ route: Route, _ body: Body) async -> Response {
    var request = exchange.request
    request.body = body
    if let validation = route.validation, validation.readsBody, let buffer = body.buffer,
      let refusal = validation.refusal(body: buffer, of: request)
    {
      return exchange.refuse(refusal)
    }
    let started = exchange.context.clock.monotonic()
    var response = await ask(exchange, route, request)
    response.notes.integration = route.integration.name
    response.notes.integrationLatency = exchange.context.clock.monotonic() - started
    return exchange.finish(response)
  }

  private static func ask(_ exchange: APIExchange, _ route: Route, _ request: Request) async
    -> Response
  {
    let context = exchange.context
    do {
      var response =
        if let cache = route.cache {
          try await cache.respond(request, context) { request, context in
            try await route.integration.respond(request, context)
          }
        } else {
          try await route.integration.respond(request, context)
        }
      guard (200...599).contains(response.status) else {
        throw IntegrationFailure.malformed("status \(response.status)")
      }
      response.notes.integrationStatus = response.status
      return response
    } catch let problem as Problem {
      return problem.response(requestID: context.requestID)
    } catch {
      return failure(error, exchange)
    }
  }

  /// What the client reads says nothing of the cause; the log has it under the request's id.
  private static func failure(_ error: any Error, _ exchange: APIExchange) -> Response {
    let refusal: GatewayRefusal =
      switch error {
      case is BodyTooLarge: .bodyTooLarge
      case IntegrationFailure.unavailable: .integrationUnavailable
      case IntegrationFailure.malformed: .integrationMalformed
      case is CancellationError: .integrationUnavailable
      default: .integrationFailed
      }
    var response = refusal.response(
      requestID: exchange.context.requestID, strict: exchange.plan.settings.strictAWS)
    response.notes.error = String("\(error)".prefix(300))
    return response
  }
}
