import Diagnostics
import Foundation
import GRDB
import JSON
import Store
import TestSupport
import Testing
import Time

@Suite("Backup, restore, verify")
struct BackupTests {
  private let folder: TemporaryFolder
  private let clock = ManualClock()
  private var path: String { folder.path + "/store.sqlite" }
  private var copy: String { folder.path + "/copy.sqlite" }

  init() throws { folder = try TemporaryFolder() }

  private func open(_ path: String) throws -> SQLiteStore {
    try SQLiteStore(path: path, clock: clock)
  }

  private func code(_ body: () throws -> Void) -> DiagnosticCode? {
    do {
      try body()
      return nil
    } catch {
      return (error as? Diagnostic)?.code
    }
  }

  @Test func `a backup made under writers is one moment's state`() async throws {
    let store = try open(path)
    let path = path
    let copy = copy
    for n in 0..<50 { try await store.write(.put(Item(.user("a", "\(n)"), ["n": 0]))) }
    try await withThrowingTaskGroup { group in
      for _ in 0..<4 {
        group.addTask {
          for round in 1...40 {
            // Two items that only ever change together.
            try await store.transact([
              .update(.user("x"), [.add("n", round)]), .update(.user("y"), [.add("n", round)]),
            ])
          }
        }
      }
      group.addTask { try StoreBackup.back(up: path, to: copy) }
      try await group.waitForAll()
    }
    try await store.close()
    let report = try StoreBackup.verify(copy, now: clock.now())
    #expect(report.problems.isEmpty)
    let backup = try open(copy)
    #expect(try await backup.get(.user("x"))?["n"] == backup.get(.user("y"))?["n"])
    #expect(try await backup.query(Query(pk: "USER#a")).items.count == 50)
    try await backup.close()
  }

  @Test func `a backup is one file for its owner, and never overwrites`() async throws {
    let store = try open(path)
    try await store.write(.put(Item(.user("a"))))
    try StoreBackup.back(up: path, to: copy)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names.filter { $0.hasPrefix("copy") } == ["copy.sqlite"])
    let attributes = try FileManager.default.attributesOfItem(atPath: copy)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(code { try StoreBackup.back(up: path, to: copy) } == .backupFailed)
    #expect(
      code { try StoreBackup.back(up: folder.path + "/none", to: copy + "2") } == .backupFailed)
    try await store.close()
  }

  @Test func `a restore puts the backup in place and keeps the old store`() async throws {
    var store = try open(path)
    try await store.write(.put(Item(.user("a"), ["n": 1])))
    try StoreBackup.back(up: path, to: copy)
    try await store.write(.put(Item(.user("a"), ["n": 2])))
    #expect(
      code { try StoreBackup.restore(copy, to: path, now: clock.now()) } == .storeLocked)
    try await store.close()
    let replaced = try StoreBackup.restore(copy, to: path, now: clock.now())
    store = try open(path)
    #expect(try await store.get(.user("a"))?["n"] == 1)
    try await store.close()
    let old = try open(#require(replaced))
    #expect(try await old.get(.user("a"))?["n"] == 2)
    try await old.close()
  }

  @Test func `a restore over a store that was killed does not replay its log`() async throws {
    let store = try open(path)
    try await store.write(.put(Item(.user("a"), ["n": 1])))
    try StoreBackup.back(up: path, to: copy)
    for n in 0..<50 { try await store.write(.put(Item(.user("b", "\(n)")))) }
    // What a killed process leaves: the database and its log, copied while both are open.
    let killed = folder.path + "/killed.sqlite"
    for suffix in ["", "-wal"] {
      try FileManager.default.copyItem(atPath: path + suffix, toPath: killed + suffix)
    }
    try await store.close()
    let replaced = try StoreBackup.restore(copy, to: killed, now: clock.now())
    #expect(FileManager.default.fileExists(atPath: try #require(replaced) + "-wal"))
    let restored = try open(killed)
    #expect(try await restored.export().map(\.key) == [.user("a")])
    try await restored.close()
    let old = try open(#require(replaced))
    #expect(try await old.export().count == 51)
    try await old.close()
  }

  @Test func `a damaged backup is not restored`() async throws {
    let store = try open(path)
    for n in 0..<300 { try await store.write(.put(Item(.user("a", "\(n)"), ["x": "some text"]))) }
    try await store.close()
    try StoreBackup.back(up: path, to: copy)
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: copy))
    try file.seek(toOffset: 4096 * 4)
    try file.write(contentsOf: Data(repeating: 0x5A, count: 4096))
    try file.close()
    #expect(code { try StoreBackup.restore(copy, to: path, now: clock.now()) } == .restoreFailed)
    let again = try open(path)
    #expect(try await again.export(limit: 1000).count == 300)
    try await again.close()
  }

  @Test func `verify counts items and names the broken one`() async throws {
    let store = try open(path)
    try await store.write(.put(Item(.user("a"))))
    try await store.write(.put(Item(.user("b"), expiresAt: clock.now() + .seconds(1))))
    try await store.write(.put(Item(.user("c"))))
    try await store.close()
    let later = clock.now() + .seconds(1)
    var report = try StoreBackup.verify(path, now: later)
    #expect(report.items == 3)
    #expect(report.expired == 1)
    #expect(report.problems.isEmpty)
    let queue = try DatabaseQueue(path: path)
    try await queue.write {
      try $0.execute(sql: "UPDATE item SET attributes = '[' WHERE pk = 'USER#b'")
    }
    try queue.close()
    report = try StoreBackup.verify(path, now: later)
    #expect(report.items == 3)
    #expect(report.problems.map(\.code) == [.storeItemBroken])
    #expect(report.problems.first?.message.contains("USER#b / PROFILE") == true)
    let opened = try open(path)
    guard case .corrupt? = await storeError({ _ = try await opened.get(.user("b")) }) else {
      Issue.record("a broken item was answered")
      return
    }
    #expect(try await opened.get(.user("a")) != nil)
    try await opened.close()
  }
}
