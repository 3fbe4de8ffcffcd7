/// The item store contract: what SQLite, DynamoDB and PostgreSQL can all do exactly, and no more.
///
/// One table of items named by partition and sort key, two sparse secondary indexes, conditional
/// writes and all-or-nothing transactions. What holds for every driver:
/// - an acknowledged write survives `kill -9` and power loss;
/// - writes are serialisable, a get sees every write acknowledged before it began;
/// - keys compare by their UTF-8 bytes;
/// - an item whose `expiresAt` is reached is absent to every operation, swept or not;
/// - a query of an index may lag behind on some drivers: it is never used for a decision that must
///   be right.
package protocol ItemStore: Sendable {
  /// The item of that key, or nil.
  func get(_ key: ItemKey) async throws -> Item?

  /// The items of at most 100 keys as they stood at one moment, in the order of the keys.
  func batchGet(_ keys: [ItemKey]) async throws -> [Item?]

  /// One page of one partition, of the table or of an index.
  func query(_ query: Query) async throws -> Page

  /// One write; answers the item as put or updated, or as it was before a delete.
  ///
  /// A refused condition throws `StoreError.conditionFailed` with one reason.
  @discardableResult
  func write(_ write: Write) async throws -> Item?

  /// At most 25 writes of different items, all or nothing.
  ///
  /// A refusal throws `StoreError.conditionFailed` whose reasons stand in the order of the writes.
  func transact(_ writes: [Write]) async throws
}

/// The bounds every driver keeps: the smallest of what the three kinds of store allow.
package enum StoreLimits {
  /// Keys in one batch get (DynamoDB's BatchGetItem and TransactGetItems).
  package static let batchKeys = 100
  /// Writes in one transaction (what DynamoDB began with; larger ones are split by their caller).
  package static let transactionWrites = 25
  /// Bytes of a partition key.
  package static let partitionKeyBytes = 2048
  /// Bytes of a sort key.
  package static let sortKeyBytes = 1024
  /// Bytes of an item: its keys, index keys and attributes as JSON.
  package static let itemBytes = 400 * 1024
  /// Bytes of the writes of one transaction.
  package static let transactionBytes = 4 << 20
  /// Significant digits of a number.
  package static let numberDigits = 38
  /// Greatest power of ten of a number's first digit, and the least, negated: -130 … 125.
  package static let numberExponents = -130...125
  /// Arrays and objects inside one another.
  package static let depth = 32
  /// Items of a page when the query does not say.
  package static let pageItems = 100
  /// Items of a page at most.
  package static let pageItemsMost = 1000
  /// Bytes of a page, after which it ends early with a cursor.
  package static let pageBytes = 1 << 20
  /// Bytes of a cursor handed in.
  package static let cursorBytes = 16 << 10
}
