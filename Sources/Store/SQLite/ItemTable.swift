import GRDB
import Time

/// The one table, as statements: reading a row, changing a row, a page of rows.
enum ItemTable {
  private static let columns =
    "pk, sk, attributes, version, expires, g1pk, g1sk, g2pk, g2sk"

  /// The row of a key, without its attributes unless they are asked for.
  static func stored(_ key: ItemKey, whole: Bool, now: Timestamp, in db: Database) throws
    -> StoredItem?
  {
    let sql =
      whole
      ? "SELECT \(columns), id FROM item WHERE pk = ?1 AND sk = ?2"
      : "SELECT id, version, expires, g1pk, g1sk, g2pk, g2sk FROM item WHERE pk = ?1 AND sk = ?2"
    let statement = try BoundStatement(sql, in: db)
    try statement.bind(key.pk, at: 1)
    try statement.bind(key.sk, at: 2)
    guard try statement.step() else { return nil }
    guard whole else {
      guard let id = try statement.integer(0), let version = try statement.integer(1) else {
        throw StoreError.corrupt("an item without a version")
      }
      let places = Places(
        expiresAt: try statement.integer(2).map { Timestamp(milliseconds: $0) },
        g1: try place(statement, 3), g2: try place(statement, 5))
      let isExpired = places.expiresAt.map { $0 <= now } ?? false
      return StoredItem(id: id, version: version, isExpired: isExpired, places: places)
    }
    let item = try item(statement)
    guard let id = try statement.integer(9) else {
      throw StoreError.corrupt("a row without a number")
    }
    let isExpired = item.expiresAt.map { $0 <= now } ?? false
    return StoredItem(
      id: id, version: item.version, isExpired: isExpired, places: item.places, item: item)
  }

  /// The item of a key, unless its time is over.
  static func get(_ key: ItemKey, now: Timestamp, in db: Database) throws -> Item? {
    let statement = try BoundStatement(
      """
      SELECT \(columns) FROM item
      WHERE pk = ?1 AND sk = ?2 AND (expires IS NULL OR expires > ?3)
      """, in: db)
    try statement.bind(key.pk, at: 1)
    try statement.bind(key.sk, at: 2)
    try statement.bind(now.milliseconds, at: 3)
    return try statement.step() ? try item(statement) : nil
  }

  /// Carries out what was decided for one row.
  static func apply(_ effect: Decision.Effect, in db: Database) throws {
    switch effect {
    case .nothing: return
    case .insert(let encoded):
      let statement = try BoundStatement(
        "INSERT INTO item (\(columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", in: db)
      try statement.bind(encoded.item.key.pk, at: 1)
      try statement.bind(encoded.item.key.sk, at: 2)
      try bind(encoded, to: statement)
      try statement.run()
    case .replace(let id, let encoded, let before): try replace(id, encoded, before, in: db)
    case .remove(let id):
      let statement = try BoundStatement("DELETE FROM item WHERE id = ?1", in: db)
      try statement.bind(id, at: 1)
      try statement.run()
    }
  }

  /// Sets only the columns that change: SQLite writes the index of a column that is set anew, the
  /// same value too.
  private static func replace(
    _ id: Int, _ encoded: EncodedItem, _ before: Places, in db: Database
  ) throws {
    let after = encoded.item.places
    var columns = "attributes = ?3, version = ?4"
    if after.expiresAt != before.expiresAt { columns += ", expires = ?5" }
    if after.g1 != before.g1 { columns += ", g1pk = ?6, g1sk = ?7" }
    if after.g2 != before.g2 { columns += ", g2pk = ?8, g2sk = ?9" }
    let statement = try BoundStatement("UPDATE item SET \(columns) WHERE id = ?1", in: db)
    try statement.bind(id, at: 1)
    try statement.bind(encoded.attributes, at: 3)
    try statement.bind(encoded.item.version, at: 4)
    if after.expiresAt != before.expiresAt {
      try statement.bind(after.expiresAt?.milliseconds, at: 5)
    }
    if after.g1 != before.g1 { try statement.bind(after.g1, at: 6) }
    if after.g2 != before.g2 { try statement.bind(after.g2, at: 8) }
    try statement.run()
  }

