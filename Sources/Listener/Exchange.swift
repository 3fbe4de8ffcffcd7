import HTTPExchange
import NIOCore
import Synchronization
import Time

/// One request with what becomes of it, until it is reported.
final class Exchange: Sendable {
  private struct Outcome {
    var status = 0
    var notes = ResponseNotes()
    var bytesIn = 0
    var bytesOut = 0
  }

  let head: HeadReader.Head
  let context: RequestContext
  private let outcome = Mutex(Outcome())

  init(head: HeadReader.Head, context: RequestContext) {
    self.head = head
    self.context = context
  }

  /// An exchange whose head never became a request.
  convenience init(refused context: RequestContext) {
    let request = Request(method: "-", target: RequestTarget(path: "-"), authority: "")
    self.init(
      head: HeadReader.Head(
        request: request, address: context.sourceAddress, framing: .none, keepAlive: false,
        expectsContinue: false, isHTTP10: false),
      context: context)
  }

  var isHead: Bool { head.request.method == "HEAD" }

  var bytesIn: Int {
    get { outcome.withLock { $0.bytesIn } }
    set { outcome.withLock { $0.bytesIn = newValue } }
  }

  func record(_ response: Response, bytesOut: Int) {
    outcome.withLock {
      $0.status = response.status
      $0.notes = response.notes
      $0.bytesOut = bytesOut
    }
  }

  func addBytesOut(_ count: Int) { outcome.withLock { $0.bytesOut += count } }

  func finished(aborted: Bool, now: MonotonicInstant) -> CompletedExchange {
    let outcome = outcome.withLock { $0 }
    return CompletedExchange(
      method: head.request.method, path: head.request.target.rawPath,
      query: head.request.target.query, authority: head.request.authority,
      userAgent: head.request.headers["user-agent"] ?? "",
      httpVersion: head.isHTTP10 ? "HTTP/1.0" : "HTTP/1.1", context: context,
      status: outcome.status == 0 ? 499 : outcome.status, notes: outcome.notes,
      bytesIn: outcome.bytesIn, bytesOut: outcome.bytesOut, duration: now - context.startedAt,
      aborted: aborted)
  }
}

extension HeadReader.Head {
  /// The length that the request declares, when it declares one.
  var declaredLength: Int? {
    if case .length(let length) = framing { return length }
    return nil
  }
}

/// Ids of fifteen characters, so that they fit a string without allocation, in AWS's manner.
struct RequestIDs {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  func next() -> String {
    // Ids name requests, they guard nothing; the system's generator is asked once for both halves.
    var generator = SystemRandomNumberGenerator()
    var bits = UInt128(generator.next()) << 64 | UInt128(generator.next())
    return String(unsafeUninitializedCapacity: 15) { buffer in
      for index in 0..<14 {
        buffer[index] = Self.alphabet[Int(bits & 63)]
        bits >>= 6
      }
      buffer[14] = UInt8(ascii: "=")
      return 15
    }
  }
}
