import Dispatch
import Foundation
import Synchronization
import Time

/// Threads of their own for scrypt: a hash takes 350 ms of a core and 32 MiB, which must neither
/// hold up the cooperative pool nor add up without bound.
final class PasswordPool: Sendable {
  /// No room or no time: the answer is 503 with `Retry-After`.
  struct Overloaded: Error, Sendable {
    let retryAfter: Duration
  }

  private struct Job {
    let enqueuedAt: MonotonicInstant
    let run: @Sendable (_ isLate: Bool) -> Void
  }

  private struct State {
    var waiting: [Job] = []
    var isStopped = false
  }

  /// What the threads hold; not the pool, so that its owner decides when they end.
  private final class Bench: Sendable {
    let state = Mutex(State())
    let signal = DispatchSemaphore(value: 0)
  }

  private let bench = Bench()
  private let capacity: Int
  private let deadline: Duration
  private let clock: any TimeSource

  init(threads: Int, queue: Int, deadline: Duration, clock: any TimeSource) {
    capacity = queue
    self.deadline = deadline
    self.clock = clock
    for number in 0..<threads {
      let thread = Thread { [bench, clock, deadline] in
        Self.work(bench, clock: clock, deadline: deadline)
      }
      thread.name = "password-\(number)"
      thread.stackSize = 512 << 10
      thread.start()
    }
    threadCount = threads
  }

  private let threadCount: Int

  deinit { stop() }

  /// How much work waits for a thread.
  var waiting: Int { bench.state.withLock { $0.waiting.count } }

  /// Ends the threads once the queue is empty; later work is refused.
  func stop() {
    bench.state.withLock { $0.isStopped = true }
    for _ in 0..<threadCount { bench.signal.signal() }
  }

  /// Runs the work on one of the threads, or throws `Overloaded`.
  func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async throws -> Value {
    let enqueuedAt = clock.monotonic()
    let late = Overloaded(retryAfter: .seconds(2))
    return try await withCheckedThrowingContinuation { continuation in
      let job = Job(enqueuedAt: enqueuedAt) { isLate in
        if isLate {
          continuation.resume(throwing: late)
        } else {
          continuation.resume(returning: work())
        }
      }
      let isTaken = bench.state.withLock { state in
        guard !state.isStopped, state.waiting.count < capacity else { return false }
        state.waiting.append(job)
        return true
      }
      if isTaken { bench.signal.signal() } else { continuation.resume(throwing: late) }
    }
  }

  private static func work(_ bench: Bench, clock: any TimeSource, deadline: Duration) {
    while true {
      bench.signal.wait()
      let (job, isStopped) = bench.state.withLock { state in
        (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.isStopped)
      }
      if let job {
        job.run(clock.monotonic() - job.enqueuedAt > deadline)
      } else if isStopped {
        return
      }
    }
  }
}
