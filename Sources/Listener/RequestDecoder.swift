import HTTPExchange
import NIOCore

/// HTTP/1.1 requests out of bytes (RFC 9112), strictly: what two readers could read differently is
/// refused. Heads come whole, bodies in the pieces that arrived.
///
/// A pull parser: the connection asks for a head, tells how its body is framed, and asks for the
/// body. What it has not asked for stays in the input, so nothing is queued.
struct RequestDecoder {
  /// Why the bytes are no request.
  struct Malformed: Error, Equatable {
    let status: Int
    let message: String

    init(_ message: String, status: Int = 400) {
      self.status = status
      self.message = message
    }
  }

  /// A head: where its parts lie, and its fields.
  struct Head {
    var method: Range<Int>
    var target: Range<Int>
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    var minor: Int
    var fields: ReceivedFields
  }

  /// What comes of a body.
  enum BodyPart: Equatable {
    case bytes(ByteBuffer)
    case end
  }

  private enum BodyState: Equatable {
    case none
    case length(Int)
    case chunkSize
    case chunk(Int)
    case chunkEnd
    case trailer
  }

  private let limits: ConnectionLimits
  /// Bytes of the unfinished head that were looked at, so that a head that drips costs no more.
  private var seen = 0
  private var lineStart = 0
  private var requestLine: (method: Range<Int>, target: Range<Int>, minor: Int)?
  private var lines: [ReceivedFields.Line] = []
  /// The bytes of the head before: reused unless someone still holds them.
  private var bytes: [UInt8] = []
  private var body = BodyState.none
  private var trailerBytes = 0
  private var extensionBytes = 0

  init(limits: ConnectionLimits) { self.limits = limits }

  // MARK: Heads

  /// The next head when it is whole; nil asks for more bytes.
  mutating func head(_ input: inout ByteBuffer) throws(Malformed) -> Head? {
    if seen <= 1 {
      seen = 0
      try skipEmptyLines(&input)
    }
    let length: Int?
    do {
      length = try input.withUnsafeReadableBytes { try scan($0.bindMemory(to: UInt8.self)) }
    } catch {
      throw error as? Malformed ?? Malformed("The request is not valid HTTP/1.1")
    }
    guard let length else {
      if input.readableBytes > limits.headBytes { throw Self.tooLarge }
      return nil
    }
    guard length <= limits.headBytes, let requestLine else { throw Self.tooLarge }
    bytes.removeAll(keepingCapacity: true)
    input.withUnsafeReadableBytes { bytes.append(contentsOf: $0.prefix(length)) }
    input.moveReaderIndex(forwardBy: length)
    let head = Head(
      method: requestLine.method, target: requestLine.target, minor: requestLine.minor,
      fields: ReceivedFields(bytes: bytes, lines: lines))
    seen = 0
    lineStart = 0
    self.requestLine = nil
    return head
  }

  private static let tooLarge = Malformed(
    "The request's header fields are too large", status: 431)

  /// RFC 9112 §2.2: empty lines before a request line are read over, a few of them.
  private func skipEmptyLines(_ input: inout ByteBuffer) throws(Malformed) {
    for _ in 0..<8 {
      guard let first = input.getInteger(at: input.readerIndex, as: UInt8.self),
        first == UInt8(ascii: "\r"),
        let second = input.getInteger(at: input.readerIndex + 1, as: UInt8.self)
      else { return }
      guard second == UInt8(ascii: "\n") else { throw Malformed("A line ends in a bare CR") }
      input.moveReaderIndex(forwardBy: 2)
    }
  }

  /// Reads on line by line; the head's length once its empty line has come.
  private mutating func scan(_ input: UnsafeBufferPointer<UInt8>) throws(Malformed) -> Int? {
    if seen == 0 {
      lines.removeAll(keepingCapacity: true)
      guard let first = input.first else { return nil }
      if first != UInt8(ascii: "\r"), !Self.isMethodByte(first) {
        throw Malformed("The request line is malformed")
      }
    }
    while let feed = ByteScan.first(UInt8(ascii: "\n"), in: input, from: seen) {
      guard feed > lineStart, input[feed - 1] == UInt8(ascii: "\r") else {
        throw Malformed("A line ends without CR")
      }
      let line = lineStart..<(feed - 1)
      seen = feed + 1
      lineStart = seen
      if requestLine == nil {
        requestLine = try readRequestLine(input, line)
      } else if line.isEmpty {
        return seen
      } else {
        if lines.count == limits.headerCount { throw Self.tooLarge }
        lines.append(try Self.readField(input, line))
      }
      if seen > limits.headBytes { throw Self.tooLarge }
    }
    seen = input.count
    return nil
  }

