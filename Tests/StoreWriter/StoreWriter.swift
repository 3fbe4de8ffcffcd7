import JSON
import Store
import Time

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Sixteen writers on one store until somebody ends the process: what `StoreCrashTests` kills.
///
/// `StoreWriter STORE LOG ROUND`: each acknowledged write becomes a line of LOG with one system
/// call, so that a killed process leaves whole lines of what it was promised, and nothing else.
/// A line is `round writer number kind`; the kind is `one` or `many`.
@main
enum StoreWriter {
  static let writers = 16
  /// Items of one transaction beside the writer's counter.
  static let parts = 4

  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let round = Int(arguments[3]) else { exit(64) }
    // Small, so that the log moves into the database within a round, too.
    var limits = SQLiteStore.Limits()
    limits.checkpointChanges = 150
    let store = try SQLiteStore(path: arguments[1], clock: SystemClock(), limits: limits)
    let log = open(arguments[2], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard log >= 0 else { exit(73) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<writers {
        group.addTask { try await write(writer, round, to: store, log) }
      }
      try await group.waitForAll()
    }
  }

  private static func write(_ writer: Int, _ round: Int, to store: SQLiteStore, _ log: CInt)
    async throws
  {
    for number in 0... {
      let isTransaction = number.isMultiple(of: 3)
      if isTransaction {
        try await store.transact(transaction(writer, round, number))
      } else {
        try await store.write(.put(item(writer, round, number, part: nil), if: .notExists))
      }
      note("\(round) \(writer) \(number) \(isTransaction ? "many" : "one")\n", in: log)
    }
  }

  /// Several new items and the writer's count of its transactions: all of it, or none.
  private static func transaction(_ writer: Int, _ round: Int, _ number: Int) -> [Write] {
    (0..<parts).map { .put(item(writer, round, number, part: $0), if: .notExists) } + [
      .update(ItemKey("COUNT", "\(writer)"), [.add("transactions", 1)])
    ]
  }

  private static func item(_ writer: Int, _ round: Int, _ number: Int, part: Int?) -> Item {
    let suffix = part.map { "#\($0)" } ?? ""
    let key = ItemKey("R#\(round)", "W#\(writer)#\(number)\(suffix)")
    return Item(key, ["payload": .string(payload(key.sk))])
  }

  /// A text that depends on the key and spans pages now and then.
  private static func payload(_ key: String) -> String {
    String(repeating: key + ".", count: key.utf8.reduce(1) { $0 &+ Int($1) } % 97 * 8 + 1)
  }

  private static func note(_ line: String, in log: CInt) {
    let bytes = Array(line.utf8)
    guard append(bytes, to: log) == bytes.count else { exit(74) }
  }
}

/// The system's write, out of reach of the method of the same name.
private func append(_ bytes: [UInt8], to file: CInt) -> Int { write(file, bytes, bytes.count) }
