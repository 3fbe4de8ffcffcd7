import Diagnostics
import HTTPExchange
import NIOCore
import SiteBundle

/// The routes of one document with the policy for what no route answers.
package struct APISurface: Sendable {
  package var routes: RouteTable<Route>
  package var cors: CORSPolicy?

  package init(routes: RouteTable<Route> = RouteTable(), cors: CORSPolicy? = nil) {
    self.routes = routes
    self.cors = cors
  }
}

/// Everything the gateway decides by, made at load and unchanging.
package struct GatewayPlan: Sendable {
  package let settings: GatewaySettings
  /// The API under its base paths and on its hosts.
  let api: APISurface
  /// What answers at the root of the site's host beside the site.
  let root: APISurface
  /// All routes in the order of their documents.
  package let allRoutes: [Route]
  /// Documents served at fixed paths, such as `/openapi.json`.
  let documents: [String: StaticResource]
  /// The site at load.
  let site: StaticSite
  let behaviours: Behaviours
  private(set) var buckets: any BucketLedger
  private(set) var usage: any UsageLedger
  /// The cache that all routes share; the admin listener purges it.
  package let responses: ResponseCache
  let plansByName: [String: UsagePlan]

  /// The same plan with ledgers that change nothing, for explanations.
  func withoutEffects() -> GatewayPlan {
    var plan = self
    plan.buckets = FullBuckets()
    plan.usage = UncountedUsage(ledger: usage)
    return plan
  }

  /// Refuses a site with a file on a path that the API answers.
  func checkPages(of site: StaticSite) throws(DiagnosticList) {
    var findings: [Diagnostic] = []
    for path in site.paths.sorted() {
      let base = settings.basePaths.first { path == $0 || path.hasPrefix("\($0)/") }
      guard base != nil || root.routes.knows(path: path) || documents[path] != nil else { continue }
      findings.append(
        Diagnostic(
          .pageOnRoute, "the site's '\(path)' lies on a path that the API answers",
          remedy: "move the page, for instance below /app/"))
    }
    if !findings.isEmpty { throw DiagnosticList(findings) }
  }
}

/// What a gateway is made from; the program fills it in one place.
package struct GatewayAssembly {
  package var settings: GatewaySettings
  package var api: APIDocument
  package var accounts: APIDocument?
  package var site: StaticSite
  /// Handlers by the names of the documents.
  package var functions: [String: any Handler]
  /// Functions that speak the event forms, by the same names.
  package var eventFunctions: [String: EventFunction] = [:]
  /// Makes the verifier of an authorizer; one per security scheme.
  package var verifier: (AuthorizerDefinition) throws -> any BearerVerifier
  /// Makes the integration of an upstream; nil refuses `http_proxy`.
  package var upstream: ((_ uri: String, _ method: String?, _ timeoutMS: Int) -> any Integration)?
  /// Makes what holds a route's requests against its document.
  package var validation: ((APIOperation, APIDocument) throws -> (any RouteValidation)?)?
  /// Makes the cache of a route.
  package var cache: ((Route) throws -> (any RouteCache)?)?
  package var buckets: any BucketLedger
  package var usage: any UsageLedger
  /// What `cache` makes the routes' caches from.
  package let responses: ResponseCache

  package init(
    settings: GatewaySettings, api: APIDocument, accounts: APIDocument? = nil, site: StaticSite,
    functions: [String: any Handler],
    verifier: @escaping (AuthorizerDefinition) throws -> any BearerVerifier
  ) {
    self.settings = settings
    self.api = api
    self.accounts = accounts
    self.site = site
    self.functions = functions
    self.verifier = verifier
    buckets = LocalBucketLedger(capacity: settings.buckets)
    usage = LocalUsageLedger(keys: settings.keys)
    validation = RequestValidation.make
    let responses = ResponseCache(settings.cache, strictAWS: settings.strictAWS)
    self.responses = responses
    cache = { try responses.routeCache(for: $0) }
  }

  /// Binds every name and checks that nothing contradicts; throws everything that was found.
  package func plan() throws(DiagnosticList) -> GatewayPlan {
    let binding = RouteBinding(assembly: self)
    let apiSurface = binding.surface(of: api)
    let rootSurface = accounts.map { binding.surface(of: $0) } ?? APISurface()
    binding.checkSettings()
    if !binding.findings.isEmpty { throw DiagnosticList(binding.findings) }
    let plan = GatewayPlan(
      settings: settings, api: apiSurface, root: rootSurface, allRoutes: binding.routes,
      documents: ["/openapi.json": ServedDocument.resource(of: api)], site: site,
      behaviours: Behaviours(settings), buckets: buckets, usage: usage, responses: responses,
      plansByName: Dictionary(
        settings.plans.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }))
    try plan.checkPages(of: site)
    return plan
  }
}
