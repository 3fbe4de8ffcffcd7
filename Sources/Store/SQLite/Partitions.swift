import GRDB

extension ItemTable {
  /// The partitions with a prefix: one look into the key's index for each, its items leapt over.
  static func partitions(prefix: String, after last: String?, limit: Int, in db: Database) throws
    -> [String]
  {
    let end = successor(ofPrefix: prefix)
    var found: [String] = []
    var position = last
    while found.count < limit {
      guard let key = try partition(from: position ?? prefix, isAfter: position != nil, in: db)
      else { break }
      if let end, !key.utf8.lexicographicallyPrecedes(end.utf8) { break }
      found.append(key)
      position = key
    }
    return found
  }

  private static func partition(from text: String, isAfter: Bool, in db: Database) throws
    -> String?
  {
    let statement = try BoundStatement(
      "SELECT pk FROM item WHERE pk \(isAfter ? ">" : ">=") ?1 ORDER BY pk LIMIT 1", in: db)
    try statement.bind(text, at: 1)
    return try statement.step() ? try statement.text(0) : nil
  }
}