  private static func bind(_ encoded: EncodedItem, to statement: borrowing BoundStatement) throws {
    try statement.bind(encoded.attributes, at: 3)
    try statement.bind(encoded.item.version, at: 4)
    try statement.bind(encoded.item.expiresAt?.milliseconds, at: 5)
    try statement.bind(encoded.item.g1, at: 6)
    try statement.bind(encoded.item.g2, at: 8)
  }

  /// Removes at most so many rows whose time is over; answers how many.
  static func sweep(limit: Int, now: Timestamp, in db: Database) throws -> Int {
    let statement = try BoundStatement(
      """
      DELETE FROM item WHERE id IN (
        SELECT id FROM item WHERE expires IS NOT NULL AND expires <= ?1 ORDER BY expires LIMIT ?2)
      """, in: db)
    try statement.bind(now.milliseconds, at: 1)
    try statement.bind(limit, at: 2)
    try statement.run()
    return db.changesCount
  }

  /// Items in the order of their keys, expired ones too, from after a key.
  static func export(after key: ItemKey?, limit: Int, in db: Database) throws -> [Item] {
    let statement = try BoundStatement(
      "SELECT \(columns) FROM item WHERE (pk, sk) > (?1, ?2) ORDER BY pk, sk LIMIT ?3", in: db)
    try statement.bind(key?.pk ?? "", at: 1)
    try statement.bind(key?.sk ?? "", at: 2)
    try statement.bind(limit, at: 3)
    var items: [Item] = []
    while try statement.step() { items.append(try item(statement)) }
    return items
  }

  /// Every row in the order of the keys, each as its item or as what is wrong with it.
  static func scan(in db: Database, visit: (ItemKey, Result<Item, StoreError>) -> Bool) throws {
    let statement = try BoundStatement("SELECT \(columns) FROM item ORDER BY pk, sk", in: db)
    while try statement.step() {
      let key = ItemKey(try statement.text(0) ?? "", try statement.text(1) ?? "")
      let read: Result<Item, StoreError>
      do {
        read = .success(try item(statement))
      } catch {
        read = .failure(StoreError(error))
      }
      guard visit(key, read) else { return }
    }
  }

  private static func item(_ statement: borrowing BoundStatement) throws -> Item {
    guard let pk = try statement.text(0), let sk = try statement.text(1),
      let version = try statement.integer(3), version > 0
    else { throw StoreError.corrupt("an item without key or version") }
    return Item(
      ItemKey(pk, sk), try statement.json(2), version: version,
      expiresAt: try statement.integer(4).map { Timestamp(milliseconds: $0) },
      g1: try place(statement, 5), g2: try place(statement, 7))
  }

  private static func place(_ statement: borrowing BoundStatement, _ column: Int) throws
    -> IndexKey?
  {
    guard let pk = try statement.text(column) else { return nil }
    guard let sk = try statement.text(column + 1) else {
      throw StoreError.corrupt("half a place in an index")
    }
    return IndexKey(pk, sk)
  }
}

extension ItemTable {
  /// One page of a query.
  static func page(_ query: Query, after position: PagePosition?, now: Timestamp, in db: Database)
    throws
    -> Page
  {
    let shape = PageShape(query, after: position)
    let statement = try BoundStatement(shape.sql(columns: columns), in: db)
    try statement.bind(query.pk, at: 1)
    try statement.bind(now.milliseconds, at: 2)
    // One more than the page takes tells whether another follows.
    try statement.bind(query.limit + 1, at: 3)
    for (offset, text) in shape.texts.enumerated() { try statement.bind(text, at: 4 + offset) }
    var page = Page(items: [])
    var bytes = 0
    while try statement.step() {
      if page.items.count == query.limit || bytes >= StoreLimits.pageBytes {
        page.cursor = page.items.last.flatMap { query.position(of: $0) }.map {
          query.cursor(after: $0)
        }
        break
      }
      bytes += statement.byteCount(2)
      page.items.append(try item(statement))
    }
    return page
  }
}

