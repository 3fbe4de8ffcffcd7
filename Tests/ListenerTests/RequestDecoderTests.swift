import HTTPExchange
import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing

@testable import Listener

/// The decoder of requests alone: any split of the bytes, and NIO's decoder beside it.
@Suite("Request decoder")
struct RequestDecoderTests {
  /// What a decoder made of bytes: the requests that were whole, and whether it refused the rest.
  struct Outcome: Equatable {
    var requests: [String] = []
    var refused = false
  }

  static let samples = [
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /one/?x=1 HTTP/1.1\r\nHost: localhost:8080\r\nAccept: text/html, */*;q=0.8\r\n"
      + "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0)\r\nX-Empty:\r\nX-Tab: a\tb \r\n\r\n",
    "POST /buy HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world",
    "POST /feed HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      + "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.0\r\n\r\n",
    "\r\nGET /after-an-empty-line HTTP/1.1\r\nHost: a\r\n\r\n",
  ]

  @Test(arguments: samples)
  func `any split of the bytes comes to the same`(text: String) {
    let whole = Self.ours([text[...]])
    #expect(!whole.refused && !whole.requests.isEmpty)
    for index in text.indices {
      #expect(Self.ours([text[..<index], text[index...]]) == whole, "split before \(index)")
    }
    #expect(Self.ours(text.indices.map { text[$0...$0] }) == whole)
  }

  @Test func `what is accepted is what NIO's decoder accepts, and the same`() {
    var random = SplitMix(state: 20_261_121)
    var accepted = 0
    for turn in 0..<4_000 {
      let text = Self.mutated(Self.samples[turn % Self.samples.count], &random)
      let ours = Self.ours([text[...]])
      guard !ours.refused, !ours.requests.isEmpty else { continue }
      let theirs = Self.nio(text)
      // A method that NIO does not know is for the edge to answer.
      if theirs.requests.count < ours.requests.count, !Self.knowsMethods(ours) { continue }
      accepted += 1
      #expect(theirs.requests.starts(with: ours.requests), "\(text.debugDescription)")
    }
    #expect(accepted > 500)
  }

  @Test func `a head that drips is looked at once`() throws {
    var limits = ConnectionLimits()
    limits.headBytes = 1_024
    var decoder = RequestDecoder(limits: limits)
    var input = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\nX-Drip: ")
    var refusal: RequestDecoder.Malformed?
    for _ in 0..<2_000 where refusal == nil {
      input.writeString("x")
      do { #expect(try decoder.head(&input) == nil) } catch { refusal = error }
    }
    #expect(refusal?.status == 431)
  }

  @Test(arguments: [
    "1\r\nab\r\n0\r\n\r\n", "g\r\n", "\r\n", "1;\u{1}\r\na\r\n", "1\na\r\n0\r\n\r\n",
    "1 \r\na\r\n0\r\n\r\n", "0\r\nX : 1\r\n\r\n", "0\r\n folded\r\n\r\n",
    "1000000000000000\r\n",
  ])
  func `a broken chunk is refused`(body: String) {
    let outcome = Self.ours([
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)"
    ])
    #expect(outcome.refused)
  }

  // MARK: Decoders

  private static func ours(_ pieces: [Substring]) -> Outcome {
    let limits = ConnectionLimits()
    var decoder = RequestDecoder(limits: limits)
    let reader = HeadReader(limits: limits, trusted: [])
    var outcome = Outcome()
    var input = ByteBuffer()
    var request: (head: String, body: String)?
    for piece in pieces {
      input.writeSubstring(piece)
      do {
        while try step(&decoder, reader, &input, &request, &outcome) {}
      } catch {
        outcome.refused = true
        return outcome
      }
    }
    return outcome
  }

  /// Takes the next part; false when more bytes are needed.
  private static func step(
    _ decoder: inout RequestDecoder, _ reader: HeadReader, _ input: inout ByteBuffer,
    _ request: inout (head: String, body: String)?, _ outcome: inout Outcome
  ) throws -> Bool {
    guard var (head, body) = request else {
      guard input.readableBytes > 0, let received = try decoder.head(&input) else { return false }
      let fields = HeaderFields(received.fields).fields.map { "\($0.name)=\($0.value)" }
      let text = { received.fields.text($0) }
      request = (
        "\(text(received.method)) \(text(received.target)) 1.\(received.minor) \(fields)", ""
      )
      decoder.expect(try reader.read(received, peer: "").framing)
      return true
    }
    switch try decoder.bodyPart(&input) {
    case nil: return false
    case .bytes(let bytes):
      body += String(buffer: bytes)
      request = (head, body)
    case .end:
      head += " [\(body)]"
      outcome.requests.append(head)
      request = nil
    }
    return true
  }

  private static func nio(_ text: String) -> Outcome {
    let channel = EmbeddedChannel(handler: ByteToMessageHandler(HTTPRequestDecoder()))
    defer { _ = try? channel.finish() }
    var outcome = Outcome()
    do {
      try channel.writeInbound(ByteBuffer(string: text))
    } catch { outcome.refused = true }
    var head = ""
    var body = ""
    while let part = try? channel.readInbound(as: HTTPServerRequestPart.self) {
      switch part {
      case .head(let it):
        // RFC 9112 §5: white space around a value is not part of it; NIO leaves what follows it.
        let fields = it.headers.map { "\($0.name)=\(String($0.value[...].trimmed))" }
        head = "\(it.method.rawValue) \(it.uri) 1.\(it.version.minor) \(fields)"
        body = ""
      case .body(let chunk): body += String(buffer: chunk)
      case .end: outcome.requests.append("\(head) [\(body)]")
      }
    }
    return outcome
  }

  private static func knowsMethods(_ outcome: Outcome) -> Bool {
    outcome.requests.allSatisfy {
      ["GET", "POST", "OPTIONS"].contains($0.prefix { $0 != " " })
    }
  }

  // MARK: Mutations

  private static func mutated(_ text: String, _ random: inout SplitMix) -> String {
    var bytes = Array(text.utf8)
    let interesting = Array("\r\n\0 \t:;,=/\\%#?_-0aAF\u{7F}".utf8)
    for _ in 0..<(1 + Int(random.next() % 2)) {
      let at = Int(random.next() % UInt64(bytes.count))
      let byte = interesting[Int(random.next() % UInt64(interesting.count))]
      switch random.next() % 4 {
      case 0: bytes[at] = byte
      case 1: bytes.insert(byte, at: at)
      case 2: bytes.remove(at: at)
      default: bytes.insert(bytes[at], at: at)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
