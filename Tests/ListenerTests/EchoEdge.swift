import Listener
import HTTPExchange
import JSON
import NIOCore
import Synchronization
import Time

/// An edge that tells what it was asked: enough to see what the transport lets through.
final class EchoEdge: Edge {
  let finished = Mutex<[CompletedExchange]>([])
  let seen = Mutex<[String]>([])

  func decide(_ request: Request, _ context: RequestContext) -> Decision {
    seen.withLock { $0.append("\(request.method) \(request.target.path)") }
    switch request.target.path {
    case "/static":
      var response = Response(status: 200, body: Body("static"))
      response.prepared = PreparedHead(
        status: 200, headers: HeaderFields([("content-type", "text/plain")]), length: 6)
      return .answer(response)
    case "/split":
      return .answer(
        Response(status: 200, headers: HeaderFields([("x-bad", "a\r\nevil: 1")]), body: Body("ok")))
    case "/hang":
      return .handle(
        Work(bodyLimit: 100) { _ in
          try? await Task.sleep(for: .seconds(60))
          return Response(status: 200)
        })
    case "/stream":
      return .handle(Work(bodyLimit: 0, timeClass: .stream) { _ in Self.streamed() })
    case "/large":
      return .answer(Response(status: 200, body: Body(String(repeating: "x", count: 16 << 20))))
    case "/endless":
      return .handle(
        Work(bodyLimit: 0, timeClass: .stream) { _ in
          let chunk = ByteBuffer(repeating: 120, count: 1 << 20)
          return Response(
            status: 200, body: .stream(BodyStream(AsyncStream { Task.isCancelled ? nil : chunk })))
        })
    case "/feed":
      return .handle(
        Work(bodyLimit: 1 << 20, streamsBody: true) { body in
          var count = 0
          if case .stream(let stream) = body {
            do { for try await chunk in stream { count += chunk.readableBytes } } catch {
              return Response(status: 413, text: "too large")
            }
          }
          return Response(text: "fed \(count)")
        })
    default:
      return .handle(
        Work(bodyLimit: 1_000) { body in
          let text = body.buffer.map { String(buffer: $0) } ?? ""
          return Response(
            text: "\(request.method) \(request.target.originForm) \(request.authority) "
              + "\(context.sourceAddress) [\(text)]")
        })
    }
  }

  private static func streamed() -> Response {
    let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
    for index in 1...3 { continuation.yield(ByteBuffer(string: "part\(index);")) }
    continuation.finish()
    return Response(status: 200, body: .stream(BodyStream(stream)))
  }

  func completed(_ exchange: CompletedExchange) { finished.withLock { $0.append(exchange) } }

  func transportError(status: Int, message: String, context: RequestContext?) -> Response {
    Response(status: status, json: ["message": .string(message)])
  }
}

/// A listener on a free port of loopback for the length of a test.
func withListener(
  _ change: (inout ListenerSettings) -> Void = { _ in },
  _ body: (Int, EchoEdge) async throws -> Void
) async throws {
  var settings = ListenerSettings()
  settings.port = 0
  settings.threads = 1
  settings.limits.drainTimeoutMS = 500
  settings.limits.drainIdleMS = 0
  change(&settings)
  let edge = EchoEdge()
  let listener = try await Listener.start(settings, edge: edge, clock: SystemClock())
  do {
    try await body(listener.port, edge)
  } catch {
    await listener.drain()
    throw error
  }
  await listener.drain()
}
