import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The first SIGTERM or SIGINT asks for a drain, the second ends the process at once.
final class Signals: Sendable {
  private let sources: [any DispatchSourceSignal & Sendable]
  private let received: AsyncStream<Int32>

  init() {
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    received = stream
    sources = [SIGTERM, SIGINT].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      let seen = Mutex(false)
      source.setEventHandler {
        let again = seen.withLock { seen in
          defer { seen = true }
          return seen
        }
        if again { _exit(128 + number) }
        continuation.yield(number)
      }
      source.resume()
      return source
    }
    // A client that goes away while we write is an error of that write, not of the process.
    signal(SIGPIPE, SIG_IGN)
  }

  /// Suspends until the first of the two signals.
  func termination() async {
    for await _ in received { return }
  }
}
