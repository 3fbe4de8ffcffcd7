import HTTPExchange

/// `GET /stream/account`: orders, fills, positions and cash of the caller as server-sent events.
extension TradingService {
  func streamAccount(_ request: Request, _ context: RequestContext) async throws -> Response {
    _ = try user(context)
    guard let identity = context.identity,
      let events = try await streams.open(identity, after: EventStream.lastEventID(request))
    else { throw EventStream.full }
    return EventStream.response(events)
  }
}
