/// A question for one partition.
package struct Query: Sendable, Hashable {
  /// Where the partition is looked up.
  package enum Index: String, Sendable, Hashable, CaseIterable {
    case table
    case g1
    case g2
  }

  /// Which sort keys, by their bytes.
  package enum Range: Sendable, Hashable {
    case all
    case equals(String)
    case beginsWith(String)
    /// Both ends belong to it.
    case between(String, String)
    case greaterThan(String)
    case atLeast(String)
    case lessThan(String)
    case atMost(String)
  }

  /// The order of the sort keys.
  package enum Direction: String, Sendable, Hashable {
    case ascending
    case descending
  }

  /// The table or an index.
  package var index: Index
  /// The partition.
  package var pk: String
  /// Which sort keys of it.
  package var range: Range
  /// Items of the page at most, 1 … 1000.
  package var limit: Int
  /// The order.
  package var direction: Direction
  /// Where the page before ended: `Page.cursor` of the same query.
  package var cursor: String?

  package init(
    _ index: Index = .table, pk: String, _ range: Range = .all,
    limit: Int = StoreLimits.pageItems, direction: Direction = .ascending, cursor: String? = nil
  ) {
    self.index = index
    self.pk = pk
    self.range = range
    self.limit = limit
    self.direction = direction
    self.cursor = cursor
  }
}

/// A page of items.
package struct Page: Sendable, Hashable {
  /// The items in the order asked for; fewer than the limit does not mean the end.
  package var items: [Item]
  /// Where the next page begins; nil at the end.
  package var cursor: String?

  package init(items: [Item], cursor: String? = nil) {
    self.items = items
    self.cursor = cursor
  }
}
