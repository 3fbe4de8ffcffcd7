import Foundation
import JSON
import Store
import TestSupport
import Testing
import Time

/// Sixteen writers, `kill -9` at a random moment, and a look at what the file holds: every
/// acknowledged write is there, every other is whole or absent. A few rounds in `make test`, two
/// hundred in `make prove`.
@Suite("Crashes of the store", .serialized)
struct StoreCrashTests {
  static let rounds = ProcessInfo.processInfo.environment["PORTICO_PROVE"] == nil ? 5 : 200
  static let parts = 4

  /// The writer lies beside the program that runs the tests.
  static let writer = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("StoreWriter").path
  static let hasWriter = FileManager.default.isExecutableFile(atPath: writer)

  /// One write as the writer counts it.
  struct Name: Hashable {
    var writer: Int
    var number: Int
    var isTransaction: Bool { number.isMultiple(of: 3) }

    /// The items that this write makes.
    var sortKeys: [String] {
      isTransaction
        ? (0..<StoreCrashTests.parts).map { "W#\(writer)#\(number)#\($0)" }
        : ["W#\(writer)#\(number)"]
    }
  }

  @Test(.enabled(if: hasWriter, "StoreWriter is not built"), .timeLimit(.minutes(60)))
  func `every acknowledged write is there, every other whole or absent`() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.sqlite"
    var acknowledged = 0
    var unacknowledged = 0
    var transactions: [Int: Int] = [:]
    for round in 0..<Self.rounds {
      let log = "\(folder.path)/log.\(round)"
      try Self.runAndKill([path, log, String(round)])
      let promised = try Self.promised(in: log, round: round)
      // Opening it again recovers the log, reads the promises back and examines the pages.
      let store = try SQLiteStore(path: path, clock: SystemClock())
      let found = try await Self.found(in: store, round: round)
      #expect(promised.isSubset(of: found), "round \(round) lost \(promised.subtracting(found))")
      // A writer waits for each answer, so it has at most one write more than it was told of.
      let more = Dictionary(grouping: found.subtracting(promised), by: \.writer)
      #expect(more.values.allSatisfy { $0.count == 1 }, "round \(round)")
      for name in found where name.isTransaction { transactions[name.writer, default: 0] += 1 }
      try await Self.expectCounts(transactions, in: store, round: round)
      try await store.close()
      acknowledged += promised.count
      unacknowledged += found.count - promised.count
    }
    #expect(acknowledged > 0)
    let report = try StoreBackup.verify(path, now: SystemClock().now())
    #expect(report.problems.isEmpty)
    print(
      "store crashes: \(Self.rounds) rounds, \(acknowledged) acknowledged, "
        + "\(unacknowledged) committed without an answer")
  }

  private static func runAndKill(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: writer)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    try process.run()
    // From before the file is opened until many checkpoints have passed.
    usleep(UInt32.random(in: 5_000...400_000))
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(
      process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL,
      "the writer ended by itself: \(process.terminationStatus)")
  }

  /// The writes that were acknowledged; a killed process leaves whole lines only.
  private static func promised(in log: String, round: Int) throws -> Set<Name> {
    guard let text = try? String(contentsOfFile: log, encoding: .utf8) else { return [] }
    #expect(text.isEmpty || text.hasSuffix("\n"))
    return Set(
      try text.split(separator: "\n").map { line in
        let words = line.split(separator: " ")
        #expect(words.count == 4 && words[0] == String(round))
        return Name(
          writer: try #require(Int(words[1])), number: try #require(Int(words[2])))
      })
  }

  /// The whole writes of a round; a part of one is a failure.
  private static func found(in store: SQLiteStore, round: Int) async throws -> Set<Name> {
    var keys: Set<String> = []
    var query = Query(pk: "R#\(round)", limit: 1000)
    repeat {
      let page = try await store.query(query)
      for item in page.items {
        let count = item.key.sk.utf8.reduce(1) { $0 &+ Int($1) } % 97 * 8 + 1
        let payload = String(repeating: item.key.sk + ".", count: count)
        #expect(item["payload"]?.string == payload, "\(item.key) is not what was written")
        #expect(item.version == 1)
        keys.insert(item.key.sk)
      }
      query.cursor = page.cursor
    } while query.cursor != nil
    var names: Set<Name> = []
    for key in keys {
      let words = key.split(separator: "#")
      names.insert(
        Name(writer: try #require(Int(words[1])), number: try #require(Int(words[2]))))
    }
    for name in names {
      #expect(name.sortKeys.allSatisfy(keys.contains), "a part of a write: \(name)")
    }
    return names
  }

  /// The counter changes in the transaction, so it must agree with the transactions there are.
  private static func expectCounts(
    _ transactions: [Int: Int], in store: SQLiteStore, round: Int
  ) async throws {
    for writer in 0..<16 {
      let counted = try await store.get(ItemKey("COUNT", "\(writer)"))?["transactions"]?.int ?? 0
      #expect(counted == transactions[writer, default: 0], "round \(round), writer \(writer)")
    }
  }
}
