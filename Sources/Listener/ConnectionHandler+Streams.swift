// Streamed answers: parts go out as they come, each after the socket has taken the one before.

import HTTPExchange
import NIOCore
import Time

extension ConnectionHandler {
  /// Writes a streamed answer chunk by chunk; each waits until the socket has taken it.
  static func write(
    _ stream: BodyStream, _ response: Response, _ exchange: Exchange, _ channel: any Channel,
    _ bound: NIOLoopBound<(ConnectionHandler, ChannelHandlerContext)>
  ) async {
    let keepable: Bool
    do {
      let chunked = try await channel.eventLoop.submit {
        let (handler, context) = bound.value
        return try handler.writeStreamHead(stream, response, exchange, context)
      }.get()
      keepable = chunked || stream.length != nil
      if !exchange.isHead {
        for try await chunk in stream where chunk.readableBytes > 0 {
          let framed = chunked ? Self.frame(chunk) : chunk
          exchange.addBytesOut(chunk.readableBytes)
          try await channel.eventLoop.submit {
            let (handler, context) = bound.value
            return handler.writeChunk(framed, context)
          }.get().get()
        }
      }
      let last = chunked && !exchange.isHead ? ByteBuffer(string: "0\r\n\r\n") : ByteBuffer()
      try await channel.writeAndFlush(last).get()
    } catch {
      // A broken stream must not look whole: the connection ends without the last chunk.
      channel.eventLoop.execute {
        let (handler, context) = bound.value
        handler.close(context)
      }
      return
    }
    channel.eventLoop.execute {
      let (handler, context) = bound.value
      guard handler.current === exchange else { return }
      let keep = handler.keepsAlive(exchange) && keepable
      handler.finishAnswer(exchange, keep: keep, unread: false, context)
    }
  }

  private func writeStreamHead(
    _ stream: BodyStream, _ response: Response, _ exchange: Exchange,
    _ context: ChannelHandlerContext
  ) throws -> Bool {
    guard current === exchange else { throw ChannelError.ioOnClosedChannel }
    let framing: ResponseWriter.Framing =
      if exchange.isHead { .none } else if let length = stream.length {
        .length(length)
      } else if exchange.head.isHTTP10 { .untilClose } else { .chunked }
    var buffer = context.channel.allocator.buffer(capacity: 512)
    writer.writeHead(
      response, framing: framing,
      keepAlive: keepsAlive(exchange) && framing != .untilClose,
      isHTTP10: exchange.head.isHTTP10, now: clock.now(), into: &buffer)
    exchange.record(response, bytesOut: 0)
    deadlines.enter(.stream, now: .now())
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    return framing == .chunked
  }

  private func writeChunk(_ chunk: ByteBuffer, _ context: ChannelHandlerContext)
    -> EventLoopFuture<Void>
  {
    deadlines.enter(.write, now: .now())
    arm(context)
    let written = context.eventLoop.makePromise(of: Void.self)
    context.writeAndFlush(wrapOutboundOut(chunk), promise: written)
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    written.futureResult.whenSuccess {
      let (handler, _) = bound.value
      if handler.deadlines.phase == .write { handler.deadlines.enter(.stream, now: .now()) }
    }
    return written.futureResult
  }

  private static func frame(_ chunk: ByteBuffer) -> ByteBuffer {
    var framed = ByteBuffer()
    framed.writeString(String(chunk.readableBytes, radix: 16) + "\r\n")
    framed.writeImmutableBuffer(chunk)
    framed.writeStaticString("\r\n")
    return framed
  }
}
