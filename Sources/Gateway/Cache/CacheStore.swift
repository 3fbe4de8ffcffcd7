import HTTPExchange
import Time

/// What is stored, within bounds on bytes, keys and variants; the least recently used goes first.
struct CacheStore: Sendable {
  /// Bounds.
  struct Limits: Sendable, Hashable {
    var bytes: Int
    var entries: Int
    var variants: Int
  }

  /// The variants of one key, the one that came last first, or the memory that it is not cacheable.
  private struct Entry: Sendable {
    var key: CacheKey
    var variants: [StoredResponse] = []
    /// Until then nobody waits for another's answer, since it could not be shared.
    var uncacheableUntil: Timestamp?
    var cost = 0
    var slot = 0
  }

  private let limits: Limits
  private var entries: [String: Entry] = [:]
  private var order = RecencyList()
  private var byResource: [String: Set<String>] = [:]
  private var byTag: [String: Set<String>] = [:]
  private(set) var bytes = 0
  private(set) var evictions = 0
  private var removals = Removals()

  init(limits: Limits) { self.limits = limits }

  var count: Int { entries.count }

  /// What a look-up found.
  enum Found: Sendable {
    case nothing
    /// The key is there, but no variant that the request selects.
    case otherVariant
    case variant(StoredResponse)
  }

  /// The variant that a request selects; with several the one that came last (RFC 9111 §4).
  mutating func find(_ key: CacheKey, _ request: Request) -> Found {
    guard let entry = entries[key.text], !entry.variants.isEmpty else { return .nothing }
    order.touch(entry.slot)
    guard let variant = entry.variants.first(where: { $0.isSelected(by: request) }) else {
      return .otherVariant
    }
    return .variant(variant)
  }

  /// Whether a request for the key need not wait for another's.
  func isUncacheable(_ key: CacheKey, now: Timestamp) -> Bool {
    guard let until = entries[key.text]?.uncacheableUntil else { return false }
    return now < until
  }

  /// The names that the variants of a key vary on, to tell flights apart.
  func varyNames(_ key: CacheKey) -> [String] {
    entries[key.text]?.variants.first?.selection.map(\.name) ?? []
  }

  /// A point in the order of removals, taken before the origin is asked.
  var point: Int { removals.point }

  /// Stores an answer, unless its resource was removed since the origin was asked: it may tell what
  /// is true no more.
  mutating func insert(_ stored: StoredResponse, for key: CacheKey, askedAt point: Int) -> Bool {
    if removals.happened(to: key.resource, since: point) { return false }
    insert(stored, for: key)
    return true
  }

  private mutating func insert(_ stored: StoredResponse, for key: CacheKey) {
    var entry = take(key)
    entry.uncacheableUntil = nil
    entry.variants.removeAll { $0.selection == stored.selection }
    entry.variants.insert(stored, at: 0)
    if entry.variants.count > limits.variants { entry.variants.removeLast() }
    put(entry)
  }

  mutating func remember(uncacheable key: CacheKey, until: Timestamp) {
    var entry = take(key)
    entry.uncacheableUntil = until
    put(entry)
  }

  /// Removes the variant that a request selects.
  mutating func removeVariant(_ key: CacheKey, _ request: Request) {
    guard entries[key.text] != nil else { return }
    var entry = take(key)
    entry.variants.removeAll { $0.isSelected(by: request) }
    if !entry.variants.isEmpty || entry.uncacheableUntil != nil { put(entry) }
  }

  // MARK: Purging

  /// Removes everything of a resource, whatever its query, host or base path.
  @discardableResult
  mutating func purge(resource: String) -> Int {
    removals.note(resource)
    return purge(keys: byResource[resource] ?? [])
  }

  @discardableResult
  mutating func purge(tag: String) -> Int {
    removals.noteAll()
    return purge(keys: byTag[tag] ?? [])
  }

  @discardableResult
  mutating func purgeAll() -> Int {
    let count = entries.count
    removals.noteAll()
    entries = [:]
    byResource = [:]
    byTag = [:]
    order = RecencyList()
    bytes = 0
    return count
  }

