import HTTPExchange
import NIOCore

/// A stream that is handed on while a copy is made, for the cache; only a stream that ended well and
/// stayed within the limit is told of.
struct CopiedStream: AsyncSequence, Sendable {
  typealias Element = ByteBuffer

  private let base: BodyStream
  private let limit: Int
  private let completed: @Sendable (ByteBuffer) -> Void

  /// - Parameters:
  ///   - base: what is read.
  ///   - limit: bytes beyond which the copy is given up.
  ///   - completed: told the whole once, after the last part.
  init(_ base: BodyStream, limit: Int, completed: @escaping @Sendable (ByteBuffer) -> Void) {
    self.base = base
    self.limit = limit
    self.completed = completed
  }

  struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var base: BodyStream.AsyncIterator
    fileprivate var copy: ByteBuffer?
    fileprivate let limit: Int
    fileprivate let completed: @Sendable (ByteBuffer) -> Void

    mutating func next() async throws -> ByteBuffer? {
      guard let part = try await base.next() else {
        if let copy { completed(copy) }
        copy = nil
        return nil
      }
      if let length = copy?.readableBytes, length + part.readableBytes <= limit {
        copy?.writeImmutableBuffer(part)
      } else {
        copy = nil
      }
      return part
    }
  }

  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(
      base: base.makeAsyncIterator(), copy: ByteBuffer(), limit: limit, completed: completed)
  }
}