  private func readRequestLine(_ input: UnsafeBufferPointer<UInt8>, _ line: Range<Int>)
    throws(Malformed) -> (method: Range<Int>, target: Range<Int>, minor: Int)
  {
    var at = line.lowerBound
    while at < line.upperBound, Self.isMethodByte(input[at]) { at += 1 }
    let method = line.lowerBound..<at
    guard (1...32).contains(method.count), at < line.upperBound, input[at] == 0x20 else {
      throw Malformed("The request line is malformed")
    }
    at += 1
    let targetStart = at
    // Visible ASCII only: anything else must come escaped (RFC 3986 §2).
    while at < line.upperBound, input[at] > 0x20, input[at] < 0x7F { at += 1 }
    let target = targetStart..<at
    guard !target.isEmpty, line.upperBound - at == 9, input[at] == 0x20 else {
      throw Malformed("The request line is malformed")
    }
    if target.count > limits.targetBytes {
      throw Malformed("The request target is too long", status: 414)
    }
    let version = UnsafeBufferPointer(rebasing: input[(at + 1)..<line.upperBound])
    guard version.starts(with: "HTTP/".utf8), version[6] == UInt8(ascii: "."),
      (0x30...0x39).contains(version[5]), (0x30...0x39).contains(version[7])
    else { throw Malformed("The request line is malformed") }
    if version[5] != 0x31 {
      throw Malformed("Only HTTP/1.0 and HTTP/1.1 are spoken here", status: 505)
    }
    guard version[7] <= 0x31 else { throw Malformed("There is no such version of HTTP/1") }
    return (method, target, Int(version[7] - 0x30))
  }

  /// One field line (RFC 9112 §5): no white space before the colon, no folding, no control bytes.
  private static func readField(_ input: UnsafeBufferPointer<UInt8>, _ line: Range<Int>)
    throws(Malformed) -> ReceivedFields.Line
  {
    var at = line.lowerBound
    while at < line.upperBound, ByteScan.isToken(input[at]) { at += 1 }
    let name = line.lowerBound..<at
    guard !name.isEmpty, at < line.upperBound, input[at] == UInt8(ascii: ":") else {
      throw Malformed("A field line is malformed")
    }
    var start = at + 1
    var end = line.upperBound
    while start < end, input[start] == 0x20 || input[start] == 0x09 { start += 1 }
    while end > start, input[end - 1] == 0x20 || input[end - 1] == 0x09 { end -= 1 }
    guard ByteScan.isFieldValue(UnsafeBufferPointer(rebasing: input[start..<end])) else {
      throw Malformed("A field value has a control character")
    }
    return ReceivedFields.Line(name: name, value: start..<end)
  }

  private static func isMethodByte(_ byte: UInt8) -> Bool {
    (0x41...0x5A).contains(byte) || byte == UInt8(ascii: "-")
  }

  // MARK: Bodies

  /// Says how the body of the head just read is framed.
  mutating func expect(_ framing: HeadReader.Framing) {
    trailerBytes = 0
    extensionBytes = 0
    switch framing {
    case .none: body = .none
    case .length(let length): body = length == 0 ? .none : .length(length)
    case .chunked: body = .chunkSize
    }
  }

