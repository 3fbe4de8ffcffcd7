import Gateway
import HTTPExchange
import JSON
import Synchronization

/// The admin listener: health, readiness and metrics, on loopback, never on the public port.
final class AdminEdge: Edge {
  private let metrics: @Sendable () -> String
  private let isReady = Mutex(false)

  /// An edge that is not ready until it is told.
  init(metrics: @escaping @Sendable () -> String) { self.metrics = metrics }

  /// Says whether traffic may come.
  func setReady(_ ready: Bool) { isReady.withLock { $0 = ready } }

  func decide(_ request: Request, _ context: RequestContext) -> Decision {
    guard request.method == "GET" || request.method == "HEAD" else {
      var response = Response(status: 405, json: ["message": "Method Not Allowed"])
      response.headers.append("allow", "GET, HEAD")
      return .answer(response)
    }
    switch request.target.path {
    case "/healthz": return .answer(Response(json: ["status": "ok"]))
    case "/readyz":
      let ready = isReady.withLock { $0 }
      return .answer(
        Response(status: ready ? 200 : 503, json: ["status": .string(ready ? "ready" : "draining")])
      )
    case "/metrics":
      return .answer(
        Response(text: metrics(), contentType: "text/plain; version=0.0.4; charset=utf-8"))
    default: return .answer(Response(status: 404, json: ["message": "Not Found"]))
    }
  }

  func completed(_ exchange: CompletedExchange) {}

  func transportError(status: Int, message: String, context: RequestContext?) -> Response {
    Response(status: status, json: ["message": .string(message)])
  }
}
