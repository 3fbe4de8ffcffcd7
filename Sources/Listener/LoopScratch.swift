import HTTPExchange
import NIOCore
import Time

/// Memory for answers that the connections of one event loop share: an answer that the socket took
/// at once leaves it free for the next.
final class LoopScratch {
  /// Whoever writes an answer clears it first, which takes new memory while the old is in use.
  var buffer = ByteBufferAllocator().buffer(capacity: 4_096)

  /// Whole answers as bytes with this second's date: asked for again, they are not even copied.
  private var wholes: [ObjectIdentifier: (answer: InstantAnswer, bytes: ByteBuffer)] = [:]
  private var second = -1
  private var held = 0
  /// Bytes of whole answers that are kept for a second.
  private static let bound = 8 << 20

  /// The bytes of an answer that lies ready, for a connection that is kept.
  func whole(_ answer: InstantAnswer, now: Timestamp, with writer: inout ResponseWriter)
    -> ByteBuffer
  {
    if now.seconds != second {
      second = now.seconds
      held = 0
      wholes.removeAll(keepingCapacity: true)
    } else if let whole = wholes[ObjectIdentifier(answer)] {
      return whole.bytes
    }
    var bytes = ByteBufferAllocator().buffer(
      capacity: answer.head.bytes.readableBytes + 64 + answer.body.readableBytes)
    writer.writeHead(answer.head, now: now, into: &bytes)
    bytes.writeImmutableBuffer(answer.body)
    if held + bytes.readableBytes <= Self.bound {
      held += bytes.readableBytes
      // The answer is held too: its identity must not become another's meanwhile.
      wholes[ObjectIdentifier(answer)] = (answer, bytes)
    }
    return bytes
  }
}

/// One scratch per event loop of a group.
struct LoopScratches: Sendable {
  private let boxes: [ObjectIdentifier: NIOLoopBoundBox<LoopScratch>]

  init(_ group: any EventLoopGroup) {
    var boxes: [ObjectIdentifier: NIOLoopBoundBox<LoopScratch>] = [:]
    for loop in group.makeIterator() {
      boxes[ObjectIdentifier(loop)] = .makeBoxSendingValue(LoopScratch(), eventLoop: loop)
    }
    self.boxes = boxes
  }

  /// The scratch of the loop that this runs on.
  func of(_ loop: any EventLoop) -> LoopScratch {
    boxes[ObjectIdentifier(loop)]?.value ?? LoopScratch()
  }
}
