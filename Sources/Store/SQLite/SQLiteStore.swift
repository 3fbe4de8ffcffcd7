import Diagnostics
import GRDB
import Synchronization
import Time

/// The item store in one SQLite file: write-ahead log, every commit synced, one writer, many
/// readers.
package final class SQLiteStore: ItemStore {
  /// Bounds on what the driver keeps waiting and does at once.
  package struct Limits: Sendable, Hashable {
    /// Writers that wait; more are turned away with `.busy`.
    package var waitingWrites = 4096
    /// Bytes of the writes that wait.
    package var waitingBytes = 64 << 20
    /// Writers that share one commit.
    package var groupWrites = 256
    /// Reads that wait; more are turned away with `.busy`.
    package var waitingReads = 16384
    /// Reads that share one snapshot.
    package var groupReads = 64
    /// Reading connections, each with a thread while it works.
    package var readers = 4
    /// Changed rows after which the log is moved into the database: some 30 MB of log. The more, the
    /// fewer pages are moved twice, and the longer it takes.
    package var checkpointChanges = 8000

    package init() {}
  }

  /// The file, or nil for a store in memory.
  package let path: String?
  let database: any DatabaseWriter
  let clock: any TimeSource
  private let commits: CommitQueue
  private let reads: ReadQueue
  /// Held as long as the store, and by the process: another cannot open the same file to write.
  private let lock: Mutex<StoreLock?>

  /// Opens the store's file, or makes it; throws a `Diagnostic` when it cannot be trusted.
  package init(path: String, clock: any TimeSource, limits: Limits = Limits()) throws {
    self.path = path
    self.clock = clock
    try StoreFile.makeFolder(of: path)
    lock = Mutex(try StoreLock(path))
    let pool = try Self.open(path, limits: limits)
    database = pool
    commits = CommitQueue(pool, clock: clock, limits: limits, isDurable: true)
    reads = ReadQueue(pool, limits: limits)
  }

  private init(memory queue: DatabaseQueue, clock: any TimeSource, limits: Limits) {
    path = nil
    self.clock = clock
    lock = Mutex(nil)
    database = queue
    commits = CommitQueue(queue, clock: clock, limits: limits, isDurable: false)
    reads = ReadQueue(queue, limits: limits)
  }

  /// A store that ends with the process, for tests: the same driver without a file.
  package static func inMemory(clock: any TimeSource, limits: Limits = Limits()) throws
    -> SQLiteStore
  {
    var configuration = Configuration()
    configuration.prepareDatabase(Schema.prepare)
    let queue = try DatabaseQueue(configuration: configuration)
    try queue.writeWithoutTransaction { try Schema.create($0) }
    return SQLiteStore(memory: queue, clock: clock, limits: limits)
  }

  private static func open(_ path: String, limits: Limits) throws -> DatabasePool {
    try StoreFile.prepare(path)
    do {
      try examine(path)
      var configuration = Configuration()
      configuration.label = "portico.store"
      configuration.maximumReaderCount = limits.readers
      configuration.persistentReadOnlyConnections = true
      // Another process may be making a backup.
      configuration.busyMode = .timeout(5)
      configuration.prepareDatabase(Schema.prepare)
      let pool = try DatabasePool(path: path, configuration: configuration)
      try pool.writeWithoutTransaction { db in
        if try Schema.examine(db, path: path) { try Schema.create(db) }
        try Schema.makeDurable(db, path: path)
        let damage = try Schema.damage(db, thorough: false)
        if !damage.isEmpty { throw corrupt(path, damage.joined(separator: "; ")) }
      }
      return pool
    } catch let error as DatabaseError {
      throw diagnostic(for: error, path: path)
    }
  }

  /// Looks at an existing file before anything is changed in it.
  private static func examine(_ path: String) throws {
    guard let size = StoreFile.size(path), size > 0 else { return }
    var configuration = Configuration()
    configuration.readonly = true
    configuration.prepareDatabase(Schema.prepare)
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.read { db in _ = try Schema.examine(db, path: path) }
    try queue.close()
  }

  static func diagnostic(for error: any Error, path: String) -> Diagnostic {
    if let diagnostic = error as? Diagnostic { return diagnostic }
    let reason = StoreError(error)
    if case .corrupt(let message) = reason { return corrupt(path, message) }
    return Diagnostic(
      .storeUnreadable, "'\(path)' cannot be opened: \(reason)", at: Place(file: path),
      remedy: "see that the folder can be written and has space")
  }

  private static func corrupt(_ path: String, _ detail: String) -> Diagnostic {
    Diagnostic(
      .storeCorrupt, "'\(path)' is damaged: \(detail)", at: Place(file: path),
      remedy: "restore a backup with 'portico store restore'; keep the damaged file for salvage")
  }
}

