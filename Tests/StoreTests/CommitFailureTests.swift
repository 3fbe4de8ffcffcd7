import GRDB
import JSON
import TestSupport
import Testing
import Time

@testable import Store

/// Makes the next COMMIT fail, as a full or dying disk does.
private final class FailingCommit: TransactionObserver {
  private let error: any Error

  init(_ error: any Error) { self.error = error }

  func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
  func databaseDidChange(with event: DatabaseEvent) {}
  func databaseWillCommit() throws { throw error }
  func databaseDidCommit(_ db: Database) {}
  func databaseDidRollback(_ db: Database) {}
}

@Suite("When the disk fails")
struct CommitFailureTests {
  private let folder: TemporaryFolder
  private let store: SQLiteStore

  init() throws {
    folder = try TemporaryFolder()
    store = try SQLiteStore(path: folder.path + "/store.sqlite", clock: ManualClock())
  }

  /// Writers' outcomes by their number: true when acknowledged.
  private func writeTogether(_ count: Int, _ sk: String) async -> [Bool] {
    let store = store
    return await withTaskGroup(of: (Int, Bool).self) { group in
      for task in 0..<count {
        group.addTask {
          let item = Item(.user("\(task)", sk), ["x": .string(String(repeating: "x", count: 2000))])
          return (task, await storeError { try await store.write(.put(item)) } == nil)
        }
      }
      return await group.reduce(into: Array(repeating: false, count: count)) { $0[$1.0] = $1.1 }
    }
  }

  private func present(_ count: Int, _ sk: String) async throws -> [Bool] {
    var found: [Bool] = []
    for task in 0..<count { found.append(try await store.get(.user("\(task)", sk)) != nil) }
    return found
  }

  /// Sets SQLite's own bound on the size of the file.
  private func allowPages(_ count: Int) throws {
    try store.database.unsafeReentrantWrite { db in
      _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(count)")
    }
  }

  private func failCommits(_ error: any Error, times: Int = 1) -> FailingCommit {
    let observer = FailingCommit(error)
    store.database.add(transactionObserver: observer, extent: .observerLifetime)
    return observer
  }

  @Test func `a full disk refuses, keeps what it acknowledged, and recovers`() async throws {
    try allowPages(60)
    let acknowledged = await writeTogether(200, "FULL")
    #expect(acknowledged.contains(true))
    #expect(acknowledged.contains(false))
    #expect(try await present(200, "FULL") == acknowledged)
    let error = await storeError { try await store.write(.put(Item(.user("z"), ["x": "y"]))) }
    if let error {
      guard case .unavailable = error else {
        Issue.record("\(error)")
        return
      }
    }
    try allowPages(1_000_000)
    #expect(await writeTogether(50, "AGAIN").allSatisfy { $0 })
    try await store.close()
  }

  @Test func `a commit that fails fails for all who shared it`() async throws {
    let observer = failCommits(StoreError.unavailable("no commit"))
    #expect(await writeTogether(40, "LOST").allSatisfy { !$0 })
    #expect(try await present(40, "LOST").allSatisfy { !$0 })
    store.database.remove(transactionObserver: observer)
    #expect(await writeTogether(40, "LATER").allSatisfy { $0 })
    #expect(try await present(40, "LOST").allSatisfy { !$0 })
    try await store.close()
  }

  @Test func `after a lost sync nothing more is written`() async throws {
    #expect(await writeTogether(5, "BEFORE").allSatisfy { $0 })
    let lost = DatabaseError(resultCode: ResultCode(rawValue: 1034))
    let observer = failCommits(lost)
    #expect(await writeTogether(5, "LOST").allSatisfy { !$0 })
    store.database.remove(transactionObserver: observer)
    let error = await storeError { try await store.write(.put(Item(.user("a")))) }
    guard case .unavailable(let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("restart"))
    #expect(try await present(5, "BEFORE").allSatisfy { $0 })
  }
}