extension Query {
  /// Where an item stands in the table or index asked.
  func position(of item: Item) -> PagePosition? {
    switch index {
    case .table: PagePosition(sk: item.key.sk, key: item.key)
    case .g1: item.g1.map { PagePosition(sk: $0.sk, key: item.key) }
    case .g2: item.g2.map { PagePosition(sk: $0.sk, key: item.key) }
    }
  }
}

/// The form of a page's statement: which ends it has, and what is bound to them.
///
/// SQLite seeks by one lower and one upper end, so where a cursor narrows the range the statement
/// carries the narrower of the two only: otherwise a later page would walk over all earlier ones.
struct PageShape: Sendable, Hashable {
  let index: Query.Index
  let direction: Query.Direction
  private(set) var conditions: [String] = []
  private(set) var texts: [String] = []

  init(_ query: Query, after position: PagePosition?) {
    index = query.index
    direction = query.direction
    var bounds = query.range.bounds
    if let position {
      switch direction {
      case .ascending where !Self.isBeyond(bounds.lower, position.sk, ascending: true):
        bounds.lower = nil
        add(position, ">")
      case .descending where !Self.isBeyond(bounds.upper, position.sk, ascending: false):
        bounds.upper = nil
        add(position, "<")
      default: break
      }
    }
    if let lower = bounds.lower { add(lower.text, lower.isIncluded ? ">=" : ">") }
    if let upper = bounds.upper { add(upper.text, upper.isIncluded ? "<=" : "<") }
  }

  /// Whether an end of the range lies past the cursor, so that the cursor narrows nothing.
  private static func isBeyond(_ end: SortKeyBounds.End?, _ sk: String, ascending: Bool) -> Bool {
    guard let end else { return false }
    if ascending {
      if sk.utf8.lexicographicallyPrecedes(end.text.utf8) { return true }
    } else if end.text.utf8.lexicographicallyPrecedes(sk.utf8) {
      return true
    }
    return !end.isIncluded && end.text.utf8.elementsEqual(sk.utf8)
  }

  private var sortColumn: String { index == .table ? "sk" : "\(index.rawValue)sk" }

  private mutating func add(_ text: String, _ comparison: String) {
    texts.append(text)
    conditions.append("\(sortColumn) \(comparison) ?\(3 + texts.count)")
  }

  private mutating func add(_ position: PagePosition, _ comparison: String) {
    if index == .table { return add(position.sk, comparison) }
    let first = 4 + texts.count
    texts += [position.sk, position.key.pk, position.key.sk]
    conditions.append(
      "(\(sortColumn), pk, sk) \(comparison) (?\(first), ?\(first + 1), ?\(first + 2))")
  }

  func sql(columns: String) -> String {
    let partition = index == .table ? "pk" : "\(index.rawValue)pk"
    let order = direction == .ascending ? "ASC" : "DESC"
    let tail = index == .table ? "" : ", pk \(order), sk \(order)"
    return """
      SELECT \(columns) FROM item WHERE \(partition) = ?1
      \(conditions.map { "AND \($0) " }.joined())AND (expires IS NULL OR expires > ?2)
      ORDER BY \(sortColumn) \(order)\(tail) LIMIT ?3
      """
  }
}

/// How SQLite finds a page, for tests that no page costs a scan or a sort.
package enum StorePlan {
  /// The lines of EXPLAIN QUERY PLAN.
  package static func explain(_ query: Query, in db: Database) throws -> [String] {
    let sql = "EXPLAIN QUERY PLAN " + PageShape(query, after: nil).sql(columns: "pk")
    let statement = try BoundStatement(sql, in: db)
    var lines: [String] = []
    while try statement.step() { lines.append(try statement.text(3) ?? "") }
    return lines
  }
}
