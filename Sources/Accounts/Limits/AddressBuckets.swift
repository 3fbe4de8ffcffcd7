import Synchronization
import Time

/// A token bucket per network address, asked before anything is hashed.
final class AddressBuckets: Sendable {
  struct Rate: Sendable, Hashable {
    var burst: Int
    var perMinute: Int
  }

  private struct Bucket {
    var tokens: Double
    var at: MonotonicInstant
  }

  /// Addresses that are remembered; beyond them full buckets are forgotten first.
  static let capacity = 16_384

  private let rate: Rate
  private let buckets = Mutex<[String: Bucket]>([:])

  init(_ rate: Rate) { self.rate = rate }

  /// Takes one token; otherwise says how long until there is one.
  func take(_ address: String, at now: MonotonicInstant) -> Duration? {
    let key = Self.network(of: address)
    let perSecond = Double(rate.perMinute) / 60
    return buckets.withLock { buckets in
      var bucket = buckets[key] ?? Bucket(tokens: Double(rate.burst), at: now)
      let passed = Double((now - bucket.at).wholeMilliseconds) / 1000
      bucket.tokens = min(Double(rate.burst), bucket.tokens + max(0, passed) * perSecond)
      bucket.at = now
      if buckets[key] == nil, buckets.count >= Self.capacity {
        Self.evict(&buckets, rate: rate, now: now, perSecond: perSecond)
      }
      defer { buckets[key] = bucket }
      guard bucket.tokens >= 1 else {
        return .milliseconds(Int((1 - bucket.tokens) / max(perSecond, 1e-6) * 1000) + 1)
      }
      bucket.tokens -= 1
      return nil
    }
  }

  private static func evict(
    _ buckets: inout [String: Bucket], rate: Rate, now: MonotonicInstant, perSecond: Double
  ) {
    let full = buckets.filter { _, bucket in
      let passed = Double((now - bucket.at).wholeMilliseconds) / 1000
      return bucket.tokens + passed * perSecond >= Double(rate.burst)
    }
    for key in full.keys { buckets[key] = nil }
    // All of them busy: an attack over that many networks. The fullest half forgets the least.
    guard buckets.count >= capacity else { return }
    for (key, _) in buckets.sorted(by: { $0.value.tokens > $1.value.tokens }).prefix(capacity / 2) {
      buckets[key] = nil
    }
  }

  /// The network that counts as one caller: an IPv4 address, or the /64 of an IPv6 address.
  static func network(of address: String) -> String {
    guard address.contains(":") else { return address }
    let bare = address.split(separator: "%", maxSplits: 1).first.map(String.init) ?? address
    if bare.lowercased().hasPrefix("::ffff:"), bare.contains(".") {
      return String(bare.dropFirst(7))
    }
    let halves = bare.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
    func groups(_ text: Substring) -> [String] {
      text.split(separator: ":").map { String($0).lowercased() }
    }
    var head = groups(halves.first ?? "")
    if bare.contains("::") {
      let tail = halves.count > 1 ? groups(halves[1]) : []
      head += Array(repeating: "0", count: max(0, 8 - head.count - tail.count)) + tail
    }
    let prefix = head.prefix(4).map { group in
      let trimmed = group.drop { $0 == "0" }
      return trimmed.isEmpty ? "0" : String(trimmed)
    }
    return prefix.joined(separator: ":") + "::/64"
  }
}
