import Foundation
import Time

/// Measures parts of Portico inside one process; prints one JSON line for each figure.
@main
enum BenchParts {
  static func main() async throws {
    let wanted = Set(CommandLine.arguments.dropFirst())
    if wanted.isEmpty || wanted.contains("tokens") { try TokenFigures.run() }
    if wanted.isEmpty || wanted.contains("stages") { try StageFigures.run() }
    if wanted.isEmpty || wanted.contains("store") { try await StoreFigures.run() }
  }

  /// Prints a figure.
  static func report(_ what: String, _ unit: String, _ value: Double) {
    print(#"{"what": "\#(what)", "\#(unit)": \#((value * 10).rounded() / 10)}"#)
  }

  /// Nanoseconds of one call, the best of five rounds of at least 50 ms each.
  static func nanoseconds(_ call: () throws -> Void) rethrows -> Double {
    let clock = SystemClock()
    var count = 1
    var best = Double.infinity
    var rounds = 0
    while rounds < 5 {
      let start = clock.monotonic()
      for _ in 0..<count { try call() }
      let spent = Double(clock.monotonic().nanoseconds - start.nanoseconds)
      if spent < 50_000_000 {
        count *= 2
        continue
      }
      rounds += 1
      best = min(best, spent / Double(count))
    }
    return best
  }

  /// A folder for the run.
  static func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("portico-bench-\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }
}

/// What a figure needed is not there.
struct Unmeasurable: Error {}
