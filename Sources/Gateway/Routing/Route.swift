import HTTPExchange
import NIOCore

/// A route with everything that was decided about it at load.
package struct Route: Sendable {
  /// `POST /buy` or `$default`: what settings, logs and metrics call it.
  package var key: String
  package var operation: APIOperation
  package var integration: any Integration
  /// The authorizer of the route, when it has one.
  var authorizer: RouteAuthorizer?
  var limits: ThrottlePolicy.RouteLimits
  package var bodyLimit: Int
  package var validation: (any RouteValidation)?
  package var cache: (any RouteCache)?
  /// The CORS policy that owns the route's answers.
  var cors: CORSPolicy?
}

/// A verifier with where its tokens are and which scopes the route wants.
struct RouteAuthorizer: Sendable {
  var name: String
  var source: IdentitySource
  var scopes: [String]
  var verifier: any BearerVerifier
}

/// What stands behind a route.
package protocol Integration: Sendable {
  /// For logs: the function's name or the upstream's host.
  var name: String { get }
  /// Whether the body is handed over as a stream.
  var streamsBody: Bool { get }
  /// An answer that needs no waiting, or nil.
  func answerNow(_ request: Request, _ context: RequestContext) -> Response?
  /// Answers; what it throws becomes 500 or 503.
  func respond(_ request: Request, _ context: RequestContext) async throws -> Response
}

extension Integration {
  package var streamsBody: Bool { false }
  package func answerNow(_ request: Request, _ context: RequestContext) -> Response? { nil }
}

/// Holds a request of one route against its document; made at load.
package protocol RouteValidation: Sendable {
  /// Whether a body must be read before the integration is asked.
  var readsBody: Bool { get }
  /// A refusal by method, parameters and fields alone, or nil.
  func refusal(head request: Request, _ context: RequestContext) -> GatewayRefusal?
  /// A refusal by the whole body, or nil.
  func refusal(body: ByteBuffer, of request: Request) -> GatewayRefusal?
}

/// The cache in front of one route's integration; made at load.
package protocol RouteCache: Sendable {
  /// A fresh answer at hand, found without waiting; nil when the integration must be asked.
  func lookUp(_ request: Request, _ context: RequestContext) -> Response?
  /// What a plain request asks of the cache, for `lookUp(_:_:)` of the same request later; nil when
  /// more than that decides.
  func inquiry(_ request: Request, _ context: RequestContext) -> CacheInquiry?
  /// An answer to an inquiry made before; nil sends the request the usual way.
  func lookUp(_ inquiry: CacheInquiry, _ context: RequestContext) -> Response?
  /// Asks the integration through the cache, which stores, validates and collapses.
  func respond(
    _ request: Request, _ context: RequestContext,
    from origin: @escaping @Sendable (Request, RequestContext) async throws -> Response
  ) async throws -> Response
}

/// An integration's failure that has its own status.
package enum IntegrationFailure: Error, Sendable {
  /// It cannot be reached or took too long.
  case unavailable(String)
  /// It answered what is no answer.
  case malformed(String)
}
