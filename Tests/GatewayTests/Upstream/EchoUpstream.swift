import NIOCore
import NIOPosix
import Synchronization

/// A server on loopback that answers each request with the next of its texts.
final class EchoUpstream: Sendable {
  let group: MultiThreadedEventLoopGroup
  private let channel: any Channel
  private let script: Script

  var port: Int { channel.localAddress?.port ?? 0 }
  var received: [String] { script.received }

  init(answers: [String]) async throws {
    let script = Script(answers)
    self.script = script
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    channel = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Answerer(script))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  func close() async throws { try await channel.close() }

  func stop() async throws {
    try? await channel.close()
    try await group.shutdownGracefully()
  }

  /// What was asked and what is answered next.
  final class Script: Sendable {
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

  private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let script: Script
    private var text = ""

    init(_ script: Script) { self.script = script }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      text += String(buffer: unwrapInboundIn(data))
      guard isWhole else { return }
      let answer = script.next(for: text)
      text = ""
      switch answer {
      case "close": context.close(promise: nil)
      case "silence": break
      default:
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
      }
    }

    private var isWhole: Bool {
      guard let end = text.firstRange(of: "\r\n\r\n") else { return false }
      let head = text[..<end.lowerBound].lowercased()
      if head.contains("transfer-encoding: chunked") { return text.hasSuffix("0\r\n\r\n") }
      guard let field = head.firstRange(of: "content-length: ") else { return true }
      let length = Int(head[field.upperBound...].prefix { $0.isNumber }) ?? 0
      return text[end.upperBound...].utf8.count >= length
    }
  }
}
