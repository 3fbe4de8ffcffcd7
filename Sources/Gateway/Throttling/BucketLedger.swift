import Synchronization
import Time

/// Whose bucket it is.
package struct BucketKey: Sendable, Hashable {
  /// The layer a bucket belongs to.
  package enum Scope: UInt8, Sendable, Hashable, CaseIterable {
    case address, addressOnRoute, key, route, stage, user
  }

  package var scope: Scope
  package var name: String

  package init(_ scope: Scope, _ name: String) {
    self.scope = scope
    self.name = name
  }
}

/// Where buckets are kept; the seam at which nodes can share them.
package protocol BucketLedger: Sendable {
  /// Takes one token from a bucket; must not wait.
  func take(_ key: BucketKey, _ limit: RateLimit, now: MonotonicInstant) -> TokenBucket.Verdict
}

/// Buckets of this process, bounded: a bucket that is full again is forgotten first, then the one
/// that was used longest ago.
package final class LocalBucketLedger: BucketLedger {
  private let shards: [Shard]

  /// - Parameter capacity: buckets in all; each costs about 150 bytes.
  package init(capacity: Int = 65_536) {
    let count = 16
    shards = (0..<count).map { _ in Shard(capacity: max(1, capacity / count)) }
  }

  package func take(_ key: BucketKey, _ limit: RateLimit, now: MonotonicInstant)
    -> TokenBucket.Verdict
  {
    shards[(key.hashValue & .max) % shards.count].take(key, limit, now)
  }

  /// How many buckets are remembered.
  package var count: Int { shards.reduce(0) { $0 + $1.count } }

  private final class Shard: Sendable {
    private let state: Mutex<RecencyMap<BucketKey, TokenBucket>>

    init(capacity: Int) { state = Mutex(RecencyMap(capacity: capacity)) }

    var count: Int { state.withLock { $0.count } }

    func take(_ key: BucketKey, _ limit: RateLimit, _ now: MonotonicInstant)
      -> TokenBucket.Verdict
    {
      state.withLock { buckets in
        buckets.update(key, makingNew: TokenBucket()) { $0.take(limit, now: now) }
      }
    }
  }
}

/// A dictionary of bounded size that forgets what was used longest ago.
package struct RecencyMap<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Slot {
    var key: Key
    var value: Value
    var newer: Int
    var older: Int
  }

  private let capacity: Int
  private var index: [Key: Int] = [:]
  private var slots: [Slot] = []
  private var newest = -1
  private var oldest = -1

  package init(capacity: Int) { self.capacity = max(1, capacity) }

  /// How many entries there are.
  package var count: Int { index.count }

  /// Changes the entry of a key in place, making it first when it is not there.
  package mutating func update<Result>(
    _ key: Key, makingNew new: @autoclosure () -> Value, _ change: (inout Value) -> Result
  ) -> Result {
    let at: Int
    if let found = index[key] {
      at = found
      if at != newest {
        unlink(at)
        link(at)
      }
    } else {
      at = place(key, new())
    }
    return change(&slots[at].value)
  }

  /// The value of a key, which becomes the newest.
  package mutating func value(_ key: Key) -> Value? {
    guard let at = index[key] else { return nil }
    if at != newest {
      unlink(at)
      link(at)
    }
    return slots[at].value
  }

  private mutating func place(_ key: Key, _ value: Value) -> Int {
    let slot = Slot(key: key, value: value, newer: -1, older: -1)
    let at: Int
    if slots.count < capacity {
      at = slots.count
      slots.append(slot)
    } else {
      at = oldest
      unlink(at)
      index[slots[at].key] = nil
      slots[at] = slot
    }
    index[key] = at
    link(at)
    return at
  }

  private mutating func link(_ at: Int) {
    slots[at].older = newest
    slots[at].newer = -1
    if newest >= 0 { slots[newest].newer = at }
    newest = at
    if oldest < 0 { oldest = at }
  }

  private mutating func unlink(_ at: Int) {
    let (newer, older) = (slots[at].newer, slots[at].older)
    if newer >= 0 { slots[newer].older = older } else { newest = older }
    if older >= 0 { slots[older].newer = newer } else { oldest = newer }
  }
}