extension SQLiteStore {
  package func get(_ key: ItemKey) async throws -> Item? {
    try key.validate()
    let now = clock.now()
    return try await reads.read { db in try ItemTable.get(key, now: now, in: db) }
  }

  package func batchGet(_ keys: [ItemKey]) async throws -> [Item?] {
    guard keys.count <= StoreLimits.batchKeys else {
      throw StoreError.limitExceeded("\(keys.count) keys, of \(StoreLimits.batchKeys)")
    }
    for key in keys { try key.validate() }
    if keys.isEmpty { return [] }
    let now = clock.now()
    return try await reads.read { db in
      try keys.map { try ItemTable.get($0, now: now, in: db) }
    }
  }

  package func query(_ query: Query) async throws -> Page {
    try query.validate()
    let position = try query.position()
    let now = clock.now()
    return try await reads.read { db in
      try ItemTable.page(query, after: position, now: now, in: db)
    }
  }

  @discardableResult
  package func write(_ write: Write) async throws -> Item? {
    let prepared = try PreparedWrite(write)
    let work = CommitQueue.Work.writes([prepared], answering: true)
    guard case .item(let item) = try await commits.submit(work, bytes: prepared.bytes) else {
      return nil
    }
    return item
  }

  package func transact(_ writes: [Write]) async throws {
    let prepared = try PreparedWrite.all(of: writes)
    _ = try await commits.submit(
      .writes(prepared, answering: false), bytes: prepared.reduce(0) { $0 + $1.bytes })
  }
}

extension PreparedWrite {
  /// The writes of one transaction, within its bounds and of different items.
  static func all(of writes: [Write]) throws(StoreError) -> [PreparedWrite] {
    if writes.isEmpty { throw .invalid("a transaction without writes") }
    guard writes.count <= StoreLimits.transactionWrites else {
      throw .limitExceeded("\(writes.count) writes, of \(StoreLimits.transactionWrites)")
    }
    var prepared: [PreparedWrite] = []
    var keys: Set<ItemKey> = []
    var bytes = 0
    for write in writes {
      let one = try PreparedWrite(write)
      guard keys.insert(one.key).inserted else {
        throw .invalid("two writes of one item in a transaction: \(one.key)")
      }
      bytes += one.bytes
      prepared.append(one)
    }
    guard bytes <= StoreLimits.transactionBytes else {
      throw .limitExceeded("a transaction of \(bytes) bytes, of \(StoreLimits.transactionBytes)")
    }
    return prepared
  }
}

extension SQLiteStore {
  /// What was done since the store was opened.
  package var statistics: StoreStatistics { commits.statistics }

  /// Removes at most so many items whose time is over; answers how many.
  @discardableResult
  package func sweep(limit: Int = 500) async throws -> Int {
    guard case .count(let count) = try await commits.submit(.sweep(limit: limit)) else { return 0 }
    return count
  }

  /// Sweeps in bounded batches, each its own commit, until the task is cancelled or the store
  /// closed.
  ///
  /// A store that is busy or out of disk is swept at the next turn: an expired item is absent
  /// anyway.
  package func runSweeper(every interval: Duration = .seconds(60), limit: Int = 500) async throws {
    while true {
      try await clock.sleep(for: interval)
      do {
        while try await sweep(limit: limit) == limit { try Task.checkCancellation() }
      } catch StoreError.busy {
      } catch StoreError.unavailable {
      }
    }
  }

  /// All items in the order of their keys, expired ones too, a page at a time: for administration.
  package func export(after key: ItemKey? = nil, limit: Int = 500) async throws -> [Item] {
    try await reads.read { db in try ItemTable.export(after: key, limit: limit, in: db) }
  }

  /// The partitions whose keys begin with a text, in their order, a page at a time: for
  /// administration. A partition of expired items is named too.
  package func partitions(
    beginningWith prefix: String, after last: String? = nil, limit: Int = 500
  ) async throws -> [String] {
    try await reads.read { db in
      try ItemTable.partitions(prefix: prefix, after: last, limit: limit, in: db)
    }
  }

  /// Takes nothing more, finishes what waits, and closes the file.
  package func close() async throws {
    reads.close()
    guard try await commits.close() else { return }
    emptyLog()
    try database.close()
    lock.withLock { $0 = nil }
  }

  /// Moves the log into the file, so that this alone is the store once nobody serves from it.
  ///
  /// A reader of another process may hold the log back; then the next start takes it up.
  private func emptyLog() {
    guard path != nil else { return }
    try? database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
  }

  /// The promises of the connection that writes, read back from it.
  package func durability() throws -> (synchronous: Int, journal: String) {
    try database.writeWithoutTransaction { db in
      (
        try Schema.integer("PRAGMA synchronous", db),
        try String.fetchOne(db, sql: "PRAGMA journal_mode") ?? ""
      )
    }
  }
}
