import NIOCore

/// The content of a message: nothing, bytes at hand, or a stream read once.
package enum Body: Sendable {
  case empty
  case bytes(ByteBuffer)
  case stream(BodyStream)

  /// A body of text in UTF-8.
  package init(_ text: String) { self = .bytes(ByteBuffer(string: text)) }

  /// A body of bytes.
  package init(_ bytes: [UInt8]) { self = .bytes(ByteBuffer(bytes: bytes)) }

  /// The length in bytes when it is known.
  package var length: Int? {
    switch self {
    case .empty: 0
    case .bytes(let buffer): buffer.readableBytes
    case .stream(let stream): stream.length
    }
  }

  /// The bytes when they are at hand; nil for a stream.
  package var buffer: ByteBuffer? {
    switch self {
    case .empty: ByteBuffer()
    case .bytes(let buffer): buffer
    case .stream: nil
    }
  }

  /// Reads the whole content, refusing more than `limit` bytes.
  package func collect(upTo limit: Int) async throws -> ByteBuffer {
    switch self {
    case .empty: return ByteBuffer()
    case .bytes(let buffer):
      if buffer.readableBytes > limit { throw BodyTooLarge(limit: limit) }
      return buffer
    case .stream(let stream):
      var whole = ByteBuffer()
      for try await chunk in stream {
        if whole.readableBytes + chunk.readableBytes > limit { throw BodyTooLarge(limit: limit) }
        whole.writeImmutableBuffer(chunk)
      }
      return whole
    }
  }
}

/// The content was over the limit.
package struct BodyTooLarge: Error, Sendable {
  /// The limit in bytes.
  package let limit: Int

  package init(limit: Int) { self.limit = limit }
}

/// Chunks that arrive over time; iterating asks for the next one, which is the back-pressure.
package struct BodyStream: AsyncSequence, Sendable {
  package typealias Element = ByteBuffer

  /// The whole length in bytes when it is known beforehand.
  package let length: Int?
  private let make: @Sendable () -> AsyncIterator

  /// A stream over any sequence of chunks; it may be iterated once.
  package init<Chunks: AsyncSequence & Sendable>(_ chunks: Chunks, length: Int? = nil)
  where Chunks.Element == ByteBuffer {
    self.length = length
    make = {
      var iterator = chunks.makeAsyncIterator()
      return AsyncIterator { try await iterator.next(isolation: nil) }
    }
  }

  /// Asks the source for one chunk after the other.
  package struct AsyncIterator: AsyncIteratorProtocol {
    private let advance: () async throws -> ByteBuffer?

    init(_ advance: @escaping () async throws -> ByteBuffer?) { self.advance = advance }

    package mutating func next() async throws -> ByteBuffer? { try await advance() }
  }

  package func makeAsyncIterator() -> AsyncIterator { make() }
}
