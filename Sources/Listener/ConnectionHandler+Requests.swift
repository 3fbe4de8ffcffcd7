// From a head to the work it asks for.

import HTTPExchange
import NIOCore
import Time

extension ConnectionHandler {
  func begin(_ received: RequestDecoder.Head, _ context: ChannelHandlerContext) {
    served += 1
    if let read = reader.plainRead(received), let answer = edge.instant(read) {
      return respond(answer, to: received, context)
    }
    let head: HeadReader.Head
    do {
      head = try reader.read(received, peer: peer)
    } catch {
      return refuse(context, status: error.status, message: error.message)
    }
    decoder.expect(head.framing)
    let requestContext = RequestContext(
      requestID: ids.next(), sourceAddress: head.address, clock: clock, trace: head.trace)
    let exchange = Exchange(head: head, context: requestContext)
    current = exchange
    switch edge.decide(head.request, requestContext) {
    case .answer(let response):
      respond(response, exchange, unread: head.framing != .none, context)
    case .handle(let work): receiveBody(work, exchange, context)
    }
  }

  func receiveBody(_ work: Work, _ exchange: Exchange, _ context: ChannelHandlerContext) {
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
      state = .collecting(work, exchange)
    }
  }

  func start(
    _ work: Work, _ exchange: Exchange, _ body: Body, _ context: ChannelHandlerContext
  ) {
    state = .working
    exchange.waits(bytesIn: body.length ?? 0)
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

  func enterWork(_ timeClass: TimeClass, _ context: ChannelHandlerContext) {
    if case .feeding = state { return }
    deadlines.enter(timeClass == .api ? .work : .stream, now: .now())
    arm(context)
  }
}
