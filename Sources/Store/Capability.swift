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
  func allows(_ text: String) -> Bool {
    switch self {
    case .any: true
    case .exact(let exact): exact.utf8.elementsEqual(text.utf8)
    case .prefix(let prefix): text.utf8.starts(with: prefix.utf8)
    }
  }

  /// Whether every sort key of the range has the form.
  func allows(_ range: Query.Range) -> Bool {
    if self == .any { return true }
    switch range {
    case .equals(let text): return allows(text)
    case .beginsWith(let text):
      if case .exact = self { return false }
      return allows(text)
    case .between(let low, let high):
      // What lies between two texts with a prefix has it too; between two different exact ones
      // lies more than one.
      if case .exact = self { return allows(low) && low.utf8.elementsEqual(high.utf8) }
      return allows(low) && allows(high)
    case .all, .greaterThan, .atLeast, .lessThan, .atMost: return false
    }
  }
}

extension Capability {
  func allows(_ verb: Verb, _ key: ItemKey) -> Bool {
    index == .table && verbs.contains(verb) && pk.allows(key.pk) && sk.allows(key.sk)
  }

  func allows(_ query: Query) -> Bool {
    index == query.index && verbs.contains(.query) && pk.allows(query.pk) && sk.allows(query.range)
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

  /// The part of the program that holds the list.
  package let holder: String
  /// The list; empty allows nothing.
  package let capabilities: [Capability]
  private let store: any ItemStore
  private let refused: @Sendable (Refusal) -> Void

  package init(
    _ store: any ItemStore, holder: String, capabilities: [Capability],
    refused: @escaping @Sendable (Refusal) -> Void
  ) {
    self.store = store
    self.holder = holder
    self.capabilities = capabilities
    self.refused = refused
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
    guard capabilities.contains(where: { $0.allows(query) }) else {
      throw refuse(.query, query.index, query.pk, "\(query.range)")
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
    guard capabilities.contains(where: { $0.allows(verb, key) }) else {
      throw refuse(verb, .table, key.pk, key.sk)
    }
  }

  private func refuse(_ verb: Capability.Verb, _ index: Query.Index, _ pk: String, _ sk: String)
    -> StoreError
  {
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
