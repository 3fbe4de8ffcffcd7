import Gateway
import HTTPExchange
import JSON
import Synchronization
import Trading

/// The admin listener: health, readiness, metrics, purges and quotas, on loopback, never on the
/// public port.
final class AdminEdge: Edge {
  private let metrics: @Sendable () -> String
  private let usage: @Sendable () -> JSON
  private let ledger: @Sendable () -> LedgerWatch.Status
  private let cache: ResponseCache
  private let isReady = Mutex(false)

  /// An edge that is not ready until it is told.
  init(
    cache: ResponseCache, usage: @escaping @Sendable () -> JSON,
    ledger: @escaping @Sendable () -> LedgerWatch.Status,
    metrics: @escaping @Sendable () -> String
  ) {
    self.cache = cache
    self.usage = usage
    self.ledger = ledger
    self.metrics = metrics
  }

  /// Says whether traffic may come.
  func setReady(_ ready: Bool) { isReady.withLock { $0 = ready } }

  func decide(_ request: Request, _ context: RequestContext) -> Decision {
    if request.target.path == "/cache/purge", request.method == "POST" {
      return .answer(purge(request.target))
    }
    guard request.method == "GET" || request.method == "HEAD" else {
      var response = Response(status: 405, json: ["message": "Method Not Allowed"])
      response.headers.append("allow", "GET, HEAD")
      return .answer(response)
    }
    switch request.target.path {
    case "/healthz": return .answer(health())
    case "/readyz":
      let ready = isReady.withLock { $0 }
      return .answer(
        Response(status: ready ? 200 : 503, json: ["status": .string(ready ? "ready" : "draining")])
      )
    case "/metrics":
      return .answer(
        Response(text: metrics(), contentType: "text/plain; version=0.0.4; charset=utf-8"))
    case "/usage": return .answer(Response(json: usage()))
    default: return .answer(Response(status: 404, json: ["message": "Not Found"]))
    }
  }

  /// The process lives, so that nobody restarts it; broken books are told beside that.
  private func health() -> Response {
    let ledger = ledger()
    return Response(
      json: ["status": ledger.broken.isEmpty ? "ok" : "degraded", "ledger": ledger.json])
  }

  /// `POST /cache/purge?path=/stocks/AAPL`, `?tag=…` or `?all=true`.
  private func purge(_ target: RequestTarget) -> Response {
    if let path = target.queryValue("path") {
      return Response(json: ["purged": .int(cache.purge(path: path))])
    }
    if let tag = target.queryValue("tag") {
      return Response(json: ["purged": .int(cache.purge(tag: tag))])
    }
    guard target.queryValue("all") == "true" else {
      return Response(
        status: 400, json: ["message": "Say what to purge: ?path=, ?tag= or ?all=true"])
    }
    return Response(json: ["purged": .int(cache.purgeAll())])
  }

  func completed(_ exchange: CompletedExchange) {}

  func transportError(status: Int, message: String, context: RequestContext?) -> Response {
    Response(status: status, json: ["message": .string(message)])
  }
}
