import Diagnostics

/// One line of a capability list: these verbs on items whose keys have this form.
package struct Capability: Sendable, Hashable {
  /// What a part of the program may do with an item.
  package enum Verb: String, Sendable, Hashable, CaseIterable {
    case get
    case query
    case put
    case update
    case delete
    case check
  }

  /// The form of a key, compared by bytes.
  package enum Pattern: Sendable, Hashable {
    case any
    case exact(String)
    case prefix(String)
    /// The text followed by the caller's name, and nothing more: `USER#` for `USER#ann`.
    case own(String)
    /// The text, the caller's name, `#`, and anything: `IDEM#` for `IDEM#ann#k1`.
    case ownPrefix(String)
  }

  /// What may be done.
  package var verbs: Set<Verb>
  /// Where: the table, or an index, which can only be queried.
  package var index: Query.Index
  /// Which partitions.
  package var pk: Pattern
  /// Which sort keys of them.
  package var sk: Pattern

  package init(
    _ verbs: Set<Verb>, index: Query.Index = .table, pk: Pattern, sk: Pattern = .any
  ) {
    self.verbs = verbs
    self.index = index
    self.pk = pk
    self.sk = sk
  }

  /// Every verb that changes nothing.
  package static let reading: Set<Verb> = [.get, .query, .check]
  /// Every verb.
  package static let all = Set(Verb.allCases)
}

extension Capability.Pattern {
  func allows(_ text: String, caller: String?) -> Bool {
    switch self {
    case .any: return true
    case .exact(let exact): return exact.utf8.elementsEqual(text.utf8)
    case .prefix(let prefix): return text.utf8.starts(with: prefix.utf8)
    case .own(let prefix):
      guard let rest = Self.rest(of: text, after: prefix, caller) else { return false }
      return rest.isEmpty
    case .ownPrefix(let prefix):
      return Self.rest(of: text, after: prefix, caller)?.first == UInt8(ascii: "#")
    }
  }

  /// What follows the prefix and the caller's name; nil without either.
  private static func rest(of text: String, after prefix: String, _ caller: String?)
    -> Substring.UTF8View?
  {
    guard let caller, !caller.isEmpty, text.utf8.starts(with: prefix.utf8) else { return nil }
    let rest = text.utf8.dropFirst(prefix.utf8.count)
    return rest.starts(with: caller.utf8) ? rest.dropFirst(caller.utf8.count) : nil
  }

  /// Whether one text at most has the form.
  private var isExact: Bool {
    switch self {
    case .exact, .own: true
    case .any, .prefix, .ownPrefix: false
    }
  }

  /// Whether every sort key of the range has the form.
  func allows(_ range: Query.Range, caller: String?) -> Bool {
    if self == .any { return true }
    switch range {
    case .equals(let text): return allows(text, caller: caller)
    case .beginsWith(let text): return !isExact && allows(text, caller: caller)
    case .between(let low, let high):
      // What lies between two texts with a prefix has it too; between two different exact ones
      // lies more than one.
      if isExact { return allows(low, caller: caller) && low.utf8.elementsEqual(high.utf8) }
      return allows(low, caller: caller) && allows(high, caller: caller)
    case .all, .greaterThan, .atLeast, .lessThan, .atMost: return false
    }
  }
}

extension Capability {
  func allows(_ verb: Verb, _ key: ItemKey, caller: String?) -> Bool {
    index == .table && verbs.contains(verb) && pk.allows(key.pk, caller: caller)
      && sk.allows(key.sk, caller: caller)
  }

  func allows(_ query: Query, caller: String?) -> Bool {
    index == query.index && verbs.contains(.query) && pk.allows(query.pk, caller: caller)
      && sk.allows(query.range, caller: caller)
  }
}

/// A store that does only what a capability list allows: a handler's own, as a Lambda function has
/// its own policy (spec/apps.md X-08, S4-21).
package struct CapabilityStore: ItemStore {
  /// What was asked for and refused.
  package struct Refusal: Sendable, Hashable {
    /// Whose list it is.
    package var holder: String
    /// What was asked.
    package var verb: Capability.Verb
    /// Where.
    package var index: Query.Index
    /// The partition.
    package var pk: String
    /// The sort key, or the range as text.
    package var sk: String

    /// The refusal for the log: it says where, since an operator must mend the list.
    package var diagnostic: Diagnostic {
      Diagnostic(
        .storeNotPermitted,
        "'\(holder)' asked to \(verb.rawValue) '\(pk)' / '\(sk)' of the \(index.rawValue)",
        remedy: "add the line to its capability list if it ought to")
    }
  }

  /// Whose list binds: one holder's, or that of the task that asks.
  private let fixed: StoreGrant?
  private let store: any ItemStore
  private let refused: @Sendable (Refusal) -> Void

  package init(
    _ store: any ItemStore, holder: String, capabilities: [Capability],
    refused: @escaping @Sendable (Refusal) -> Void
  ) {
    self.init(store, fixed: StoreGrant(holder, capabilities), refused: refused)
  }

  private init(
    _ store: any ItemStore, fixed: StoreGrant?, refused: @escaping @Sendable (Refusal) -> Void
  ) {
    self.store = store
    self.fixed = fixed
    self.refused = refused
  }

  /// A store for parts that serve many functions: each call is held against the grant of its task.
  package static func ofPresentTask(
    _ store: any ItemStore, refused: @escaping @Sendable (Refusal) -> Void
  ) -> CapabilityStore {
    CapabilityStore(store, fixed: nil, refused: refused)
  }

  /// A store that refuses every write.
  package static func readOnly(
    _ store: any ItemStore, holder: String, refused: @escaping @Sendable (Refusal) -> Void
  ) -> CapabilityStore {
    let lines = Query.Index.allCases.map { Capability(Capability.reading, index: $0, pk: .any) }
    return CapabilityStore(store, holder: holder, capabilities: lines, refused: refused)
  }

  package func get(_ key: ItemKey) async throws -> Item? {
    try demand(.get, key)
    return try await store.get(key)
  }

  package func batchGet(_ keys: [ItemKey]) async throws -> [Item?] {
    for key in keys { try demand(.get, key) }
    return try await store.batchGet(keys)
  }

  package func query(_ query: Query) async throws -> Page {
    let grant = fixed ?? StoreGrant.current
    guard let grant, grant.allows(query) else {
      throw refuse(grant, .query, query.index, query.pk, "\(query.range)")
    }
    return try await store.query(query)
  }

  @discardableResult
  package func write(_ write: Write) async throws -> Item? {
    try demand(write.verb, write.key)
    return try await store.write(write)
  }

  package func transact(_ writes: [Write]) async throws {
    for write in writes { try demand(write.verb, write.key) }
    try await store.transact(writes)
  }

  private func demand(_ verb: Capability.Verb, _ key: ItemKey) throws {
    let grant = fixed ?? StoreGrant.current
    guard let grant, grant.allows(verb, key) else {
      throw refuse(grant, verb, .table, key.pk, key.sk)
    }
  }

  private func refuse(
    _ grant: StoreGrant?, _ verb: Capability.Verb, _ index: Query.Index, _ pk: String, _ sk: String
  ) -> StoreError {
    let holder = grant?.holder ?? "a task without a name"
    refused(Refusal(holder: holder, verb: verb, index: index, pk: pk, sk: sk))
    return .notPermitted("\(holder) may not \(verb.rawValue) there")
  }
}

extension Write {
  /// The verb a capability list must hold for it.
  package var verb: Capability.Verb {
    switch self {
    case .put: .put
    case .update: .update
    case .delete: .delete
    case .check: .check
    }
  }
}
