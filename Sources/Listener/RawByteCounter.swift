import NIOCore

/// Stands before the decoder and reports how many raw bytes came, which the decoder keeps to itself.
final class RawByteCounter: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let count = unwrapInboundIn(data).readableBytes
    context.fireUserInboundEventTriggered(RawBytes(count: count))
    context.fireChannelRead(data)
    context.fireUserInboundEventTriggered(BytesDecoded())
  }
}

/// Raw bytes that the decoder sees next.
struct RawBytes {
  let count: Int
}

/// The decoder has seen them.
struct BytesDecoded {}