  private mutating func purge(keys: Set<String>) -> Int {
    for key in keys { remove(key) }
    return keys.count
  }

  // MARK: Bookkeeping

  /// Takes an entry out, or makes one.
  private mutating func take(_ key: CacheKey) -> Entry {
    remove(key.text) ?? Entry(key: key)
  }

  private mutating func put(_ entry: Entry) {
    var entry = entry
    let text = entry.key.text
    entry.cost = entry.variants.reduce(256 + 2 * text.utf8.count) { $0 + $1.cost }
    // What cannot ever fit must not empty the cache first.
    guard entry.cost <= limits.bytes else { return }
    entry.slot = order.append(text)
    bytes += entry.cost
    byResource[entry.key.resource, default: []].insert(text)
    for tag in entry.variants.flatMap(\.tags) { byTag[tag, default: []].insert(text) }
    entries[text] = entry
    while bytes > limits.bytes || entries.count > limits.entries, let oldest = order.first {
      remove(oldest)
      evictions += 1
    }
  }

  @discardableResult
  private mutating func remove(_ text: String) -> Entry? {
    guard let entry = entries.removeValue(forKey: text) else { return nil }
    order.remove(entry.slot)
    bytes -= entry.cost
    drop(text, from: \.byResource, entry.key.resource)
    for tag in entry.variants.flatMap(\.tags) { drop(text, from: \.byTag, tag) }
    return entry
  }

  private mutating func drop(
    _ text: String, from table: WritableKeyPath<CacheStore, [String: Set<String>]>, _ name: String
  ) {
    self[keyPath: table][name]?.remove(text)
    if self[keyPath: table][name]?.isEmpty == true { self[keyPath: table][name] = nil }
  }
}

/// Which resources were removed after which, so that a slow answer does not bring back what a write
/// has made wrong.
struct Removals: Sendable {
  private var latest: [String: Int] = [:]
  private var floor = 0
  private(set) var point = 0
  private static let remembered = 4096

  mutating func note(_ resource: String) {
    point += 1
    if latest.count >= Self.remembered { noteAll() }
    latest[resource] = point
  }

  /// Everything counts as removed: for purges, and where too much was removed to remember it.
  mutating func noteAll() {
    point += 1
    floor = point
    latest = [:]
  }

  func happened(to resource: String, since earlier: Int) -> Bool {
    max(floor, latest[resource] ?? 0) > earlier
  }
}

/// Keys from the least to the most recently used: a doubly linked list in arrays, every step O(1).
struct RecencyList: Sendable {
  private struct Link: Sendable {
    var key: String
    var previous: Int
    var next: Int
  }

  private static let none = -1
  private var links: [Link] = []
  private var free: [Int] = []
  private var head = Self.none
  private var tail = Self.none

  /// The least recently used.
  var first: String? { head == Self.none ? nil : links[head].key }

  /// Adds a key as the most recently used; the answer is its place.
  mutating func append(_ key: String) -> Int {
    let link = Link(key: key, previous: tail, next: Self.none)
    let slot: Int
    if let reused = free.popLast() {
      slot = reused
      links[slot] = link
    } else {
      slot = links.count
      links.append(link)
    }
    if tail == Self.none { head = slot } else { links[tail].next = slot }
    tail = slot
    return slot
  }

  mutating func remove(_ slot: Int) {
    unlink(slot)
    links[slot].key = ""
    free.append(slot)
  }

  /// Makes a key the most recently used.
  mutating func touch(_ slot: Int) {
    guard slot != tail else { return }
    unlink(slot)
    links[slot].previous = tail
    links[slot].next = Self.none
    if tail == Self.none { head = slot } else { links[tail].next = slot }
    tail = slot
  }

  private mutating func unlink(_ slot: Int) {
    let link = links[slot]
    if link.previous == Self.none {
      head = link.next
    } else {
      links[link.previous].next = link.next
    }
    if link.next == Self.none {
      tail = link.previous
    } else {
      links[link.next].previous = link.previous
    }
  }
}
