import HTTPExchange
import NIOCore
import Time

/// One HTTP/1.1 connection: reads heads and bodies, asks the edge, writes answers, keeps deadlines.
///
/// Requests are answered one after the other; bytes that were pipelined behind the current one wait
/// in the input, which one read can fill at most, since nothing is read while an answer is due.
final class ConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Where the current exchange stands.
  enum State {
    case waiting
    /// The body is collected before the work runs.
    case collecting(Work, Exchange)
    /// The body flows to the work that already runs.
    case feeding(BodySource)
    /// The work runs, or its answer is written; nothing more is expected of the request.
    case working
    /// An answer went out before the body came: the rest is thrown away within a bound.
    case discarding(Int)
    /// Our side has ended; what the client still sends is thrown away until it ends too.
    case lingering
    case closed
  }

  let edge: any Edge
  let clock: any TimeSource
  let reader: HeadReader
  let limits: ConnectionLimits
  let peer: String
  private let registry: ConnectionRegistry

  /// Memory that the connections of this event loop share.
  let scratch: LoopScratch
  var writer = ResponseWriter()
  var ids = RequestIDs()
  var state = State.waiting
  /// What came and was not asked for yet.
  var input = ByteBuffer()
  var decoder: RequestDecoder
  /// The body so far, when it is collected before the work runs.
  private var collected = ByteBuffer()
  /// What of the bound for all bodies this exchange has taken.
  private var bodyBytesHeld = 0
  var deadlines: ConnectionDeadlines
  var current: Exchange?
  var task: Task<Void, Never>?
  var executor: EventLoopTaskExecutor?
  var served = 0
  var draining = false
  var inputClosed = false
  /// Answers lie in the channel that one flush sends together.
  var owesFlush = false
  private(set) var isProcessing = false
  private var isReading = false
  /// Whether the reader of our answers keeps up; nothing new is begun while it does not.
  private var isWritable = true
  private var timer: Scheduled<Void>?
  private var timerDue = NIODeadline.distantFuture

  init(
    edge: any Edge, clock: any TimeSource, settings: ListenerSettings,
    registry: ConnectionRegistry, scratch: LoopScratch, peer: String
  ) {
    self.scratch = scratch
    self.edge = edge
    self.clock = clock
    limits = settings.limits
    reader = HeadReader(limits: settings.limits, trusted: settings.trustedProxies)
    decoder = RequestDecoder(limits: settings.limits)
    self.registry = registry
    self.peer = peer
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
    let bytes = unwrapInboundIn(data)
    switch state {
    case .lingering, .closed: return
    case .collecting, .feeding: deadlines.progressed(bytes.readableBytes, now: .now())
    case .waiting, .working, .discarding: break
    }
    if input.readableBytes == 0 {
      input = bytes
    } else {
      input.discardReadBytes()
      input.writeImmutableBuffer(bytes)
    }
    process(context)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    requestRead(context)
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    isWritable = context.channel.isWritable
    if isWritable, !isProcessing {
      process(context)
      requestRead(context)
    }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { close(context) }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case is BodyDemand:
      if case .feeding(let source) = state { source.roomAgain() }
      deadlines.resume(now: .now())
      arm(context)
      requestRead(context)
    case is DrainConnection: drain(context)
    case ChannelEvent.inputClosed:
      // A half-closed client still reads its answer; without one under way the connection is over.
      inputClosed = true
      switch state {
      case .waiting, .lingering: close(context)
      default: break
      }
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  // MARK: Input

  /// Takes what can be taken from the input; answers that are ready leave together.
  func process(_ context: ChannelHandlerContext) {
    guard !isProcessing else { return }
    isProcessing = true
    var wasWritable: Bool
    repeat {
      while step(context) {}
      wasWritable = isWritable
      if owesFlush {
        owesFlush = false
        context.flush()
      }
    } while isWritable && !wasWritable
    isProcessing = false
    // The memory of the read goes back to whoever reads next.
    if input.readableBytes == 0 { input = ByteBuffer() }
  }

  /// Takes the next part; false when it has not come or nobody wants it now.
  private func step(_ context: ChannelHandlerContext) -> Bool {
    do throws(RequestDecoder.Malformed) {
      switch state {
      case .waiting: return try stepHead(context)
      case .collecting(let work, let exchange):
        guard let part = try decoder.bodyPart(&input) else { return false }
        collect(part, work, exchange, context)
      case .feeding(let source):
        guard let part = try decoder.bodyPart(&input) else { return false }
        feed(part, source, context)
      case .discarding(let left):
        guard let part = try decoder.bodyPart(&input) else { return false }
        discard(part, left, context)
      case .working, .lingering, .closed: return false
      }
      return true
    } catch {
      // Whoever sends bytes that are no HTTP gets one answer and no second try.
      refuse(context, status: error.status, message: error.message)
      return false
    }
  }

  private func stepHead(_ context: ChannelHandlerContext) throws(RequestDecoder.Malformed) -> Bool {
    guard isWritable, input.readableBytes > 0 else { return false }
    guard let head = try decoder.head(&input) else {
      if deadlines.phase == .idle || deadlines.phase == .farewell {
        deadlines.enter(.head, now: .now())
        arm(context)
      }
      return false
    }
    begin(head, context)
    return true
  }

  private func collect(
    _ part: RequestDecoder.BodyPart, _ work: Work, _ exchange: Exchange,
    _ context: ChannelHandlerContext
  ) {
    switch part {
    case .end:
      let body = collected
      collected = ByteBuffer()
      start(work, exchange, .bytes(body), context)
    case .bytes(let chunk):
      if collected.readableBytes + chunk.readableBytes > work.bodyLimit {
        return refuse(context, status: 413, message: "Request Entity Too Large")
      }
      guard registry.takeBodyBytes(chunk.readableBytes) else {
        return refuse(context, status: 503, message: "Service Unavailable")
      }
      bodyBytesHeld += chunk.readableBytes
      if collected.readableBytes == 0 {
        collected = chunk
      } else {
        collected.writeImmutableBuffer(chunk)
      }
    }
  }

  private func feed(
    _ part: RequestDecoder.BodyPart, _ source: BodySource, _ context: ChannelHandlerContext
  ) {
    switch part {
    case .bytes(let chunk):
      source.yield(chunk)
      if !source.wantsMore { deadlines.pause(now: .now()) }
    case .end:
      source.finish()
      state = .working
      enterWork(source.timeClass, context)
    }
  }

  private func discard(
    _ part: RequestDecoder.BodyPart, _ left: Int, _ context: ChannelHandlerContext
  ) {
    switch part {
    case .bytes(let chunk):
      state = .discarding(left - chunk.readableBytes)
      if left < chunk.readableBytes { linger(context) }
    case .end: next(context)
    }
  }

  func requestRead(_ context: ChannelHandlerContext) {
    guard !isReading else { return }
    switch state {
    case .waiting where isWritable: break
    case .collecting, .discarding, .lingering: break
    case .feeding(let source) where source.wantsMore: break
    // While work runs one read stays open, so that a client that goes away is noticed.
    case .working where input.readableBytes == 0: break
    case .waiting, .working, .feeding, .closed: return
    }
    isReading = true
    context.read()
  }

  // MARK: Ends and deadlines

  func close(_ context: ChannelHandlerContext) {
    finish(context, aborted: current != nil)
    context.close(promise: nil)
  }

  private func finish(_ context: ChannelHandlerContext, aborted: Bool) {
    if let current { complete(current, aborted: aborted) }
    if case .feeding(let source) = state { source.fail(ChannelError.inputClosed) }
    state = .closed
    input = ByteBuffer()
    task?.cancel()
    task = nil
    timer?.cancel()
    timer = nil
  }

  func complete(_ exchange: Exchange, aborted: Bool) {
    current = nil
    if bodyBytesHeld > 0 {
      registry.giveBodyBytes(bodyBytesHeld)
      bodyBytesHeld = 0
      collected = ByteBuffer()
    }
    edge.completed(exchange.finished(aborted: aborted, now: clock.monotonic()))
  }

  /// Keeps one timer at the earliest deadline; a deadline that moved away costs nothing until then.
  func arm(_ context: ChannelHandlerContext) {
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
    case .farewell: linger(context)
    case .late: refuse(context, status: 408, message: "Request Timeout")
    case .overdue: refuse(context) { $0.overdue($1.head.request, $1.context) }
    }
  }
}

/// Tells a connection to end when its exchange has ended.
struct DrainConnection {}
