import Diagnostics
import Foundation
import GRDB
import JSON
import Store
import TestSupport
import Testing
import Time

@Suite("The SQLite driver")
struct SQLiteStoreTests {
  private let folder: TemporaryFolder
  private let clock = ManualClock()
  private var path: String { folder.path + "/store.sqlite" }

  init() throws { folder = try TemporaryFolder() }

  private func open() throws -> SQLiteStore { try SQLiteStore(path: path, clock: clock) }

  /// The code of the diagnostic that the body throws.
  private func code(_ body: () throws -> Void) -> DiagnosticCode? {
    do {
      try body()
      return nil
    } catch {
      return (error as? Diagnostic)?.code
    }
  }

  /// Runs SQL on the file behind the driver's back.
  private func tamper(_ sql: String) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
    try queue.close()
  }

  @Test func `what was acknowledged is there after reopening`() async throws {
    let item = Item(.user("a"), ["x": exact("1.50")], g1: IndexKey("E", "1"))
    var store = try open()
    try await store.write(.put(item))
    try await store.close()
    store = try open()
    let got = try await store.get(.user("a"))
    #expect(got?["x"]?.number?.text == "1.50")
    #expect(try await store.query(Query(.g1, pk: "E")).items == [got].compactMap { $0 })
    try await store.close()
  }

  @Test func `an item moves between places that differ by a byte, and stays where it is`()
    async throws
  {
    let store = try open()
    // One letter in two spellings, which Swift takes for equal.
    let places = [IndexKey("E", "\u{e9}"), IndexKey("E", "e\u{301}"), nil, IndexKey("F", "1")]
    for (first, second) in zip(places + places, places[1...] + places) {
      for (g1, g2) in [(first, second), (second, first), (second, first)] {
        try await store.write(.put(Item(.user("a"), g1: g1, g2: g2)))
        for place in places.compactMap(\.self) {
          let one = Query(.g1, pk: place.pk, .equals(place.sk))
          #expect(try await store.query(one).items.count == (g1 == place ? 1 : 0))
          let two = Query(.g2, pk: place.pk, .equals(place.sk))
          #expect(try await store.query(two).items.count == (g2 == place ? 1 : 0))
        }
      }
    }
    try await store.close()
  }

  @Test func `the place that an item will need is kept free and read by nobody`() async throws {
    let store = try open()
    var item = Item(.user("a"), ["x": 1])
    item.room = 500
    try await store.write(.put(item))
    func length() async throws -> Int {
      try await DatabaseQueue(path: path).read { db in
        try Int.fetchOne(db, sql: "SELECT length(attributes) FROM item") ?? 0
      }
    }
    #expect(try await length() == 500)
    #expect(try await store.get(.user("a"))?.attributes == ["x": 1])
    item["y"] = .string(String(repeating: "y", count: 480))
    try await store.write(.put(item))
    #expect(try await length() == 500)
    item["y"] = .string(String(repeating: "y", count: 600))
    try await store.write(.put(item))
    #expect(try await length() > 600)
    try await store.close()
  }

  @Test func `after a clean end the file alone is the store`() async throws {
    let store = try open()
    for n in 0..<50 { try await store.write(.put(Item(.user("a", "\(n)"), ["x": .int(n)]))) }
    _ = try await store.get(.user("a", "1"))
    try await store.close()
    let copy = folder.path + "/copy.sqlite"
    try FileManager.default.copyItem(atPath: path, toPath: copy)
    let alone = try SQLiteStore(path: copy, clock: clock)
    #expect(try await alone.query(Query(pk: "USER#a")).items.count == 50)
    try await alone.close()
  }

  @Test func `commits reach the disk before they are acknowledged`() async throws {
    let store = try open()
    let promise = try store.durability()
    #expect(promise.synchronous == 2)
    #expect(promise.journal == "wal")
    try await store.close()
  }

  @Test func `its files are for their owner alone`() async throws {
    let before = umask(0)
    defer { umask(before) }
    let store = try open()
    try await store.write(.put(Item(.user("a"))))
    _ = try await store.get(.user("a"))
    for suffix in ["", "-wal", "-shm", ".lock"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: path + suffix)
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(suffix)")
    }
    try await store.close()
    #expect(chmod(path, 0o644) == 0)
    let again = try open()
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    try await again.close()
  }

  @Test func `a newer schema is refused and left as it is`() async throws {
    try await open().close()
    try tamper("PRAGMA user_version = 2")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(code { _ = try open() } == .storeNewer)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
  }

  @Test func `another program's database is refused`() throws {
    try tamper("CREATE TABLE theirs (x)")
    #expect(code { _ = try open() } == .storeForeign)
  }

  @Test func `what is no database is refused`() throws {
    try Data(String(repeating: "not a database ", count: 1000).utf8)
      .write(to: URL(fileURLWithPath: path))
    #expect(code { _ = try open() } == .storeCorrupt)
    #expect(code { _ = try SQLiteStore(path: folder.path, clock: clock) } == .storeUnreadable)
    let below = path + "/in/a/file/x.sqlite"
    #expect(code { _ = try SQLiteStore(path: below, clock: clock) } == .storeUnreadable)
  }

  @Test func `the folder of a store is made with what is missing above it`() async throws {
    let deep = folder.path + "/not/yet/there"
    try await SQLiteStore(path: deep + "/x.sqlite", clock: clock).close()
    for made in [deep, folder.path + "/not"] {
      let mode = try FileManager.default.attributesOfItem(atPath: made)[.posixPermissions]
      #expect((mode as? NSNumber)?.intValue == 0o700)
    }
    // A new machine's folder takes a backup as well.
    let other = folder.path + "/another/machine/x.sqlite"
    try StoreBackup.restore(deep + "/x.sqlite", to: other, now: clock.now())
    #expect(FileManager.default.fileExists(atPath: other))
  }

  @Test func `damage is found at start`() async throws {
    let store = try open()
    for n in 0..<400 {
      try await store.write(.put(Item(.user("a", "\(n)"), ["x": .int(n), "y": "padding padding"])))
    }
    try await store.close()
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    try file.seek(toOffset: 4096 * 6)
    try file.write(contentsOf: Data(repeating: 0xA5, count: 4096))
    try file.close()
    #expect(code { _ = try open() } == .storeCorrupt)
    #expect(try !StoreBackup.verify(path, now: clock.now()).problems.isEmpty)
  }

  @Test func `a second server of the same file is refused`() async throws {
    let store = try open()
    #expect(code { _ = try open() } == .storeLocked)
    try await store.close()
    try await open().close()
  }

  @Test func `a closed store takes nothing`() async throws {
    let store = try open()
    try await store.close()
    #expect(await storeError { try await store.write(.put(Item(.user("a")))) } == .closed)
    #expect(await storeError { _ = try await store.get(.user("a")) } == .closed)
    try await store.close()
  }

  @Test func `writers that arrive together share commits`() async throws {
    let store = try open()
    try await withThrowingTaskGroup { group in
      for task in 0..<64 {
        group.addTask {
          for n in 0..<10 { try await store.write(.put(Item(.user("\(task)", "\(n)")))) }
        }
      }
      try await group.waitForAll()
    }
    let statistics = store.statistics
    #expect(statistics.writers == 640)
    #expect(statistics.commits < 320, "\(statistics)")
    #expect(statistics.largestGroup > 1)
    try await store.close()
  }

  @Test func `one writer's refusal does not harm its group`() async throws {
    let store = try open()
    let outcomes = await withTaskGroup(of: (Int, Bool).self) { group in
      for task in 0..<200 {
        group.addTask {
          let condition: Condition = task % 3 == 0 ? .exists : .notExists
          let item = Item(.user("\(task)"), ["n": .int(task)])
          let taken =
            await storeError {
              try await store.transact([
                .put(item, if: condition), .put(Item(.user("\(task)", "MORE"))),
              ])
            } == nil
          return (task, taken)
        }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    for task in 0..<200 {
      #expect(outcomes[task] == (task % 3 != 0))
      #expect(try await (store.get(.user("\(task)")) != nil) == (task % 3 != 0))
      #expect(try await (store.get(.user("\(task)", "MORE")) != nil) == (task % 3 != 0))
    }
    try await store.close()
  }

  @Test func `more writers than may wait are turned away`() async throws {
    var limits = SQLiteStore.Limits()
    limits.waitingWrites = 4
    limits.groupWrites = 2
    let store = try SQLiteStore(path: path, clock: clock, limits: limits)
    let busy = await withTaskGroup(of: Bool.self) { group in
      for task in 0..<200 {
        group.addTask {
          await storeError { try await store.write(.put(Item(.user("\(task)")))) } == .busy
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(busy == store.statistics.refused)
    #expect(store.statistics.largestGroup <= 2)
    #expect(try await store.export(limit: 1000).count == 200 - busy)
    try await store.close()
  }

  @Test func `a sweep removes what has expired, a batch at a time`() async throws {
    let store = try open()
    for n in 0..<25 {
      try await store.write(
        .put(Item(.user("a", "\(n)"), expiresAt: clock.now() + .seconds(n < 20 ? 1 : 100))))
    }
    #expect(try await store.sweep() == 0)
    clock.advance(by: .seconds(1))
    #expect(try await store.export().count == 25)
    #expect(try await store.sweep(limit: 15) == 15)
    #expect(try await store.sweep(limit: 15) == 5)
    #expect(try await store.export().count == 5)
    try await store.close()
  }

  @Test func `the sweeper runs by the clock`() async throws {
    let store = try open()
    try await store.write(.put(Item(.user("a"), expiresAt: clock.now() + .seconds(1))))
    let sweeper = Task { try await store.runSweeper(every: .seconds(60)) }
    while clock.sleeping == 0 { await Task.yield() }
    clock.advance(by: .seconds(60))
    while clock.sleeping == 0 { await Task.yield() }
    #expect(try await store.export().isEmpty)
    sweeper.cancel()
    _ = await sweeper.result
    try await store.close()
  }

  @Test func `the log is moved into the database while it is written`() async throws {
    var limits = SQLiteStore.Limits()
    limits.checkpointChanges = 50
    let store = try SQLiteStore(path: path, clock: clock, limits: limits)
    for n in 0..<300 { try await store.write(.put(Item(.user("a", "\(n)"), ["n": .int(n)]))) }
    #expect(store.statistics.checkpoints >= 5)
    let log = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
    #expect((log ?? 0) < 2 << 20)
    #expect(try await store.export(limit: 1000).count == 300)
    try await store.close()
  }

  @Test func `a page is found by an index and not sorted`() async throws {
    try await open().close()
    let queue = try DatabaseQueue(path: path)
    for index in Query.Index.allCases {
      for direction in [Query.Direction.ascending, .descending] {
        for range: Query.Range in [.all, .beginsWith("B"), .between("A", "C")] {
          let query = Query(index, pk: "P", range, direction: direction)
          let plan = try await queue.read { db in try StorePlan.explain(query, in: db) }
          #expect(plan.contains { $0.contains("USING INDEX item_") }, "\(plan)")
          #expect(!plan.contains { $0.contains("SCAN") || $0.contains("TEMP") }, "\(plan)")
        }
      }
    }
    try queue.close()
  }
}
