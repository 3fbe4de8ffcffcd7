import HTTPExchange
import NIOCore
import Time

/// One stage of the order: a name for logs and explanations, and what it says of a request.
struct Stage: Sendable {
  let name: String
  let judge: @Sendable (inout APIExchange) -> Verdict
}

/// What a stage says.
enum Verdict: Sendable {
  case pass
  case answer(Response)
  case refuse(GatewayRefusal)
  /// Go on only after waiting; the later stages follow then.
  case wait(@Sendable (inout APIExchange) async -> Verdict)
  /// The last stage's: read the body and run.
  case work(Work)
}

/// An API request on its way through the stages.
struct APIExchange: Sendable {
  var request: Request
  var context: RequestContext
  let plan: GatewayPlan
  /// The path below base path or stage, decoded: what routes are matched on.
  let path: String
  let surface: APISurface
  var route: Route?
  /// The client's API key, once it is known.
  var apiKey: APIKeyRecord?
  /// What this head decided when it came before.
  var recalled: RecalledHead?
  /// The bucket nearest to empty so far.
  var standing: BucketStanding?

  /// A request on one surface of the API; without a matching route it will be refused as 404.
  init(
    _ request: Request, _ context: RequestContext, path: String, stage: String,
    surface: APISurface, plan: GatewayPlan
  ) {
    self.request = request
    self.context = context
    self.plan = plan
    self.path = path
    self.surface = surface
    self.context.stage = stage
    var match = surface.routes.match(method: request.method, path: path)
    if match == nil, request.method == "HEAD", !plan.settings.strictAWS {
      // RFC 9110 §9.1: whoever serves GET serves HEAD; the listener leaves the body out.
      match = surface.routes.match(method: "GET", path: path)
      if match != nil { self.request.method = "GET" }
    }
    InboundFields.clean(&self.request.headers)
    guard let match else { return }
    route = match.route
    self.context.routeKey = match.route.key
    self.context.pathParameters = match.parameters
  }

  var bodyLimit: Int { route?.bodyLimit ?? 0 }
  /// A body is streamed only where nobody must see it whole first.
  var streamsBody: Bool {
    guard let route else { return false }
    return route.integration.streamsBody && route.validation?.readsBody != true
      && !["GET", "HEAD", "OPTIONS"].contains(request.method)
  }
  var timeClass: TimeClass { route?.operation.timeClass ?? .api }

  /// The gateway's own answer.
  func refuse(_ refusal: GatewayRefusal) -> Response {
    finish(refusal.response(requestID: context.requestID, strict: plan.settings.strictAWS))
  }

  /// What every answer of the API gets: CORS fields, the request's id, notes for the log.
  func finish(_ answer: Response) -> Response {
    var response = answer
    if response.prepared != nil { response.prepared = nil }
    if let cors = route?.cors ?? surface.cors, !CORSPolicy.isPreflight(request) {
      cors.decorate(&response.headers, origin: request.headers["origin"])
    }
    if !response.headers.contains("apigw-requestid") {
      response.headers.append("apigw-requestid", context.requestID)
    }
    if let standing, plan.settings.sendsRateLimitFields, !response.headers.contains("ratelimit") {
      standing.write(to: &response.headers)
    }
    response.notes.routeKey = context.routeKey
    response.notes.stage = context.stage
    if let identity = context.identity {
      response.notes.subject = identity.subject
      response.notes.claims = identity.claims
    }
    return response
  }
}
