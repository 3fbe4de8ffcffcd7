import HTTPExchange
import NIOCore
import Synchronization
import Testing
import Time

@testable import Gateway

/// A route's cache in front of an origin that a test writes, on a clock that stands still.
final class CacheRig: Sendable {
  typealias Answer = @Sendable (Request) async throws -> Response

  private struct State {
    var answer: Answer = { _ in Response(status: 500) }
    var requests: [Request] = []
  }

  let clock = ManualClock()
  let cache: ResponseCache
  private let state = Mutex(State())

  init(configure: (inout CacheSettings) -> Void = { _ in }, strictAWS: Bool = false) {
    var settings = CacheSettings()
    configure(&settings)
    cache = ResponseCache(settings, strictAWS: strictAWS)
  }

  /// What the origin was asked.
  var requests: [Request] { state.withLock { $0.requests } }
  var calls: Int { requests.count }

  /// What the origin answers from now on.
  func origin(_ answer: @escaping Answer) { state.withLock { $0.answer = answer } }

  /// An origin with one answer.
  func origin(
    _ fields: [(String, String)], body: String = "hello", status: Int = 200
  ) {
    origin { _ in Response(status: status, headers: HeaderFields(fields), body: Body(body)) }
  }

  /// Sends a request as the gateway does: first the event loop's look, then the work.
  func send(
    _ target: String = "/a", _ headers: [(String, String)] = [], method: String = "GET",
    rule: CacheRule = CacheRule(), authority: String = "localhost:8080", body: Body = .empty,
    user: String? = nil, scopes: [String] = [], stage: String = "$default"
  ) async throws -> Response {
    let request = Request(
      method: method, target: try RequestTarget(parsing: target), authority: authority,
      headers: HeaderFields(headers), body: body)
    var context = RequestContext(requestID: "R", sourceAddress: "192.0.2.1", clock: clock)
    context.stage = stage
    context.identity = user.map { Identity(subject: $0, username: $0, scopes: scopes) }
    let route = RouteResponseCache(rule: rule, cache: cache)
    if let response = route.lookUp(request, context) { return response }
    return try await route.respond(request, context) { request, _ in
      let answer = self.state.withLock { state in
        state.requests.append(request)
        return state.answer
      }
      return try await answer(request)
    }
  }

  /// Waits until something is so, giving way to other tasks.
  func until(_ condition: @Sendable () -> Bool) async {
    while !condition() { await Task.yield() }
  }
}

extension Response {
  var cacheStatus: String { headers["cache-status"] ?? "" }
}
