import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The first SIGTERM or SIGINT asks for a drain, the second ends the process at once.
final class Signals: Sendable {
  /// The sources are armed as long as they are held.
  private let sources = Mutex<[any DispatchSourceSignal]>([])
  private let received: AsyncStream<Int32>

  init() {
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    received = stream
    // A client that goes away while we write is an error of that write, not of the process.
    Glibc.signal(SIGPIPE, SIG_IGN)
    let seen = SignalCount()
    sources.withLock { sources in
      sources = [SIGTERM, SIGINT].map { number in
        Glibc.signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler {
          if seen.next() > 1 { _exit(128 + number) }
          continuation.yield(number)
        }
        source.resume()
        return source
      }
    }
  }

  /// Suspends until the first of the two signals.
  func termination() async {
    for await _ in received { return }
  }
}

private final class SignalCount: Sendable {
  private let count = Mutex(0)

  func next() -> Int {
    count.withLock { count in
      count += 1
      return count
    }
  }
}
