import HTTPExchange
import JSON
import Time

/// A function that takes and returns the event forms, as one written for Lambda does.
package typealias EventFunction = @Sendable (JSON) async throws -> JSON

/// A route's function in event form, behind the same seam as a handler.
struct EventIntegration: Integration {
  let name: String
  let form: EventForm
  let function: EventFunction

  func respond(_ request: Request, _ context: RequestContext) async throws -> Response {
    let result = try await function(form.event(request, context))
    return try EventResult.response(result, format: form.format)
  }
}

/// Calls a handler with an event: the other way round.
package struct EventInvocation: Sendable {
  private let handler: any Handler
  private let clock: any TimeSource

  package init(_ handler: any Handler, clock: any TimeSource) {
    self.handler = handler
    self.clock = clock
  }

  /// What the handler answers to an event, in the event's own form; a problem is an answer too.
  package func invoke(_ event: JSON) async throws -> JSON {
    let format: PayloadFormat = event["version"]?.string == "2.0" ? .v2 : .v1
    let (request, context) = EventReader.read(event, clock: clock)
    do {
      return try EventResult.json(try await handler.respond(request, context), format: format)
    } catch let problem as Problem {
      return try EventResult.json(
        problem.response(requestID: context.requestID), format: format)
    }
  }
}
