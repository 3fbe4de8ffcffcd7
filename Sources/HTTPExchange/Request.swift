import JSON
import NIOCore
import Time

/// A request as every part of Portico sees it.
package struct Request: Sendable {
  /// The method token as received: `GET`, `POST` …
  package var method: String
  /// The target in origin form, its path made canonical once.
  package var target: RequestTarget
  /// `http` or `https`, after trusted forwarding fields.
  package var scheme: String
  /// Host with port as the client named it, in lower case.
  package var authority: String
  package var headers: HeaderFields
  package var body: Body

  package init(
    method: String, target: RequestTarget, scheme: String = "http",
    authority: String = "localhost", headers: HeaderFields = HeaderFields(), body: Body = .empty
  ) {
    self.method = method
    self.target = target
    self.scheme = scheme
    self.authority = authority
    self.headers = headers
    self.body = body
  }

  /// The host without the port.
  package var host: String { Self.host(of: authority) }

  static func host(of authority: String) -> String {
    let end = authority.utf8.first == UInt8(ascii: "[") ? UInt8(ascii: "]") : UInt8(ascii: ":")
    guard let at = authority.utf8.firstIndex(of: end) else { return authority }
    return end == UInt8(ascii: ":") ? String(authority[..<at]) : String(authority[...at])
  }
}

/// What the edge knows about a request beside the message itself.
package struct RequestContext: Sendable {
  /// The id that answers, logs and error bodies carry.
  package var requestID: String
  /// The client's address after trusted forwarding fields, without port.
  package var sourceAddress: String
  /// When the head was complete.
  package var receivedAt: Timestamp
  /// The same on the clock for intervals.
  package var startedAt: MonotonicInstant
  /// Both clocks.
  package var clock: any TimeSource
  /// `X-Amzn-Trace-Id` and `traceparent` for whoever is called next.
  package var trace: TraceContext
  /// The route that matched, such as `POST /buy`; empty outside the API.
  package var routeKey: String = ""
  /// The stage or base path under which the route was reached, without slash; `$default` for none.
  package var stage: String = "$default"
  /// Values of the path's parameters, decoded.
  package var pathParameters: [(name: String, value: String)] = []
  /// Who calls, once an authorizer has accepted the token.
  package var identity: Identity?

  package init(
    requestID: String, sourceAddress: String, clock: any TimeSource,
    trace: TraceContext = TraceContext()
  ) {
    self.requestID = requestID
    self.sourceAddress = sourceAddress
    self.clock = clock
    self.trace = trace
    receivedAt = clock.now()
    startedAt = clock.monotonic()
  }

  /// The value of a path parameter.
  package func pathParameter(_ name: String) -> String? {
    pathParameters.first { $0.name == name }?.value
  }
}

/// Who calls, from a verified token.
package struct Identity: Sendable {
  /// The claim `sub`.
  package var subject: String
  /// The user name, from `username` or `cognito:username`.
  package var username: String
  /// The session the token is bound to, from `sid`.
  package var sessionID: String?
  /// The claim `jti`.
  package var tokenID: String?
  /// What the token may do.
  package var scopes: [String]
  /// All claims, typed.
  package var claims: JSON

  package init(
    subject: String, username: String, sessionID: String? = nil, tokenID: String? = nil,
    scopes: [String] = [], claims: JSON = [:]
  ) {
    self.subject = subject
    self.username = username
    self.sessionID = sessionID
    self.tokenID = tokenID
    self.scopes = scopes
    self.claims = claims
  }
}

/// The trace a request belongs to, in both vocabularies; empty when none was made.
package struct TraceContext: Sendable, Hashable {
  /// W3C `traceparent`.
  package var traceparent: String
  /// `Root=1-…;Parent=…;Sampled=…`.
  package var amazon: String

  package init(traceparent: String = "", amazon: String = "") {
    self.traceparent = traceparent
    self.amazon = amazon
  }
}
