import JSON
import Store
import Synchronization
import Testing
import Time

/// Collects refusals.
private final class Refusals: Sendable {
  private let list = Mutex<[CapabilityStore.Refusal]>([])
  var all: [CapabilityStore.Refusal] { list.withLock { $0 } }
  func add(_ refusal: CapabilityStore.Refusal) { list.withLock { $0.append(refusal) } }
}

@Suite("Capability lists")
struct CapabilityTests {
  private let refusals = Refusals()

  private func store(_ lines: [Capability]) throws -> CapabilityStore {
    let refusals = refusals
    return CapabilityStore(
      try SQLiteStore.inMemory(clock: ManualClock()), holder: "login", capabilities: lines,
      refused: { refusals.add($0) })
  }

  private func isRefused(_ body: () async throws -> Void) async -> Bool {
    guard case .notPermitted? = await storeError(body) else { return false }
    return true
  }

  @Test func `a holder does what its list says and nothing else`() async throws {
    let store = try store([
      Capability([.get, .put], pk: .prefix("USER#"), sk: .exact("PROFILE")),
      Capability([.query], index: .g1, pk: .exact("CATALOG")),
    ])
    try await store.write(.put(Item(.user("a"))))
    #expect(try await store.get(.user("a")) != nil)
    #expect(try await store.query(Query(.g1, pk: "CATALOG")).items.isEmpty)
    #expect(refusals.all.isEmpty)
    let attempts: [@Sendable () async throws -> Void] = [
      { _ = try await store.get(.user("a", "MFA")) },
      { _ = try await store.get(ItemKey("LEDGER#a", "PROFILE")) },
      { _ = try await store.batchGet([.user("a"), .user("a", "MFA")]) },
      { try await store.write(.delete(.user("a"))) },
      { try await store.write(.update(.user("a"), [])) },
      { try await store.write(.check(.user("a"), if: .exists)) },
      { try await store.transact([.put(Item(.user("b"))), .delete(.user("a"))]) },
      { _ = try await store.query(Query(pk: "USER#a")) },
      { _ = try await store.query(Query(.g2, pk: "CATALOG")) },
      { _ = try await store.query(Query(.g1, pk: "CATALOG2")) },
    ]
    for (place, attempt) in attempts.enumerated() {
      #expect(await isRefused(attempt), "attempt \(place)")
    }
    #expect(refusals.all.count == attempts.count)
    #expect(refusals.all.first?.holder == "login")
    #expect(refusals.all.first?.sk == "MFA")
    #expect(try await store.get(.user("b")) == nil)
  }

  @Test func `a query stays within the sort keys of the list`() async throws {
    let store = try store([Capability([.query], pk: .any, sk: .prefix("TXN#"))])
    let allowed: [Query.Range] = [
      .equals("TXN#1"), .beginsWith("TXN#"), .beginsWith("TXN#2026"), .between("TXN#1", "TXN#2"),
    ]
    let refused: [Query.Range] = [
      .all, .equals("ACCOUNT"), .beginsWith("TXN"), .beginsWith(""), .between("TXN#1", "TXO"),
      .greaterThan("TXN#1"), .atLeast("TXN#"), .lessThan("TXN#9"), .atMost("TXN#9"),
    ]
    for range in allowed { _ = try await store.query(Query(pk: "P", range)) }
    for range in refused {
      #expect(await isRefused { _ = try await store.query(Query(pk: "P", range)) }, "\(range)")
    }
    let exact = try self.store([Capability([.query], pk: .any, sk: .exact("META"))])
    _ = try await exact.query(Query(pk: "P", .equals("META")))
    _ = try await exact.query(Query(pk: "P", .between("META", "META")))
    for range: Query.Range in [.beginsWith("META"), .between("META", "METB"), .all] {
      #expect(await isRefused { _ = try await exact.query(Query(pk: "P", range)) }, "\(range)")
    }
  }

  @Test func `an empty list allows nothing, a read-only store no write`() async throws {
    let nothing = try store([])
    #expect(await isRefused { _ = try await nothing.get(.user("a")) })
    let reading = CapabilityStore.readOnly(
      try SQLiteStore.inMemory(clock: ManualClock()), holder: "report", refused: { _ in })
    #expect(try await reading.get(.user("a")) == nil)
    for index in Query.Index.allCases { _ = try await reading.query(Query(index, pk: "P")) }
    #expect(await isRefused { try await reading.write(.put(Item(.user("a")))) })
    #expect(await isRefused { try await reading.write(.update(.user("a"), [])) })
    #expect(await isRefused { try await reading.write(.delete(.user("a"))) })
  }

  @Test func `prefixes are compared by bytes`() async throws {
    // "e" + combining accent begins with "e" by bytes, and not as Swift compares texts.
    let store = try store([Capability([.get], pk: .prefix("USER#e"))])
    #expect(try await store.get(.user("e\u{301}")) == nil)
    let composed = try self.store([Capability([.get], pk: .exact("USER#\u{e9}"))])
    #expect(await isRefused { _ = try await composed.get(.user("e\u{301}")) })
  }
}
