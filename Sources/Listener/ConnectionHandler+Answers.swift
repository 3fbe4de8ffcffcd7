// Answers that are at hand whole, and how a connection ends.

import HTTPExchange
import NIOCore
import Time

extension ConnectionHandler {
  func respond(
    _ response: Response, _ exchange: Exchange, unread: Bool, _ context: ChannelHandlerContext
  ) {
    guard current === exchange else { return }
    let body = response.body.buffer ?? ByteBuffer()
    let bodyless = exchange.isHead || response.status == 204 || response.status == 304
    let keep = keepsAlive(exchange)
    let joined = !bodyless && body.readableBytes <= Self.joinedBytes
    scratch.buffer.clear()
    writer.writeHead(
      response, framing: bodyless ? .none : .length(body.readableBytes), keepAlive: keep,
      isHTTP10: exchange.head.isHTTP10, now: exchange.date(clock), into: &scratch.buffer)
    exchange.record(response, bytesOut: bodyless ? 0 : body.readableBytes)
    if joined { scratch.buffer.writeImmutableBuffer(body) }
    // What fits the socket's buffer is as good as written; the rest may take its time.
    let isAwaited = !keep || !(bodyless || joined)
    let written = isAwaited ? context.eventLoop.makePromise(of: Void.self) : nil
    if bodyless || joined {
      context.write(wrapOutboundOut(scratch.buffer), promise: written)
    } else {
      context.write(wrapOutboundOut(scratch.buffer), promise: nil)
      context.write(wrapOutboundOut(body), promise: written)
    }
    finishAnswer(exchange, keep: keep, unread: unread, written: written?.futureResult, context)
  }

  /// Bodies up to this size are copied behind their head: one write costs less than two.
  static let joinedBytes = 16_384

  /// Ends an exchange whose answer lies in the channel, or was written already.
  func finishAnswer(
    _ exchange: Exchange, keep: Bool, unread: Bool, refused: Bool = false,
    written: EventLoopFuture<Void>? = nil, _ context: ChannelHandlerContext
  ) {
    if isProcessing {
      owesFlush = true
    } else {
      context.flush()
    }
    var unread = unread
    if case .feeding(let source) = state {
      // The work answered without hearing the body out.
      source.fail(ChannelError.inputClosed)
      unread = true
    }
    // A client that asked for the end and was heard to its end sends nothing more.
    let endsTogether = !refused && !unread && !exchange.head.keepAlive
    task = nil
    if !keep { return end(exchange, together: endsTogether, after: written, context) }
    report(exchange, after: written, context)
    if unread {
      state = .discarding(limits.discardBytes)
      deadlines.enter(.body, now: .now())
      arm(context)
      process(context)
      requestRead(context)
      return
    }
    next(context)
  }

  /// Ends the connection once the answer is written.
  private func end(
    _ exchange: Exchange, together: Bool, after written: EventLoopFuture<Void>?,
    _ context: ChannelHandlerContext
  ) {
    state = .closed
    deadlines.enter(.write, now: .now())
    arm(context)
    let written = written ?? context.eventLoop.makeSucceededVoidFuture()
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    written.whenComplete { result in
      let (handler, context) = bound.value
      guard case .success = result else { return handler.close(context) }
      if handler.current === exchange { handler.complete(exchange, aborted: false) }
      if together { handler.close(context) } else { handler.linger(context) }
    }
  }

  /// Reports an exchange whose connection goes on.
  private func report(
    _ exchange: Exchange, after written: EventLoopFuture<Void>?, _ context: ChannelHandlerContext
  ) {
    guard let written else { return complete(exchange, aborted: false) }
    current = nil
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    written.whenComplete { result in
      let aborted = if case .failure = result { true } else { false }
      let handler = bound.value
      handler.edge.completed(
        exchange.finished(aborted: aborted, now: handler.clock.monotonic()))
    }
  }

  func next(_ context: ChannelHandlerContext) {
    state = .waiting
    if inputClosed { return close(context) }
    deadlines.enter(draining ? .farewell : .idle, now: .now())
    arm(context)
    process(context)
    if case .waiting = state, !isProcessing { requestRead(context) }
  }

  func keepsAlive(_ exchange: Exchange) -> Bool { exchange.head.keepAlive && keepsOpen }

  /// Whether another request may follow, for all that we know.
  var keepsOpen: Bool { !draining && !inputClosed && served < limits.requestsPerConnection }

  // MARK: Ends

  /// Answers what the transport itself found and closes: what follows cannot be trusted.
  func refuse(_ context: ChannelHandlerContext, status: Int, message: String) {
    refuse(context) { edge, exchange in
      guard exchange.isUnderstood else {
        return edge.transportError(status: status, message: message, context: exchange.context)
      }
      return edge.transportError(
        status: status, message: message, of: exchange.head.request, context: exchange.context)
    }
  }

  func refuse(
    _ context: ChannelHandlerContext, with answer: (any Edge, Exchange) -> Response
  ) {
    switch state {
    case .lingering, .closed: return
    default: break
    }
    let exchange =
      current
      ?? Exchange(
        refused: RequestContext(requestID: ids.next(), sourceAddress: peer, clock: clock))
    current = exchange
    task?.cancel()
    let response = answer(edge, exchange)
    let body = response.body.buffer ?? ByteBuffer()
    var buffer = context.channel.allocator.buffer(capacity: 512 + body.readableBytes)
    writer.writeHead(
      response, framing: .length(body.readableBytes), keepAlive: false, isHTTP10: false,
      now: clock.now(), into: &buffer)
    buffer.writeImmutableBuffer(body)
    exchange.record(response, bytesOut: body.readableBytes)
    let written = context.eventLoop.makePromise(of: Void.self)
    context.write(wrapOutboundOut(buffer), promise: written)
    input = ByteBuffer()
    finishAnswer(
      exchange, keep: false, unread: false, refused: true, written: written.futureResult,
      context)
  }

  /// A kept connection has a moment for the request that may be on its way; its answer says that
  /// it is the last.
  func drain(_ context: ChannelHandlerContext) {
    draining = true
    guard case .waiting = state, deadlines.phase == .idle else { return }
    deadlines.enter(.farewell, now: .now())
    arm(context)
  }

  /// Ends our side and hears the client out for a moment: closing over bytes that were not read
  /// resets the connection, and a reset can take an answer away from who has not read it yet
  /// (RFC 9112 §9.6).
  func linger(_ context: ChannelHandlerContext) {
    if inputClosed || limits.lingerTimeoutMS == 0 { return close(context) }
    state = .lingering
    deadlines.enter(.linger, now: .now())
    arm(context)
    if owesFlush {
      owesFlush = false
      context.flush()
    }
    context.close(mode: .output, promise: nil)
    requestRead(context)
  }
}
