import Diagnostics
import GRDB
import Time

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What `portico store verify` found.
package struct StoreReport: Sendable, Hashable {
  /// Items in the store, expired ones included.
  package var items = 0
  /// Of these, the ones whose time is over.
  package var expired = 0
  /// Bytes of the database file.
  package var bytes = 0
  /// What is wrong; empty when nothing is.
  package var problems: [Diagnostic] = []

  package init() {}
}

/// Copies of a store: made while it serves, examined, and put back.
package enum StoreBackup {
  /// Problems after which an examination ends: a store so damaged is restored, not mended.
  private static let problemsMost = 100

  /// Copies a store to a new file, while others read and write it.
  ///
  /// The copy is one moment's state, is examined before it gets its name, and is on the disk when
  /// this returns.
  package static func back(up path: String, to destination: String) throws {
    guard StoreFile.size(path) != nil else {
      throw failure(.backupFailed, "there is no store at '\(path)'", path)
    }
    guard StoreFile.size(destination) == nil else {
      throw failure(.backupFailed, "'\(destination)' is there already", destination)
    }
    let source = try readOnly(path)
    try source.read { db in
      guard try !Schema.examine(db, path: path) else {
        throw failure(.backupFailed, "'\(path)' holds no store", path)
      }
    }
    try copy(source, to: destination, code: .backupFailed)
  }

  /// Puts a backup in the place of a store that nobody serves.
  ///
  /// The old store stays beside it under the name this answers. The new file takes its name last,
  /// after the old log is out of the way: at no moment does the path hold half of each.
  @discardableResult
  package static func restore(_ backup: String, to path: String, now: Timestamp) throws -> String? {
    guard StoreFile.size(backup) != nil else {
      throw failure(.restoreFailed, "there is no backup at '\(backup)'", backup)
    }
    let report = try verify(backup, now: now)
    guard report.problems.isEmpty else {
      throw failure(.restoreFailed, "the backup is damaged: \(report.problems[0].message)", backup)
    }
    try StoreFile.makeFolder(of: path)
    let lock = try StoreLock(path)
    return try withExtendedLifetime(lock) {
      let prepared = path + ".restoring"
      StoreFile.remove(prepared)
      try copy(try readOnly(backup), to: prepared, code: .restoreFailed)
      let replaced = StoreFile.size(path).map { _ in path + ".replaced-\(now.milliseconds)" }
      if let replaced { try setAside(path, as: replaced) }
      try StoreFile.rename(prepared, to: path)
      return replaced
    }
  }

  /// Examines a store or a backup without changing it: the file, its schema and every item.
  package static func verify(_ path: String, now: Timestamp) throws -> StoreReport {
    var report = StoreReport()
    guard let bytes = StoreFile.size(path) else { throw StoreFile.unreadable(path) }
    report.bytes = bytes
    do {
      let database = try readOnly(path)
      try database.read { db in
        try Schema.examine(db, path: path)
        report.problems += try Schema.damage(db, thorough: true).map {
          Diagnostic(.storeCorrupt, $0, at: Place(file: path))
        }
        try examineItems(db, path: path, now: now, report: &report)
      }
      try database.close()
    } catch let error as Diagnostic {
      report.problems.append(error)
    } catch {
      report.problems.append(SQLiteStore.diagnostic(for: error, path: path))
    }
    return report
  }

  private static func examineItems(
    _ db: Database, path: String, now: Timestamp, report: inout StoreReport
  ) throws {
    try ItemTable.scan(in: db) { key, read in
      report.items += 1
      do throws(StoreError) {
        let item = try read.get()
        if let end = item.expiresAt, end <= now { report.expired += 1 }
        _ = try EncodedItem(item)
      } catch {
        report.problems.append(broken("'\(key)': \(error)", path))
      }
      return report.problems.count < problemsMost
    }
  }

  private static func broken(_ message: String, _ path: String) -> Diagnostic {
    Diagnostic(
      .storeItemBroken, "an item breaks the contract, \(message)", at: Place(file: path),
      remedy: "restore a backup, or export what can be read")
  }

  private static func failure(_ code: DiagnosticCode, _ message: String, _ path: String)
    -> Diagnostic
  {
    Diagnostic(
      code, message, at: Place(file: path), remedy: "name an existing store and a free path")
  }

  private static func readOnly(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase(Schema.prepare)
    do {
      return try DatabaseQueue(path: path, configuration: configuration)
    } catch {
      throw SQLiteStore.diagnostic(for: error, path: path)
    }
  }

  /// Copies under a passing name, examines the copy, waits for the disk, gives it its name.
  private static func copy(_ source: DatabaseQueue, to destination: String, code: DiagnosticCode)
    throws
  {
    let partial = destination + ".partial"
    StoreFile.family(partial).forEach(StoreFile.remove)
    try StoreFile.prepare(partial)
    do {
      let target = try DatabaseQueue(path: partial)
      try source.backup(to: target)
      try target.writeWithoutTransaction { db in
        // One file without a log beside it: what is copied elsewhere is then whole.
        _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
        let damage = try Schema.damage(db, thorough: true)
        guard damage.isEmpty else {
          throw failure(code, "the copy is damaged: \(damage[0])", destination)
        }
      }
      try target.close()
      try source.close()
      try StoreFile.sync(partial)
      try StoreFile.rename(partial, to: destination)
    } catch {
      StoreFile.family(partial).forEach(StoreFile.remove)
      if error is Diagnostic { throw error }
      throw failure(code, "'\(destination)': \(StoreError(error))", destination)
    }
  }

  private static func setAside(_ path: String, as replaced: String) throws {
    // A second name first, so that the path never stands empty for a server to fill anew.
    guard link(path, replaced) == 0 else { throw StoreFile.unreadable(replaced) }
    if StoreFile.size(path + "-wal") != nil {
      try StoreFile.rename(path + "-wal", to: replaced + "-wal")
    }
    StoreFile.remove(path + "-shm")
    try StoreFile.syncFolder(of: path)
  }
}
