import NIOCore
import NIOPosix
import Synchronization

/// A server on loopback that answers each request with the next of its texts.
final class EchoUpstream: Sendable {
  private let server: LoopbackServer
  private let script: Script

  var group: MultiThreadedEventLoopGroup { server.group }
  var port: Int { server.port }
  var received: [String] { script.received }

  init(answers: [String]) async throws {
    let script = Script(answers)
    self.script = script
    server = try await LoopbackServer { request, channel in
      switch script.next(for: request) {
      case "close": channel.close(promise: nil)
      case "silence": break
      case let answer: channel.send(answer)
      }
    }
  }

  func close() async throws { try await server.close() }
  func stop() async throws { try await server.stop() }

  /// What was asked and what is answered next.
  private final class Script: Sendable {
    private let state: Mutex<(answers: [String], received: [String])>

    init(_ answers: [String]) { state = Mutex((answers, [])) }

    var received: [String] { state.withLock { $0.received } }

    func next(for request: String) -> String {
      state.withLock { state in
        state.received.append(request)
        return state.answers.isEmpty ? "close" : state.answers.removeFirst()
      }
    }
  }
}
