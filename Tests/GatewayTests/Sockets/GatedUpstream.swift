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

  let group: MultiThreadedEventLoopGroup
  private let channel: any Channel
  private let gate: Gate

  var port: Int { channel.localAddress?.port ?? 0 }
  /// What was asked, in order.
  var received: [String] { gate.received }

  init(isOpen: Bool = true, _ answer: @escaping Answer) async throws {
    let gate = Gate(isOpen: isOpen, answer)
    self.gate = gate
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    channel = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Asked(gate))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  /// Sends what was kept back; what comes later is answered at once.
  func open() { gate.open() }

  /// Keeps back what comes from now on.
  func shut() { gate.shut() }

  func stop() async throws {
    try? await channel.close()
    try await group.shutdownGracefully()
  }

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
      if isOpen { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }
    }

    func open() {
      let held = state.withLock { state in
        defer { state.held = [] }
        state.isOpen = true
        return state.held
      }
      for (channel, text) in held { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }
    }

    func shut() { state.withLock { $0.isOpen = false } }
  }

  private final class Asked: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let gate: Gate
    private var text = ""

    init(_ gate: Gate) { self.gate = gate }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      text += String(buffer: unwrapInboundIn(data))
      guard let end = text.firstRange(of: "\r\n\r\n") else { return }
      let head = text[..<end.lowerBound].lowercased()
      let length = head.firstRange(of: "content-length: ").flatMap {
        Int(head[$0.upperBound...].prefix { $0.isNumber })
      }
      guard text[end.upperBound...].utf8.count >= length ?? 0 else { return }
      gate.asked(text, on: context.channel)
      text = ""
    }
  }
}
