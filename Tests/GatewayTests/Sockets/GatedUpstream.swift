import NIOCore
import NIOPosix
import Synchronization

/// A server on loopback that makes each answer from the request and, while its gate is shut, keeps
/// it back.
final class GatedUpstream: Sendable {
  typealias Answer = @Sendable (_ request: String) -> String

  private struct State {
    var isOpen: Bool
    var received: [String] = []
    var held: [(channel: any Channel, answer: String)] = []
  }

  private let server: LoopbackServer
  private let gate: Gate

  var group: MultiThreadedEventLoopGroup { server.group }
  var port: Int { server.port }
  /// What was asked, in order.
  var received: [String] { gate.received }

  init(isOpen: Bool = true, _ answer: @escaping Answer) async throws {
    let gate = Gate(isOpen: isOpen, answer)
    self.gate = gate
    server = try await LoopbackServer { gate.asked($0, on: $1) }
  }

  /// Sends what was kept back; what comes later is answered at once.
  func open() { gate.open() }

  /// Keeps back what comes from now on.
  func shut() { gate.shut() }

  func stop() async throws { try await server.stop() }

  private final class Gate: Sendable {
    private let answer: Answer
    private let state: Mutex<State>

    init(isOpen: Bool, _ answer: @escaping Answer) {
      self.answer = answer
      state = Mutex(State(isOpen: isOpen))
    }

    var received: [String] { state.withLock { $0.received } }

    func asked(_ request: String, on channel: any Channel) {
      let text = answer(request)
      let isOpen = state.withLock { state in
        state.received.append(request)
        if !state.isOpen { state.held.append((channel, text)) }
        return state.isOpen
      }
      if isOpen { channel.send(text) }
    }

    func open() {
      let held = state.withLock { state in
        defer { state.held = [] }
        state.isOpen = true
        return state.held
      }
      for (channel, text) in held { channel.send(text) }
    }

    func shut() { state.withLock { $0.isOpen = false } }
  }
}
