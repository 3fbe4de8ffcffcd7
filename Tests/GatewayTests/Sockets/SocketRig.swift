// The rig's gateway behind a listener on loopback: what is tested here went through a socket.

import HTTPExchange
import JSON
import Listener
import Synchronization
import TestSupport
import Testing
import Time

@testable import Gateway

/// A running listener with the gateway of a rig behind it.
struct SocketRig {
  let port: Int
  let rig: Rig

  /// One request on a connection of its own, read to its end.
  func ask(
    _ method: String, _ target: String, host: String = "localhost:8080",
    headers: [(String, String)] = [], body: String = ""
  ) throws -> SocketAnswer {
    let client = try #require(RawClient(port: port))
    client.send(
      Self.request(
        method, target, host: host, headers: headers + [("Connection", "close")], body: body))
    return SocketAnswer(client.readToEnd())
  }

  /// The bytes of a request; a length is added unless the test states one.
  static func request(
    _ method: String, _ target: String, host: String = "localhost:8080",
    headers: [(String, String)] = [], body: String = ""
  ) -> String {
    var text = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n"
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    if !body.isEmpty, !headers.contains(where: { $0.0.lowercased() == "content-length" }) {
      text += "Content-Length: \(body.utf8.count)\r\n"
    }
    return text + "\r\n" + body
  }
}

/// An answer as it came over the wire.
struct SocketAnswer {
  var status = 0
  var headers: [(String, String)] = []
  var body = ""

  init(_ text: String) {
    guard let end = text.firstRange(of: "\r\n\r\n") else { return }
    let lines = text[..<end.lowerBound].split(separator: "\r\n")
    status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      headers.append((String(parts[0]).lowercased(), String(parts[1].drop { $0 == " " })))
    }
    let rest = text[end.upperBound...]
    body = self["transfer-encoding"] == "chunked" ? Self.joined(rest) : String(rest)
  }

  subscript(name: String) -> String? { headers.first { $0.0 == name }?.1 }

  var json: JSON? { try? JSON(parsing: body) }

  /// Chunks put together; one that is cut short shows as what there is.
  private static func joined(_ chunks: Substring) -> String {
    var whole = ""
    var rest = chunks.utf8[...]
    while let end = rest.firstRange(of: [13, 10]),
      let size = Int(String(Substring(rest[..<end.lowerBound])), radix: 16), size > 0
    {
      let body = rest[end.upperBound...]
      whole += String(Substring(body.prefix(size)))
      rest = body.dropFirst(size + 2)
    }
    return whole
  }
}

/// Runs a listener for the length of a test and gives back the lines of its access log.
@discardableResult
func withSocket(
  _ rig: Rig, clock: (any TimeSource)? = nil,
  limits change: (inout ListenerSettings) -> Void = { _ in },
  _ body: (SocketRig) async throws -> Void
) async throws -> [JSON] {
  var settings = ListenerSettings()
  settings.port = 0
  settings.threads = 1
  settings.limits.drainTimeoutMS = 500
  settings.limits.drainIdleMS = 0
  change(&settings)
  let lines = Mutex<[String]>([])
  let telemetry = Telemetry(
    log: AccessLog(AccessLogSettings()) { line in lines.withLock { $0.append(line) } })
  let listener = try await Listener.start(
    settings, edge: Gateway(plan: rig.plan, telemetry: telemetry), clock: clock ?? rig.clock)
  do {
    try await body(SocketRig(port: listener.port, rig: rig))
  } catch {
    await listener.drain()
    throw error
  }
  await listener.drain()
  return try lines.withLock { $0 }.map { try JSON(parsing: $0) }
}
