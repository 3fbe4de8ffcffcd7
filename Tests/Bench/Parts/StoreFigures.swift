import Foundation
import JSON
import Store
import Time

/// Durable commits and reads of the store's file.
enum StoreFigures {
  private static let seconds = 3.0

  static func run() async throws {
    let folder = try BenchParts.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = try SQLiteStore(
      path: folder.appendingPathComponent("bench.sqlite").path, clock: SystemClock())
    for writers in [1, 16] {
      let rate = try await together(writers) { worker, turn in
        _ = try await store.write(.put(item(worker, turn)))
      }
      BenchParts.report(
        "durable commits, \(writers) writer\(writers == 1 ? "" : "s")", "per_second", rate)
    }
    let rate = try await together(16) { worker, turn in
      guard try await store.get(key(worker, turn % 100)) != nil else { throw Unmeasurable() }
    }
    BenchParts.report("reads of one item, 16 readers", "per_second", rate)
    try await store.close()
  }

  /// How many calls a second that many tasks finish together.
  private static func together(
    _ tasks: Int, _ call: @escaping @Sendable (Int, Int) async throws -> Void
  ) async throws -> Double {
    let clock = SystemClock()
    let start = clock.monotonic().nanoseconds
    let end = start + UInt64(seconds * 1e9)
    let count = try await withThrowingTaskGroup(of: Int.self) { group in
      for worker in 0..<tasks {
        group.addTask {
          var turn = 0
          while clock.monotonic().nanoseconds < end || turn < 100 {
            try await call(worker, turn)
            turn += 1
          }
          return turn
        }
      }
      return try await group.reduce(0, +)
    }
    return Double(count) / Double(clock.monotonic().nanoseconds - start) * 1e9
  }

  private static func key(_ worker: Int, _ turn: Int) -> ItemKey {
    ItemKey("WORKER#\(worker)", "TURN#\(turn)")
  }

  private static func item(_ worker: Int, _ turn: Int) -> Item {
    Item(
      key(worker, turn),
      JSONObject([
        ("symbol", "AAPL"), ("shares", .int(turn)), ("price", "187.2300"),
        ("at", "2026-11-21T10:00:00.000Z"), ("note", .string(String(repeating: "n", count: 120))),
      ]))
  }
}
