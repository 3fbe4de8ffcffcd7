import Synchronization
import Time

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Tokens that were verified a moment ago: a second look costs a dictionary, not a signature.
///
/// The key is the token's exact bytes, only successes are kept, and what can change (time, the key
/// set, a revocation) is asked again at every hit (spec/auth.md §5.3).
package final class VerifiedTokenCache: Sendable {
  private struct Entry {
    var token: VerifiedToken
    var generation: Int
    var until: Timestamp
  }

  /// Entries of one lock, with the order in which they came: the oldest goes first.
  private struct Shard {
    var entries: [TokenText: Entry] = [:]
    var ring: [TokenText] = []
    var next = 0

    mutating func insert(_ text: TokenText, _ entry: Entry, most: Int) {
      if entries.updateValue(entry, forKey: text) != nil { return }
      if ring.count < most {
        ring.append(text)
        return
      }
      entries[ring[next]] = nil
      ring[next] = text
      next = (next + 1) % most
    }
  }

  private final class Lock: Sendable {
    let shard = Mutex(Shard())
  }

  /// Longer tokens are verified each time.
  package static let tokenBytesMost = 4_096
  private static let shardCount = 16

  private let locks: [Lock]
  private let mostPerShard: Int
  private let secondsMost: Int

  /// A cache of at most that many tokens, each kept for at most that long.
  package init(most: Int = 8_192, secondsMost: Int = 60) {
    mostPerShard = max(1, most / Self.shardCount)
    self.secondsMost = secondsMost
    locks = (0..<Self.shardCount).map { _ in Lock() }
  }

  private func lock(_ text: TokenText) -> Lock {
    // Fibonacci hashing: the top four bits of the product depend on every byte of the tail.
    locks[Int(truncatingIfNeeded: (text.tail &* 0x9E37_79B9_7F4A_7C15) >> 60)]
  }

  /// The token's content when it was verified with this key set and is still good.
  package func find(_ token: String, generation: Int, leewaySeconds: Int, now: Timestamp)
    -> VerifiedToken?
  {
    guard let text = TokenText(token) else { return nil }
    let entry = lock(text).shard.withLock { $0.entries[text] }
    guard let entry, entry.generation == generation, now < entry.until,
      now < entry.token.expiresAt + .seconds(leewaySeconds)
    else { return nil }
    return entry.token
  }

  /// Remembers a success.
  package func insert(_ token: String, _ verified: VerifiedToken, generation: Int, now: Timestamp) {
    guard let text = TokenText(token) else { return }
    let entry = Entry(
      token: verified, generation: generation, until: now + .seconds(secondsMost))
    lock(text).shard.withLock { $0.insert(text, entry, most: mostPerShard) }
  }

  /// How many are remembered.
  package var count: Int { locks.reduce(0) { $0 + $1.shard.withLock { $0.entries.count } } }

  /// Forgets everything, after an emergency rotation.
  package func removeAll() { for lock in locks { lock.shard.withLock { $0 = Shard() } } }
}

/// A token as a key: all its bytes are compared, but only its last ones are hashed.
///
/// They are the signature's, which is as good as random in every entry, since only verified tokens
/// are entered; hashing a whole token would cost as much as the rest of the look-up. `String`'s own
/// equality is canonical equivalence, under which U+212A is a K.
private struct TokenText: Hashable {
  let text: String
  /// The last eight bytes.
  let tail: UInt64

  init?(_ text: String) {
    let tail = text.utf8.withContiguousStorageIfAvailable { bytes -> UInt64? in
      guard (8...VerifiedTokenCache.tokenBytesMost).contains(bytes.count) else { return nil }
      return UnsafeRawBufferPointer(bytes)
        .loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self)
    }
    // Bridged strings, which no server on Linux has, are not contiguous: they are not cached.
    guard let tail, let tail else { return nil }
    self.text = text
    self.tail = tail
  }

  static func == (left: TokenText, right: TokenText) -> Bool {
    guard left.tail == right.tail else { return false }
    return left.withBytes { one in
      right.withBytes { other in
        guard let start = one.baseAddress, let otherStart = other.baseAddress else { return false }
        return one.count == other.count && memcmp(start, otherStart, one.count) == 0
      }
    }
  }

  private func withBytes(_ body: (UnsafeRawBufferPointer) -> Bool) -> Bool {
    text.utf8.withContiguousStorageIfAvailable { body(UnsafeRawBufferPointer($0)) } ?? false
  }

  func hash(into hasher: inout Hasher) { hasher.combine(tail) }
}
