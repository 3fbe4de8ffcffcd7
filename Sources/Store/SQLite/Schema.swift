import Diagnostics
import GRDB

/// The shape of the database and the promises asked of it.
enum Schema {
  /// Raised by every change of the tables; kept in `user_version`.
  static let version = 1
  /// "Port" in ASCII, kept in `application_id`, so that another program's file is told apart.
  static let application = 0x506F_7274

  // Rows lie in a table of their own beside the key's index: with items of some hundred bytes an
  // update then writes half the pages it writes in a WITHOUT ROWID table.
  private static let tables = """
    CREATE TABLE item (
      id INTEGER PRIMARY KEY,
      pk TEXT NOT NULL,
      sk TEXT NOT NULL,
      attributes TEXT NOT NULL,
      version INTEGER NOT NULL,
      expires INTEGER,
      g1pk TEXT,
      g1sk TEXT,
      g2pk TEXT,
      g2sk TEXT
    ) STRICT;
    CREATE UNIQUE INDEX item_key ON item (pk, sk);
    CREATE INDEX item_g1 ON item (g1pk, g1sk, pk, sk) WHERE g1pk IS NOT NULL;
    CREATE INDEX item_g2 ON item (g2pk, g2sk, pk, sk) WHERE g2pk IS NOT NULL;
    CREATE INDEX item_expires ON item (expires) WHERE expires IS NOT NULL;
    """

  /// Every connection: nothing in the file is trusted, and damage shows itself early.
  static func prepare(_ db: Database) throws {
    try db.execute(sql: "PRAGMA trusted_schema = OFF")
    try db.execute(sql: "PRAGMA cell_size_check = ON")
    try db.execute(sql: "PRAGMA cache_size = -16384")
    try db.execute(sql: "PRAGMA temp_store = MEMORY")
  }

  /// Refuses a file that is damaged, another program's, or a newer Portico's.
  ///
  /// Answers whether it is empty and wants its tables.
  @discardableResult
  static func examine(_ db: Database, path: String) throws -> Bool {
    let place = Place(file: path)
    let application = try integer("PRAGMA application_id", db)
    let version = try integer("PRAGMA user_version", db)
    let tables = try integer("SELECT count(*) FROM sqlite_schema", db)
    if tables == 0, application == 0, version == 0 { return true }
    guard application == Self.application else {
      throw Diagnostic(
        .storeForeign, "'\(path)' is another program's database", at: place,
        remedy: "give another path")
    }
    guard version <= Self.version else {
      throw Diagnostic(
        .storeNewer, "'\(path)' has schema \(version), this Portico knows \(Self.version)",
        at: place, remedy: "use the newer Portico, or restore a backup made before it")
    }
    return false
  }

  /// Makes the tables of an empty file.
  static func create(_ db: Database) throws {
    try db.inTransaction(.immediate) {
      try db.execute(sql: tables)
      try db.execute(sql: "PRAGMA application_id = \(application)")
      try db.execute(sql: "PRAGMA user_version = \(version)")
      return .commit
    }
  }

  /// Asks that every commit reaches the disk before it is acknowledged, and reads it back.
  static func makeDurable(_ db: Database, path: String) throws {
    try db.execute(sql: "PRAGMA synchronous = FULL")
    try db.execute(sql: "PRAGMA fullfsync = ON")
    // The writer does it after it has answered, and sees when it fails.
    try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
    try db.execute(sql: "PRAGMA journal_size_limit = 67108864")
    let synchronous = try integer("PRAGMA synchronous", db)
    let journal = try String.fetchOne(db, sql: "PRAGMA journal_mode")
    guard synchronous == 2, journal == "wal" else {
      throw Diagnostic(
        .storeNotDurable,
        "'\(path)' runs with synchronous \(synchronous) and journal \(journal ?? "none")",
        at: Place(file: path), remedy: "keep the data folder on a local file system")
    }
  }

  /// What SQLite finds wrong with the file; empty when nothing.
  static func damage(_ db: Database, thorough: Bool, most: Int = 20) throws -> [String] {
    let check = thorough ? "integrity_check" : "quick_check"
    return try String.fetchAll(db, sql: "PRAGMA \(check)(\(most))").filter { $0 != "ok" }
  }

  static func integer(_ sql: String, _ db: Database) throws -> Int {
    try Int.fetchOne(db, sql: sql) ?? 0
  }
}
