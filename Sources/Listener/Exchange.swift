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
    var waited = false
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

  /// The time of the answer's `Date`: of the arrival when it was answered at once.
  func date(_ clock: any TimeSource) -> Timestamp {
    outcome.withLock { $0.waited } ? clock.now() : context.receivedAt
  }

  /// Work runs on a body of that many bytes, and may take its time.
  func waits(bytesIn: Int) {
    outcome.withLock {
      $0.waited = true
      $0.bytesIn = bytesIn
    }
  }

  /// Whether there is a request: no method is named as the one that stands for none.
  var isUnderstood: Bool { head.request.method != "-" }

  var isHead: Bool { head.request.method == "HEAD" }

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
      headers: head.request.headers,
      httpVersion: head.isHTTP10 ? "HTTP/1.0" : "HTTP/1.1", context: context,
      status: outcome.status == 0 ? 499 : outcome.status, notes: outcome.notes,
      bytesIn: outcome.bytesIn, bytesOut: outcome.bytesOut,
      nanoseconds: Int(now.nanoseconds &- context.startedAt.nanoseconds),
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

  // Ids name requests, they guard nothing: one question to the system per connection is enough.
  private var high = UInt64.random(in: 0 ... .max)
  private var low = UInt64.random(in: 0 ... .max)

  mutating func next() -> String {
    high &+= 0x9E37_79B9_7F4A_7C15
    low &+= 0xD1B5_4A32_D192_ED03
    var bits = UInt128(Self.mixed(high)) << 64 | UInt128(Self.mixed(low))
    return String(unsafeUninitializedCapacity: 15) { buffer in
      for index in 0..<14 {
        buffer[index] = Self.alphabet[Int(bits & 63)]
        bits >>= 6
      }
      buffer[14] = UInt8(ascii: "=")
      return 15
    }
  }

  /// SplitMix64's finalizer (Steele, Lea, Flood 2014).
  private static func mixed(_ state: UInt64) -> UInt64 {
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
