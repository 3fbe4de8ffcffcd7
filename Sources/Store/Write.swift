import JSON
import Time

/// What must hold for a write to happen; judged on the item as it stands before the write.
package indirect enum Condition: Sendable, Hashable {
  /// Nothing.
  case none
  /// The item exists.
  case exists
  /// It does not.
  case notExists
  /// It exists at exactly this version.
  case version(Int)
  /// It exists, and the attribute is a number of at least this.
  case numberAtLeast(String, Int)
  /// All of these.
  case all([Condition])
}

/// One change of an update; no two of one update name the same attribute.
package enum Change: Sendable, Hashable {
  /// Sets an attribute.
  case set(String, JSON)
  /// Removes an attribute; an absent one is no error.
  case remove(String)
  /// Adds to an integer attribute, which counts from 0 when absent.
  case add(String, Int)
  /// Sets or removes the moment of expiry.
  case expires(Timestamp?)
  /// Moves the item in the first index, or out of it.
  case g1(IndexKey?)
  /// Moves the item in the second index, or out of it.
  case g2(IndexKey?)
}

/// One write with its condition.
package enum Write: Sendable, Hashable {
  /// The item as given, whatever was there.
  case put(Item, if: Condition = .none)
  /// These changes of the item; an absent item begins empty unless the condition forbids it.
  case update(ItemKey, [Change], if: Condition = .none)
  /// No item; an absent one is no error unless the condition says so.
  case delete(ItemKey, if: Condition = .none)
  /// No change: the condition alone.
  case check(ItemKey, if: Condition)

  /// The item it concerns.
  package var key: ItemKey {
    switch self {
    case .put(let item, _): item.key
    case .update(let key, _, _), .delete(let key, _), .check(let key, _): key
    }
  }

  /// What must hold.
  package var condition: Condition {
    switch self {
    case .put(_, let condition), .update(_, _, let condition), .delete(_, let condition),
      .check(_, let condition):
      condition
    }
  }
}
