import Synchronization
import Time

/// Tokens that were verified a moment ago: a second look costs a dictionary, not a signature.
///
/// The key is the token's exact bytes, only successes are kept, and what can change (time, the key
/// set, a revocation) is asked again at every hit (spec: RFC 8725 leaves no room for stale yes).
package final class VerifiedTokenCache: Sendable {
  private struct Entry {
    var token: VerifiedToken
    var generation: Int
    var until: Timestamp
  }

  private struct Shard: ~Copyable {
    let entries = Mutex<[String: Entry]>([:])
  }

  /// Longer tokens are verified each time.
  private static let tokenBytesMost = 4_096
  private static let shardCount = 16

  private let shards: [Lock]
  private let most: Int
  private let secondsMost: Int

  private final class Lock: Sendable {
    let shard = Shard()
  }

  /// A cache of at most that many tokens, each kept for at most that long.
  package init(most: Int = 8_192, secondsMost: Int = 60) {
    self.most = max(Self.shardCount, most)
    self.secondsMost = secondsMost
    shards = (0..<Self.shardCount).map { _ in Lock() }
  }

  private func shard(_ token: String) -> Lock {
    shards[token.hashValue & (Self.shardCount - 1)]
  }

  /// The token's content when it was verified with this key set and is still good.
  package func find(_ token: String, generation: Int, leewaySeconds: Int, now: Timestamp)
    -> VerifiedToken?
  {
    shard(token).shard.entries.withLock { entries in
      guard let entry = entries[token], entry.generation == generation, now < entry.until,
        now < entry.token.expiresAt + .seconds(leewaySeconds)
      else { return nil }
      return entry.token
    }
  }

  /// Remembers a success.
  package func insert(_ text: String, _ token: VerifiedToken, generation: Int, now: Timestamp) {
    guard text.utf8.count <= Self.tokenBytesMost else { return }
    let until = min(token.expiresAt, now + .seconds(secondsMost))
    guard now < until else { return }
    shard(text).shard.entries.withLock { entries in
      if entries.count >= most / Self.shardCount {
        entries = entries.filter { now < $0.value.until && $0.value.generation == generation }
        // Still full of live tokens: half goes, whichever the dictionary names first.
        if entries.count >= most / Self.shardCount {
          for key in Array(entries.keys.prefix(entries.count / 2)) { entries[key] = nil }
        }
      }
      entries[text] = Entry(token: token, generation: generation, until: until)
    }
  }

  /// How many are remembered.
  package var count: Int { shards.reduce(0) { $0 + $1.shard.entries.withLock { $0.count } } }

  /// Forgets everything, after an emergency rotation.
  package func removeAll() { for lock in shards { lock.shard.entries.withLock { $0 = [:] } } }
}
