import HTTPExchange

/// A function called in-process by its name.
struct FunctionIntegration: Integration {
  let name: String
  let handler: any Handler

  func respond(_ request: Request, _ context: RequestContext) async throws -> Response {
    try await handler.respond(request, context)
  }
}

/// A fixed answer from the document.
struct MockIntegration: Integration {
  let name = "mock"
  private let response: Response

  init(status: Int, contentType: String, body: String) {
    response =
      body.isEmpty
      ? Response(status: status)
      : Response(status: status, text: body, contentType: contentType)
  }

  func answerNow(_ request: Request, _ context: RequestContext) -> Response? { response }

  func respond(_ request: Request, _ context: RequestContext) async throws -> Response { response }
}
