import HTTPExchange
import JSON
import Listener
import NIOPosix
import TestSupport
import Testing
import Time

@testable import Gateway

/// What stands behind a route throws, hangs or answers nonsense: the client reads AWS's words with a
/// request id, the log has the cause under that id, and nobody else notices (issue 3, point 2).
@Suite("Failing integrations through a socket", .timeLimit(.minutes(1)))
struct SocketFailureTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var target: String
    var status: Int
    var message: String
    var type: String
    /// A part of what the log says of the cause.
    var cause: String
    var testDescription: String { name }
  }

  static let rows = [
    Row(
      name: "throws", target: "/throw", status: 500, message: "Internal Server Error",
      type: "INTEGRATION_FAILURE", cause: "Boom"),
    Row(
      name: "answers status 99", target: "/nonsense", status: 500,
      message: "Internal Server Error", type: "INTEGRATION_FAILURE", cause: "status 99"),
    Row(
      name: "returns an event without a status", target: "/event1", status: 500,
      message: "Internal Server Error", type: "INTEGRATION_FAILURE", cause: "statusCode"),
    Row(
      name: "hangs", target: "/hang", status: 503, message: "Service Unavailable",
      type: "INTEGRATION_TIMEOUT", cause: ""),
    Row(
      name: "an upstream is away", target: "/away", status: 503, message: "Service Unavailable",
      type: "INTEGRATION_TIMEOUT", cause: ""),
    Row(
      name: "an upstream is silent", target: "/up/silence", status: 503,
      message: "Service Unavailable", type: "INTEGRATION_TIMEOUT", cause: ""),
    Row(
      name: "an upstream closes", target: "/up/close", status: 503,
      message: "Service Unavailable", type: "INTEGRATION_TIMEOUT", cause: ""),
    Row(
      name: "an upstream is no HTTP server", target: "/up/nonsense", status: 500,
      message: "Internal Server Error", type: "INTEGRATION_FAILURE", cause: ""),
  ]

  @Test(arguments: rows) func answers(row: Row) async throws {
    try await withUpstream(answers: Self.script(row.target)) { rig in
      var failed = SocketAnswer("")
      var others: [Int] = []
      let log = try await withSocket(
        rig, clock: SystemClock(), limits: { $0.limits.apiTimeoutMS = 1_500 }
      ) { socket in
        let other = try #require(RawClient(port: socket.port))
        let failing = try #require(RawClient(port: socket.port))
        func ask(_ number: Int) {
          other.send(SocketRig.request("GET", "/api/v1/check?n=\(number)"))
          others.append(SocketAnswer(other.readAnswer()).status)
        }
        ask(1)
        failing.send(
          SocketRig.request(
            "GET", "/api/v1\(row.target)",
            headers: [("Origin", "https://app.example"), ("Connection", "close")]))
        ask(2)
        failed = SocketAnswer(failing.readToEnd())
        ask(3)
      }
      #expect(others == [200, 200, 200])
      try Self.check(failed, row, log)
    }
  }

  private static func check(_ answer: SocketAnswer, _ row: Row, _ log: [JSON]) throws {
    #expect(answer.status == row.status)
    #expect(answer.json?["message"]?.string == row.message)
    let id = try #require(answer["apigw-requestid"])
    #expect(answer.json?["requestId"]?.string == id)
    #expect(answer["access-control-allow-origin"] == "https://app.example")
    let lines = log.filter { $0["requestId"]?.string == id }
    let line = try #require(lines.first)
    #expect(lines.count == 1 && log.count == 4)
    #expect(line["status"]?.int == row.status)
    #expect(line["error.responseType"]?.string == row.type)
    #expect(line["routeKey"]?.string?.hasPrefix("GET /") == true)
    let cause = line["error.message"]?.string ?? ""
    #expect(cause.contains(row.cause) && !cause.isEmpty, "\(cause)")
    #expect(row.cause.isEmpty || !answer.body.contains(row.cause), "the cause left the house")
  }

  /// What the upstream does for a target.
  private static func script(_ target: String) -> [String] {
    switch target {
    case "/up/silence": ["silence"]
    case "/up/nonsense": ["SSH-2.0-OpenSSH_9.2\r\n\r\n"]
    default: ["close", "close"]
    }
  }

  private func withUpstream(answers: [String], _ body: (Rig) async throws -> Void) async throws {
    let upstream = try await EchoUpstream(answers: answers)
    var settings = UpstreamSettings()
    settings.connectTimeoutMS = 300
    settings.idleTimeoutMS = 300
    let pool = UpstreamPool(settings, group: upstream.group)
    let outcome: Result<Void, any Error>
    do {
      try await body(Self.rig(upstream.port, pool))
      outcome = .success(())
    } catch { outcome = .failure(error) }
    try await pool.shutdown()
    try await upstream.stop()
    try outcome.get()
  }

  private static func rig(_ port: Int, _ pool: UpstreamPool) throws -> Rig {
    let api = """
      openapi: 3.1.0
      info: { title: T, version: "1" }
      x-amazon-apigateway-cors: { allowOrigins: ["https://app.example"], allowMethods: [GET] }
      paths:
      \(Rig.path("/check", "get", "EchoFunction"))
      \(Rig.path("/throw", "get", "ThrowFunction"))
      \(Rig.path("/nonsense", "get", "NonsenseFunction"))
      \(Rig.path("/hang", "get", "HangFunction"))
      \(Rig.path("/event1", "get", "Shapeless", version: "1.0"))
      \(proxy("/away", "http://127.0.0.1:1/"))
      \(proxy("/up/{proxy+}", "http://127.0.0.1:\(port)/{proxy}"))
      """
    return try Rig(
      api: api, accounts: nil,
      assemble: {
        $0.functions["HangFunction"] = FunctionHandler { _, _ in
          try await Task.sleep(for: .seconds(600))
          return Response(status: 200)
        }
        $0.eventFunctions["Shapeless"] = { _ in ["shape": "none"] }
        $0.upstream = { pool.integration(uri: $0, method: $1, timeoutMS: $2) }
      })
  }

  private static func proxy(_ path: String, _ uri: String) -> String {
    """
      \(path):
        get:
          responses: { default: { description: x } }
          x-amazon-apigateway-integration:
            type: http_proxy
            uri: \(uri)
            httpMethod: GET
            timeoutInMillis: 300
    """
  }
}
