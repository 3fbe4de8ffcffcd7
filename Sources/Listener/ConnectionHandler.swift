import HTTPExchange
import NIOCore
import NIOHTTP1
import Time

/// One HTTP/1.1 connection: reads heads and bodies, asks the edge, writes answers, keeps deadlines.
///
/// Requests are answered one after the other; parts that were pipelined behind the current one wait
/// in a queue that one read can fill at most, since nothing is read while an answer is due.
final class ConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = ByteBuffer

  /// Where the current exchange stands.
  private enum State {
    case waiting
    /// The body is collected before the work runs.
    case collecting(Work, Exchange, ByteBuffer)
    /// The body flows to the work that already runs.
    case feeding(BodySource)
    /// The work runs, or its answer is written; nothing more is expected of the request.
    case working
    /// An answer went out before the body came: the rest is thrown away within a bound.
    case discarding(Int)
    case closed
  }

  private let edge: any Edge
  private let clock: any TimeSource
  private let reader: HeadReader
  private let limits: ConnectionLimits
  private let registry: ConnectionRegistry
  private let peer: String
  private let ids: RequestIDs

  private var writer = ResponseWriter()
  private var state = State.waiting
  private var queue = CircularBuffer<HTTPServerRequestPart>()
  private var deadlines: ConnectionDeadlines
  private var timer: Scheduled<Void>?
  private var timerDue = NIODeadline.distantFuture
  private var current: Exchange?
  private var task: Task<Void, Never>?
  private var served = 0
  private var headBytes = 0
  private var draining = false
  private var inputClosed = false
  private var isReading = false
  private var executor: EventLoopTaskExecutor?

  init(
    edge: any Edge, clock: any TimeSource, settings: ListenerSettings,
    registry: ConnectionRegistry, peer: String
  ) {
    self.edge = edge
    self.clock = clock
    limits = settings.limits
    reader = HeadReader(limits: settings.limits, trusted: settings.trustedProxies)
    self.registry = registry
    self.peer = peer
    ids = RequestIDs()
    deadlines = ConnectionDeadlines(limits: settings.limits, now: .now())
  }

  // MARK: Channel events

  func channelActive(context: ChannelHandlerContext) {
    executor = EventLoopTaskExecutor(context.eventLoop)
    deadlines.enter(.idle, now: .now())
    arm(context)
    requestRead(context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    finish(context, aborted: current != nil)
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = unwrapInboundIn(data)
    if case .head = part { headBytes = 0 }
    queue.append(part)
    process(context)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    requestRead(context)
    context.fireChannelReadComplete()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // The decoder found bytes that are no HTTP; whoever sent them gets one answer and no second try.
    if error is HTTPParserError {
      let tooLarge = (error as? HTTPParserError) == .headerOverflow
      refuse(context, status: tooLarge ? 431 : 400, message: "The request is not valid HTTP/1.1")
    } else {
      close(context)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case let event as RawBytes: received(event.count, context)
    case is BytesDecoded: checkHeadSize(context: context)
    case is BodyDemand:
      if case .feeding(let source) = state { source.roomAgain() }
      requestRead(context)
    case is DrainConnection: drain(context)
    case ChannelEvent.inputClosed:
      // A half-closed client still reads its answer; without one under way the connection is over.
      inputClosed = true
      if case .waiting = state { close(context) }
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  /// Raw bytes came in: the head's deadline and bound, and the body's rate, count them.
  private func received(_ count: Int, _ context: ChannelHandlerContext) {
    switch state {
    case .waiting:
      if deadlines.phase == .idle {
        deadlines.enter(.head, now: .now())
        arm(context)
      }
      headBytes += count
    case .collecting, .feeding:
      deadlines.progressed(count, now: .now())
    default: break
    }
  }

  /// Called after the decoder has seen the bytes: whatever is left over is an unfinished head.
  private func checkHeadSize(context: ChannelHandlerContext) {
    if case .waiting = state, deadlines.phase == .head, headBytes > limits.headBytes {
      refuse(context, status: 431, message: "The request's header fields are too large")
    }
  }

  // MARK: Requests

  private func process(_ context: ChannelHandlerContext) {
    while let part = queue.first {
      switch (state, part) {
      case (.waiting, .head(let head)):
        queue.removeFirst()
        begin(head, context)
      case (.waiting, _): queue.removeFirst()
      case (.collecting(let work, let exchange, var buffer), .body(let chunk)):
        queue.removeFirst()
        if buffer.readableBytes + chunk.readableBytes > work.bodyLimit {
          refuse(context, status: 413, message: "Request Entity Too Large")
          return
        }
        // Let go of the state's copy first, so that the append does not copy the whole.
        state = .working
        buffer.writeImmutableBuffer(chunk)
        state = .collecting(work, exchange, buffer)
      case (.collecting(let work, let exchange, let buffer), .end):
        queue.removeFirst()
        start(work, exchange, .bytes(buffer), context)
      case (.feeding(let source), .body(let chunk)):
        queue.removeFirst()
        source.yield(chunk)
      case (.feeding(let source), .end):
        queue.removeFirst()
        source.finish()
        state = .working
        enterWork(source.timeClass, context)
      case (.discarding(let left), .body(let chunk)):
        queue.removeFirst()
        state = .discarding(left - chunk.readableBytes)
        if left < chunk.readableBytes { return close(context) }
      case (.discarding, .end):
        queue.removeFirst()
        next(context)
      case (.working, .end):
        queue.removeFirst()
      case (.working, _), (.collecting, .head), (.feeding, .head), (.discarding, .head): return
      case (.closed, _): return queue.removeAll()
      }
    }
  }

  private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    served += 1
    let parsed: HeadReader.Head
    do {
      parsed = try reader.read(head, peer: peer)
    } catch {
      return refuse(context, status: error.status, message: error.message)
    }
    var requestContext = RequestContext(
      requestID: ids.next(), sourceAddress: parsed.address, clock: clock)
    requestContext.trace = TraceContext(
      traceparent: parsed.request.headers["traceparent"] ?? "",
      amazon: parsed.request.headers["x-amzn-trace-id"] ?? "")
    let exchange = Exchange(head: parsed, context: requestContext)
    current = exchange
    switch edge.decide(parsed.request, requestContext) {
    case .answer(let response):
      let unread = parsed.framing != .none
      respond(response, exchange, unread: unread, context)
    case .handle(let work): receiveBody(work, exchange, context)
    }
  }

  private func receiveBody(_ work: Work, _ exchange: Exchange, _ context: ChannelHandlerContext) {
    switch exchange.head.framing {
    case .none:
      start(work, exchange, .empty, context)
      return
    case .length(let length) where length > work.bodyLimit:
      return refuse(context, status: 413, message: "Request Entity Too Large")
    case .length, .chunked: break
    }
    if exchange.head.expectsContinue {
      context.writeAndFlush(
        wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }
    deadlines.enter(.body, now: .now())
    arm(context)
    if work.streamsBody {
      let source = BodySource(
        limit: work.bodyLimit, timeClass: work.timeClass,
        channel: context.channel, length: exchange.head.declaredLength)
      start(work, exchange, .stream(source.stream), context)
      state = .feeding(source)
    } else {
      state = .collecting(work, exchange, ByteBuffer())
    }
  }

  private func start(
    _ work: Work, _ exchange: Exchange, _ body: Body, _ context: ChannelHandlerContext
  ) {
    state = .working
    exchange.bytesIn = body.length ?? 0
    enterWork(work.timeClass, context)
    guard let executor else { return }
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let channel = context.channel
    let run = work.run
    // A connection outlives no request it serves: the task is kept and cancelled when it closes.
    task = Task(executorPreference: executor) { @Sendable @concurrent in
      await Self.perform(run, body, exchange, channel, loopBound)
    }
  }

  private static func perform(
    _ run: @Sendable (Body) async -> Response, _ body: Body, _ exchange: Exchange,
    _ channel: any Channel, _ bound: NIOLoopBound<(ConnectionHandler, ChannelHandlerContext)>
  ) async {
    let response = await run(body)
    if case .stream(let stream) = response.body {
      return await write(stream, response, exchange, channel, bound)
    }
    channel.eventLoop.execute {
      let (handler, context) = bound.value
      handler.respond(response, exchange, unread: false, context)
    }
  }

  private func enterWork(_ timeClass: TimeClass, _ context: ChannelHandlerContext) {
    if case .feeding = state { return }
    deadlines.enter(timeClass == .api ? .work : .stream, now: .now())
    arm(context)
  }

  // MARK: Answers

  private func respond(
    _ response: Response, _ exchange: Exchange, unread: Bool, _ context: ChannelHandlerContext
  ) {
    guard current === exchange else { return }
    let body = response.body.buffer ?? ByteBuffer()
    let bodyless = exchange.isHead || response.status == 204 || response.status == 304
    let keep = keepsAlive(exchange)
    var buffer = context.channel.allocator.buffer(
      capacity: 512 + (bodyless ? 0 : min(body.readableBytes, Self.joinedBytes)))
    writer.writeHead(
      response, framing: bodyless ? .none : .length(body.readableBytes), keepAlive: keep,
      isHTTP10: exchange.head.isHTTP10, now: clock.now(), into: &buffer)
    exchange.record(response, bytesOut: bodyless ? 0 : body.readableBytes)
    if bodyless || body.readableBytes == 0 {
      context.write(wrapOutboundOut(buffer), promise: nil)
    } else if body.readableBytes <= Self.joinedBytes {
      buffer.writeImmutableBuffer(body)
      context.write(wrapOutboundOut(buffer), promise: nil)
    } else {
      context.write(wrapOutboundOut(buffer), promise: nil)
      context.write(wrapOutboundOut(body), promise: nil)
    }
    finishAnswer(exchange, keep: keep, unread: unread, context)
  }

  /// Bodies up to this size are copied behind their head: one write costs less than two.
  private static let joinedBytes = 16_384

  private func finishAnswer(
    _ exchange: Exchange, keep: Bool, unread: Bool, _ context: ChannelHandlerContext
  ) {
    let done = context.eventLoop.makePromise(of: Void.self)
    context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: done)
    complete(exchange, aborted: false)
    task = nil
    if !keep {
      state = .closed
      deadlines.enter(.write, now: .now())
      arm(context)
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      done.futureResult.whenComplete { _ in
        let (handler, context) = bound.value
        handler.close(context)
      }
      return
    }
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

  private func next(_ context: ChannelHandlerContext) {
    state = .waiting
    headBytes = 0
    if draining || inputClosed { return close(context) }
    deadlines.enter(.idle, now: .now())
    arm(context)
    if !queue.isEmpty { process(context) }
    if case .waiting = state { requestRead(context) }
  }

  private func keepsAlive(_ exchange: Exchange) -> Bool {
    exchange.head.keepAlive && !draining && !inputClosed && served < limits.requestsPerConnection
  }

  /// Writes a streamed answer chunk by chunk; each waits until the socket has taken it.
  private static func write(
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

  // MARK: Ends

  /// Answers what the transport itself found and closes: what follows cannot be trusted.
  private func refuse(_ context: ChannelHandlerContext, status: Int, message: String) {
    if case .closed = state { return }
    let exchange =
      current
      ?? Exchange(
        refused: RequestContext(requestID: ids.next(), sourceAddress: peer, clock: clock))
    current = exchange
    task?.cancel()
    let response = edge.transportError(status: status, message: message, context: exchange.context)
    let body = response.body.buffer ?? ByteBuffer()
    var buffer = context.channel.allocator.buffer(capacity: 512 + body.readableBytes)
    writer.writeHead(
      response, framing: .length(body.readableBytes), keepAlive: false, isHTTP10: false,
      now: clock.now(), into: &buffer)
    buffer.writeImmutableBuffer(body)
    exchange.record(response, bytesOut: body.readableBytes)
    context.write(wrapOutboundOut(buffer), promise: nil)
    queue.removeAll()
    finishAnswer(exchange, keep: false, unread: false, context)
  }

  private func drain(_ context: ChannelHandlerContext) {
    draining = true
    if case .waiting = state, deadlines.phase == .idle { close(context) }
  }

  private func close(_ context: ChannelHandlerContext) {
    finish(context, aborted: current != nil)
    context.close(promise: nil)
  }

  private func finish(_ context: ChannelHandlerContext, aborted: Bool) {
    if let current { complete(current, aborted: aborted) }
    if case .feeding(let source) = state { source.fail(ChannelError.inputClosed) }
    state = .closed
    queue.removeAll()
    task?.cancel()
    task = nil
    timer?.cancel()
    timer = nil
  }

  private func complete(_ exchange: Exchange, aborted: Bool) {
    current = nil
    edge.completed(exchange.finished(aborted: aborted, now: clock.monotonic()))
  }

  // MARK: Reading and deadlines

  private func requestRead(_ context: ChannelHandlerContext) {
    guard !isReading else { return }
    switch state {
    case .waiting, .collecting, .discarding: break
    case .feeding(let source) where source.wantsMore: break
    // While work runs one read stays open, so that a client that goes away is noticed.
    case .working where queue.isEmpty: break
    case .working, .feeding, .closed: return
    }
    isReading = true
    context.read()
  }

  /// Keeps one timer at the earliest deadline; a deadline that moved away costs nothing until then.
  private func arm(_ context: ChannelHandlerContext) {
    guard let due = deadlines.due, due < timerDue || timer == nil else { return }
    timer?.cancel()
    timerDue = due
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(deadline: due) {
      let (handler, context) = bound.value
      handler.timerFired(context)
    }
  }

  private func timerFired(_ context: ChannelHandlerContext) {
    timer = nil
    timerDue = .distantFuture
    if case .closed = state, deadlines.phase != .write { return }
    switch deadlines.expiry(now: .now()) {
    case nil: arm(context)
    case .close: close(context)
    case .answer(let status):
      let message = status == 408 ? "Request Timeout" : "Service Unavailable"
      refuse(context, status: status, message: message)
    }
  }
}

/// Tells a connection to end when its exchange has ended.
struct DrainConnection {}
