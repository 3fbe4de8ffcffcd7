import GRDB
import GRDBSQLite
import JSON

/// One use of a prepared statement: bind, step, read, reset.
///
/// GRDB keeps the connections and the cache of statements; rows go through SQLite's own interface,
/// which costs a third of GRDB's row decoding and turns damage into an error instead of a trap.
struct BoundStatement: ~Copyable {
  private let statement: Statement
  private let handle: OpaquePointer

  init(_ sql: String, in db: Database) throws {
    statement = try db.cachedStatement(sql: sql)
    handle = statement.sqliteStatement
  }

  deinit {
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
  }

  func bind(_ text: String, at index: Int) throws {
    var text = text
    let code = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { chars -> CInt in
        // Without an address SQLite binds NULL, and an empty text is none.
        guard let start = chars.baseAddress else {
          return sqlite3_bind_text(handle, CInt(index), "", 0, transient)
        }
        return sqlite3_bind_text(handle, CInt(index), start, CInt(chars.count), transient)
      }
    }
    try check(code)
  }

  func bind(_ text: [UInt8], at index: Int) throws {
    let code = text.withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        sqlite3_bind_text(handle, CInt(index), $0.baseAddress, CInt($0.count), transient)
      }
    }
    try check(code)
  }

  func bind(_ value: Int?, at index: Int) throws {
    guard let value else { return try check(sqlite3_bind_null(handle, CInt(index))) }
    try check(sqlite3_bind_int64(handle, CInt(index), Int64(value)))
  }

  func bind(_ place: IndexKey?, at index: Int) throws {
    guard let place else {
      try check(sqlite3_bind_null(handle, CInt(index)))
      return try check(sqlite3_bind_null(handle, CInt(index + 1)))
    }
    try bind(place.pk, at: index)
    try bind(place.sk, at: index + 1)
  }

  /// Goes on to the next row; false at the end.
  func step() throws -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default: throw SQLiteFailure(sqlite3_db_handle(handle))
    }
  }

  /// Steps to the end of a statement that has no rows.
  func run() throws {
    while try step() {}
  }

  func integer(_ column: Int) throws -> Int? {
    switch sqlite3_column_type(handle, CInt(column)) {
    case SQLITE_NULL: return nil
    case SQLITE_INTEGER: return Int(sqlite3_column_int64(handle, CInt(column)))
    default: throw StoreError.corrupt("column \(column) is not an integer")
    }
  }

  func text(_ column: Int) throws -> String? {
    guard let bytes = try bytes(column) else { return nil }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw StoreError.corrupt("column \(column) is not UTF-8")
    }
    return text
  }

  func json(_ column: Int) throws -> JSONObject {
    guard let bytes = try bytes(column), let value = try? JSON(parsing: bytes),
      let object = value.object
    else { throw StoreError.corrupt("the attributes of an item are not a JSON object") }
    return object
  }

  /// How many bytes a text column holds.
  func byteCount(_ column: Int) -> Int { Int(sqlite3_column_bytes(handle, CInt(column))) }

  /// The bytes of a text column, valid until the next step.
  private func bytes(_ column: Int) throws -> UnsafeBufferPointer<UInt8>? {
    switch sqlite3_column_type(handle, CInt(column)) {
    case SQLITE_NULL: return nil
    case SQLITE_TEXT:
      let start = sqlite3_column_text(handle, CInt(column))
      return UnsafeBufferPointer(start: start, count: byteCount(column))
    default: throw StoreError.corrupt("column \(column) is not text")
    }
  }

  private func check(_ code: CInt) throws {
    if code != SQLITE_OK { throw SQLiteFailure(sqlite3_db_handle(handle)) }
  }

  /// SQLite copies what is bound, since our strings end with the call.
  private var transient: sqlite3_destructor_type {
    unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }
}

/// What SQLite answered instead of doing it.
struct SQLiteFailure: Error, Sendable, Hashable {
  /// The extended result code.
  var code: Int
  var message: String

  init(code: Int, message: String) {
    self.code = code
    self.message = message
  }

  init(_ connection: OpaquePointer?) {
    code = Int(sqlite3_extended_errcode(connection))
    message = String(cString: sqlite3_errmsg(connection))
  }

  /// The failure within an error of GRDB's or ours, if it is one.
  init?(_ error: any Error) {
    if let failure = error as? SQLiteFailure {
      self = failure
    } else if let error = error as? DatabaseError {
      self.init(
        code: Int(error.extendedResultCode.rawValue), message: error.message ?? "no message")
    } else {
      return nil
    }
  }

  /// Whether the disk may have dropped what it was given: nothing is believed after that.
  ///
  /// SQLITE_IOERR_FSYNC and SQLITE_IOERR_DIR_FSYNC, which C spells as expressions.
  var isLostSync: Bool {
    code == 1034 || code == 1290
  }

  /// What the contract calls it.
  var storeError: StoreError {
    switch CInt(truncatingIfNeeded: code & 0xFF) {
    case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt(message)
    case SQLITE_BUSY, SQLITE_LOCKED: .conflict
    default: .unavailable("\(message) (SQLite \(code))")
    }
  }
}

extension StoreError {
  /// Any error of the driver as one of the contract.
  init(_ error: any Error) {
    if let error = error as? StoreError {
      self = error
    } else if let failure = SQLiteFailure(error) {
      self = failure.storeError
    } else {
      self = .unavailable(String(describing: error))
    }
  }
}
