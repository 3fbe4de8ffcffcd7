import Time

/// Keys in the store that come and go by a schedule: looked after at the start and every hour.
protocol ScheduledKeys: Sendable {
  var clock: any TimeSource { get }

  /// Takes up the keys that are stored.
  func load() async throws
  /// Does what the schedule says is due now.
  func maintain() async throws
}

extension ScheduledKeys {
  /// Loads the keys and does what is due: the first start makes them.
  func start() async throws {
    try await load()
    try await maintain()
  }

  /// Follows the schedule every hour until the task is cancelled.
  func run() async {
    while true {
      do { try await clock.sleep(for: .seconds(3600)) } catch { return }
      // A store that does not answer now is asked again in an hour: keys are made a day ahead.
      try? await maintain()
    }
  }
}
