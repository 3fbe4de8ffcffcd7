import HTTPExchange
import NIOCore

/// A request body on its way to a handler that reads it as it comes; the socket is read only while
/// the handler keeps up.
final class BodySource {
  private typealias Producer = NIOThrowingAsyncSequenceProducer<
    ByteBuffer, any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark,
    BodySourceDelegate
  >

  let stream: BodyStream
  let timeClass: TimeClass
  private let source: Producer.Source
  private let limit: Int
  private var received = 0
  private(set) var wantsMore = true

  init(limit: Int, timeClass: TimeClass, channel: any Channel, length: Int?) {
    self.limit = limit
    self.timeClass = timeClass
    let made = Producer.makeSequence(
      elementType: ByteBuffer.self, failureType: (any Error).self,
      backPressureStrategy: .init(lowWatermark: 2, highWatermark: 8),
      finishOnDeinit: true, delegate: BodySourceDelegate(channel: channel))
    source = made.source
    stream = BodyStream(made.sequence, length: length)
  }

  func yield(_ chunk: ByteBuffer) {
    received += chunk.readableBytes
    if received > limit { return fail(BodyTooLarge(limit: limit)) }
    switch source.yield(chunk) {
    case .produceMore: wantsMore = true
    case .stopProducing: wantsMore = false
    case .dropped: wantsMore = true
    }
  }

  func roomAgain() { wantsMore = true }

  func finish() { source.finish() }

  func fail(_ error: any Error) { source.finish(error) }
}

/// Carries the handler's demand back to the event loop.
private struct BodySourceDelegate: NIOAsyncSequenceProducerDelegate {
  let channel: any Channel

  func produceMore() { channel.pipeline.fireUserInboundEventTriggered(BodyDemand()) }

  func didTerminate() {}
}

/// The consumer of a streamed body has room again.
struct BodyDemand {}
