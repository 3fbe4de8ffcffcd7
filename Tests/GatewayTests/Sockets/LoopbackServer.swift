import NIOCore
import NIOPosix

/// A server on loopback for tests: it reads requests to their end and hands each, as its text, to
/// whoever answers on the channel.
final class LoopbackServer: Sendable {
  typealias Answerer = @Sendable (_ request: String, _ channel: any Channel) -> Void

  let group: MultiThreadedEventLoopGroup
  let port: Int
  private let channel: any Channel

  init(_ answer: @escaping Answerer) async throws {
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    channel = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(WholeRequests(answer))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  /// Takes no more connections.
  func close() async throws { try await channel.close() }

  func stop() async throws {
    try? await channel.close()
    try await group.shutdownGracefully()
  }

  private final class WholeRequests: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let answer: Answerer
    private var text = ""

    init(_ answer: @escaping Answerer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      text += String(buffer: unwrapInboundIn(data))
      guard isWhole else { return }
      let request = text
      text = ""
      answer(request, context.channel)
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

extension Channel {
  /// Sends a text as it is.
  func send(_ text: String) { writeAndFlush(ByteBuffer(string: text), promise: nil) }
}
