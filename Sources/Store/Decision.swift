import JSON
import Time

/// What is stored under a key now, as far as it was read.
struct StoredItem: Sendable {
  /// The driver's own number of the row.
  var id: Int
  var version: Int
  /// Whether its time is over: then it is absent, though its row is still there.
  var isExpired: Bool
  /// Where it stands in the indexes.
  var places: Places
  /// The rest; nil when the write did not need it.
  var item: Item?
}

/// The columns of a row that stand in indexes beside its key's.
struct Places: Sendable, Hashable {
  var expiresAt: Timestamp?
  var g1: IndexKey?
  var g2: IndexKey?
}

extension Item {
  var places: Places { Places(expiresAt: expiresAt, g1: g1, g2: g2) }
}

/// What one write does to its row, decided before anything is changed.
struct Decision: Sendable {
  enum Effect: Sendable {
    case nothing
    case insert(EncodedItem)
    case replace(id: Int, EncodedItem, before: Places)
    case remove(id: Int)
  }

  var effect: Effect
  /// What the writer gets to see.
  var item: Item?
}

extension PreparedWrite {
  /// Whether the row's attributes must be read.
  func readsAttributes(answering: Bool) -> Bool {
    switch action {
    case .update: true
    case .delete: answering || condition.readsAttributes
    case .put, .check: condition.readsAttributes
    }
  }

  /// The effect on what is stored, or nil when the condition does not hold.
  func decide(on stored: StoredItem?) throws(StoreError) -> Decision? {
    let current = stored.flatMap { $0.isExpired ? nil : $0 }
    guard condition.holds(for: current) else { return nil }
    switch action {
    case .check: return Decision(effect: .nothing)
    case .delete:
      guard let stored else { return Decision(effect: .nothing) }
      return Decision(effect: .remove(id: stored.id), item: current?.item)
    case .put(let encoded):
      return place(encoded, over: stored, after: current?.version ?? 0)
    case .update(let changes):
      var item = current?.item ?? Item(key)
      try item.apply(changes)
      return place(try EncodedItem(item), over: stored, after: current?.version ?? 0)
    }
  }

  private func place(_ encoded: EncodedItem, over stored: StoredItem?, after version: Int)
    -> Decision
  {
    var encoded = encoded
    encoded.item.version = version + 1
    let effect: Decision.Effect =
      stored.map { .replace(id: $0.id, encoded, before: $0.places) } ?? .insert(encoded)
    return Decision(effect: effect, item: encoded.item)
  }
}

extension Condition {
  func holds(for current: StoredItem?) -> Bool {
    switch self {
    case .none: return true
    case .exists: return current != nil
    case .notExists: return current == nil
    case .version(let version): return current?.version == version
    case .numberAtLeast(let name, let least):
      guard let number = current?.item?[name]?.number else { return false }
      return number >= JSONNumber(least)
    case .all(let parts): return parts.allSatisfy { $0.holds(for: current) }
    }
  }
}

extension Item {
  mutating func apply(_ changes: [Change]) throws(StoreError) {
    for change in changes {
      switch change {
      case .set(let name, let value): attributes[name] = value
      case .remove(let name): attributes[name] = nil
      case .add(let name, let amount):
        attributes[name] = .int(try sum(of: name, plus: amount))
      case .expires(let moment): expiresAt = moment
      case .g1(let place): g1 = place
      case .g2(let place): g2 = place
      }
    }
  }

  private func sum(of name: String, plus amount: Int) throws(StoreError) -> Int {
    guard let value = attributes[name] else { return amount }
    guard let integer = value.int else {
      throw .invalid("an addition to '\(name)', which is not an integer")
    }
    let (sum, overflow) = integer.addingReportingOverflow(amount)
    if overflow { throw .limitExceeded("the sum in '\(name)'") }
    return sum
  }
}
