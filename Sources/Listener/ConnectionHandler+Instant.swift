// Answers that lie ready: nothing is made of the request but what the answer and its record need.

import HTTPExchange
import NIOCore
import Time

extension ConnectionHandler {
  /// Writes an answer that lies ready to a plain read, and reports it.
  func respond(
    _ answer: InstantAnswer, to received: RequestDecoder.Head, _ context: ChannelHandlerContext
  ) {
    guard keepsOpen else { return respondAtLength(answer, to: received, context) }
    let started = clock.monotonic()
    let count = answer.body.readableBytes
    if count <= Self.wholeBytes {
      let whole = scratch.whole(answer, now: clock.now(), with: &writer)
      context.write(wrapOutboundOut(whole), promise: nil)
    } else {
      scratch.buffer.clear()
      writer.writeHead(answer.head, now: clock.now(), into: &scratch.buffer)
      context.write(wrapOutboundOut(scratch.buffer), promise: nil)
      context.write(wrapOutboundOut(answer.body), promise: nil)
    }
    owesFlush = true
    let nanoseconds = Int(clock.monotonic().nanoseconds &- started.nanoseconds)
    edge.answered(answer, bytesOut: count, nanoseconds: nanoseconds) {
      record(answer, received, bytesOut: count, nanoseconds: nanoseconds)
    }
    next(context)
  }

  /// Bodies up to this size are remembered with their heads.
  private static let wholeBytes = 65_536

  /// The same answer with an end of the connection to announce.
  private func respondAtLength(
    _ answer: InstantAnswer, to received: RequestDecoder.Head, _ context: ChannelHandlerContext
  ) {
    guard let exchange = exchange(of: received) else { return close(context) }
    current = exchange
    var response = Response(status: answer.status, body: .bytes(answer.body))
    response.prepared = answer.head
    respond(response, exchange, unread: false, context)
  }

  private func record(
    _ answer: InstantAnswer, _ received: RequestDecoder.Head, bytesOut: Int, nanoseconds: Int
  ) -> CompletedExchange {
    let exchange =
      exchange(of: received)
      ?? Exchange(
        refused: RequestContext(requestID: ids.next(), sourceAddress: peer, clock: clock))
    exchange.record(Response(status: answer.status), bytesOut: bytesOut)
    var completed = exchange.finished(aborted: false, now: exchange.context.startedAt)
    completed.nanoseconds = nanoseconds
    return completed
  }

  private func exchange(of received: RequestDecoder.Head) -> Exchange? {
    guard let head = try? reader.read(received, peer: peer) else { return nil }
    return Exchange(
      head: head,
      context: RequestContext(
        requestID: ids.next(), sourceAddress: head.address, clock: clock, trace: head.trace))
  }
}
