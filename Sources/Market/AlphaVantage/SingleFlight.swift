import Synchronization
import Time

/// Work under way, one for a key: everybody who asks meanwhile waits for the same.
final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private let flights = Mutex<[Key: Task<Value, any Error>]>([:])

  /// The work under way for a key, or this one begun.
  func flight(
    _ key: Key, _ work: @escaping @Sendable () async throws -> Value
  ) -> Task<Value, any Error> {
    flights.withLock { flights in
      if let flight = flights[key] { return flight }
      // Unstructured, since the one who asked first may leave while others wait for the answer.
      let flight = Task { [self] () async throws -> Value in
        defer { self.flights.withLock { $0[key] = nil } }
        return try await work()
      }
      flights[key] = flight
      return flight
    }
  }

  /// A flight's answer, or nil when it takes longer than somebody with an old one should wait.
  func answer(
    of flight: Task<Value, any Error>, within patience: Duration, _ clock: any TimeSource
  ) async throws -> Value? {
    let (first, finish) = AsyncStream.makeStream(
      of: Result<Value?, any Error>.self, bufferingPolicy: .bufferingOldest(1))
    // Unstructured, since a task group would wait for the flight although nobody does any more.
    let arrival = Task { finish.yield(await flight.result.map { .some($0) }) }
    let timer = Task {
      try await clock.sleep(for: patience)
      finish.yield(.success(nil))
    }
    defer {
      timer.cancel()
      arrival.cancel()
    }
    for await result in first { return try result.get() }
    return nil
  }
}