  /// The next piece of the body, or its end; nil asks for more bytes.
  mutating func bodyPart(_ input: inout ByteBuffer) throws(Malformed) -> BodyPart? {
    while true {
      switch body {
      case .none: return .end
      case .length(let left):
        guard let bytes = input.readSlice(length: min(left, input.readableBytes)),
          bytes.readableBytes > 0
        else { return nil }
        body = bytes.readableBytes == left ? .none : .length(left - bytes.readableBytes)
        return .bytes(bytes)
      case .chunkSize:
        guard let line = try line(&input, atMost: 1_024) else { return nil }
        let size = try Self.chunkSize(line)
        if let semicolon = line.firstIndex(of: UInt8(ascii: ";")) {
          // Each is bounded, and so are all: else a body could be nothing but extensions.
          extensionBytes += line.count - semicolon
          if extensionBytes > limits.headBytes { throw Malformed("Chunk extensions are too long") }
        }
        body = size == 0 ? .trailer : .chunk(size)
      case .chunk(let left):
        guard let bytes = input.readSlice(length: min(left, input.readableBytes)),
          bytes.readableBytes > 0
        else { return nil }
        body = bytes.readableBytes == left ? .chunkEnd : .chunk(left - bytes.readableBytes)
        return .bytes(bytes)
      case .chunkEnd:
        guard let line = try line(&input, atMost: 0) else { return nil }
        guard line.isEmpty else { throw Malformed("A chunk is longer than its size") }
        body = .chunkSize
      case .trailer:
        guard let line = try line(&input, atMost: limits.headBytes - trailerBytes) else {
          return nil
        }
        if line.isEmpty {
          body = .none
        } else {
          // Trailers are held to the form of fields and dropped (RFC 9112 §7.1.2).
          trailerBytes += line.count + 2
          let end = line.count
          _ = try line.withUnsafeBufferPointer { (bytes) throws(Malformed) in
            try Self.readField(bytes, 0..<end)
          }
        }
      }
    }
  }

  /// A line that ends in CRLF, without it; nil when it has not all come.
  private func line(_ input: inout ByteBuffer, atMost limit: Int) throws(Malformed) -> [UInt8]? {
    let found = input.withUnsafeReadableBytes {
      ByteScan.first(UInt8(ascii: "\n"), in: $0.bindMemory(to: UInt8.self), from: 0)
    }
    guard let found else {
      if input.readableBytes > limit + 1 { throw Malformed("A line of the body is too long") }
      return nil
    }
    guard let line = input.readBytes(length: found + 1), found > 0,
      line[found - 1] == UInt8(ascii: "\r")
    else { throw Malformed("A line ends without CR") }
    if found - 1 > limit { throw Malformed("A line of the body is too long") }
    return Array(line[..<(found - 1)])
  }

  /// Hexadecimal digits, then perhaps extensions, which are read over (RFC 9112 §7.1.1).
  private static func chunkSize(_ line: [UInt8]) throws(Malformed) -> Int {
    let digits = line.prefix { $0 != UInt8(ascii: ";") }
    guard (1...15).contains(digits.count) else { throw Malformed("A chunk size is malformed") }
    var size = 0
    for byte in digits {
      switch byte {
      case 0x30...0x39: size = size << 4 | Int(byte - 0x30)
      case 0x41...0x46: size = size << 4 | Int(byte - 0x41 + 10)
      case 0x61...0x66: size = size << 4 | Int(byte - 0x61 + 10)
      default: throw Malformed("A chunk size is not a number")
      }
    }
    guard areExtensions(line[digits.endIndex...]) else {
      throw Malformed("A chunk extension is malformed")
    }
    return size
  }

  /// `;name`, `;name=token` and `;name="text"`, one behind the other.
  private static func areExtensions(_ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    while rest.first == UInt8(ascii: ";") {
      rest = rest.dropFirst()
      let name = rest.prefix(while: ByteScan.isToken)
      if name.isEmpty { return false }
      rest = rest[name.endIndex...]
      guard rest.first == UInt8(ascii: "=") else { continue }
      rest = rest.dropFirst()
      let quote = UInt8(ascii: "\"")
      if rest.first == quote {
        // No escapes: nobody sends them, and they are where two readers differ.
        let text = rest.dropFirst().prefix { $0 != quote && $0 != 0x5C && $0 >= 0x20 && $0 < 0x7F }
        guard text.endIndex < rest.endIndex, rest[text.endIndex] == quote else { return false }
        rest = rest[(text.endIndex + 1)...]
      } else {
        let value = rest.prefix(while: ByteScan.isToken)
        if value.isEmpty { return false }
        rest = rest[value.endIndex...]
      }
    }
    return rest.isEmpty
  }
}
