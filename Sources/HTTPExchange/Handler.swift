import NIOCore

/// A function behind the gateway: the same object in-process and behind the Lambda event forms.
package protocol Handler: Sendable {
  /// Answers one request; a thrown error becomes the gateway's 500 or 502 with the request's id.
  func respond(_ request: Request, _ context: RequestContext) async throws -> Response
}

/// A handler from a closure.
package struct FunctionHandler: Handler {
  private let function: @Sendable (Request, RequestContext) async throws -> Response

  package init(_ function: @escaping @Sendable (Request, RequestContext) async throws -> Response) {
    self.function = function
  }

  package func respond(_ request: Request, _ context: RequestContext) async throws -> Response {
    try await function(request, context)
  }
}

/// How long an exchange may take.
package enum TimeClass: String, Sendable, CaseIterable {
  /// A whole answer within the API's limit, 30 s by default.
  case api
  /// Unlimited, with bounds on idleness and on the reader's progress.
  case stream
}

/// What the edge decides once it has seen a request's head.
package enum Decision: Sendable {
  /// Answer now: no task, no body read.
  case answer(Response)
  /// Read the body up to a limit, then run.
  case handle(Work)
}

/// Work that may wait.
package struct Work: Sendable {
  /// Bytes of the body beyond which the answer is 413.
  package var bodyLimit: Int
  /// Whether the body is handed over as a stream instead of collected first.
  package var streamsBody: Bool
  package var timeClass: TimeClass
  /// Never throws: errors have become answers.
  package var run: @Sendable (Body) async -> Response

  package init(
    bodyLimit: Int, streamsBody: Bool = false, timeClass: TimeClass = .api,
    run: @escaping @Sendable (Body) async -> Response
  ) {
    self.bodyLimit = bodyLimit
    self.streamsBody = streamsBody
    self.timeClass = timeClass
    self.run = run
  }
}

/// What stands behind a listener.
package protocol Edge: Sendable {
  /// Decides on the connection's event loop; must not block.
  func decide(_ request: Request, _ context: RequestContext) -> Decision
  /// An answer that lies ready for a plain read; nil sends the request the usual way, which must
  /// come to the same answer.
  func instant(_ read: PlainRead) -> InstantAnswer?
  /// Told once per instant answer instead of `completed`; the exchange is made when it is asked for.
  func answered(
    _ answer: InstantAnswer, bytesOut: Int, nanoseconds: Int, _ exchange: () -> CompletedExchange)
  /// Told once per exchange when the last byte was written or the connection was lost.
  func completed(_ exchange: CompletedExchange)
  /// The body of an error that the transport itself found (400, 408, 413, 414, 431, 500, 503, 504).
  func transportError(status: Int, message: String, context: RequestContext?) -> Response
  /// The same about a request whose head was understood, such as a body that is too long.
  func transportError(
    status: Int, message: String, of request: Request, context: RequestContext
  ) -> Response
  /// The answer to a request whose work did not end within its time class.
  func overdue(_ request: Request, _ context: RequestContext) -> Response
}

extension Edge {
  /// What an edge says that does not look at the request for it.
  package func transportError(
    status: Int, message: String, of request: Request, context: RequestContext
  ) -> Response {
    transportError(status: status, message: message, context: context)
  }

  /// What an edge says that has no words of its own for work that takes too long.
  package func overdue(_ request: Request, _ context: RequestContext) -> Response {
    transportError(status: 503, message: "Service Unavailable", context: context)
  }
}

/// One finished exchange, for the access log and the metrics.
package struct CompletedExchange: Sendable {
  package var method: String
  /// The target as received, without its query.
  package var path: String
  package var query: String?
  package var authority: String
  /// The request's fields, of which the log shows few.
  package var headers: HeaderFields
  package var httpVersion: String
  package var context: RequestContext
  package var status: Int
  package var notes: ResponseNotes
  package var bytesIn: Int
  package var bytesOut: Int
  /// From the head's arrival to the answer's end.
  package var nanoseconds: Int
  /// Whether the client went away before the end.
  package var aborted: Bool

  package init(
    method: String, path: String, query: String?, authority: String, headers: HeaderFields,
    httpVersion: String, context: RequestContext, status: Int, notes: ResponseNotes, bytesIn: Int,
    bytesOut: Int, nanoseconds: Int, aborted: Bool
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.authority = authority
    self.headers = headers
    self.httpVersion = httpVersion
    self.context = context
    self.status = status
    self.notes = notes
    self.bytesIn = bytesIn
    self.bytesOut = bytesOut
    self.nanoseconds = nanoseconds
    self.aborted = aborted
  }
}

extension CompletedExchange {
  /// The client's own name for itself; empty without one.
  package var userAgent: String { headers["user-agent"] ?? "" }

  /// Whole milliseconds from the head's arrival to the answer's end.
  package var milliseconds: Int { nanoseconds / 1_000_000 }
}
