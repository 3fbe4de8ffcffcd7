#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A point on the wall clock, in milliseconds since 1970-01-01T00:00:00Z.
package struct Timestamp: Sendable, Hashable, Comparable {
  /// Milliseconds since the epoch.
  package var milliseconds: Int

  package init(milliseconds: Int) { self.milliseconds = milliseconds }

  /// A point from whole seconds since the epoch.
  package init(seconds: Int) { milliseconds = seconds * 1000 }

  /// Whole seconds since the epoch, rounded down.
  package var seconds: Int {
    milliseconds >= 0 ? milliseconds / 1000 : -((-milliseconds + 999) / 1000)
  }

  package static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.milliseconds < right.milliseconds
  }

  package static func + (left: Timestamp, right: Duration) -> Timestamp {
    Timestamp(milliseconds: left.milliseconds + right.wholeMilliseconds)
  }

  package static func - (left: Timestamp, right: Duration) -> Timestamp {
    Timestamp(milliseconds: left.milliseconds - right.wholeMilliseconds)
  }

  package static func - (left: Timestamp, right: Timestamp) -> Duration {
    .milliseconds(left.milliseconds - right.milliseconds)
  }
}

/// A point on a clock that never goes back, in nanoseconds since an arbitrary start.
package struct MonotonicInstant: Sendable, Hashable, Comparable {
  /// Nanoseconds since the clock's start.
  package var nanoseconds: UInt64

  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  package static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  package static func + (left: MonotonicInstant, right: Duration) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: left.nanoseconds &+ UInt64(max(0, right.wholeNanoseconds)))
  }

  package static func - (left: MonotonicInstant, right: MonotonicInstant) -> Duration {
    .nanoseconds(Int64(left.nanoseconds) - Int64(right.nanoseconds))
  }
}

extension Duration {
  /// Whole milliseconds, rounded towards zero.
  package var wholeMilliseconds: Int {
    Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }

  /// Whole nanoseconds, rounded towards zero; ranges of more than 292 years overflow.
  package var wholeNanoseconds: Int64 {
    components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
  }
}

/// The time as the program sees it: both clocks behind one door, so that tests can move them.
package protocol TimeSource: Sendable {
  /// The wall clock.
  func now() -> Timestamp
  /// The clock for intervals.
  func monotonic() -> MonotonicInstant
  /// Suspends until that much time has passed; throws when the task is cancelled.
  func sleep(for duration: Duration) async throws
}

/// The machine's clocks.
package struct SystemClock: TimeSource {
  package init() {}

  package func now() -> Timestamp {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int(time.tv_sec) * 1000 + Int(time.tv_nsec) / 1_000_000)
  }

  package func monotonic() -> MonotonicInstant {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return MonotonicInstant(
      nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
  }

  package func sleep(for duration: Duration) async throws {
    try await Task.sleep(for: duration)
  }
}
