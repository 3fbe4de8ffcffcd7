import Store
import TestSupport
import Testing
import Time

/// The drivers that exist, each opened afresh for every check.
enum Driver: String, CaseIterable, Sendable {
  case sqliteFile
  case sqliteMemory
  /// The wrapper too must be a store like any other when its list allows everything.
  case capability

  func use(_ body: (any ItemStore, ManualClock) async throws -> Void) async throws {
    let clock = ManualClock()
    switch self {
    case .sqliteFile:
      let folder = try TemporaryFolder()
      let store = try SQLiteStore(path: folder.path + "/store.sqlite", clock: clock)
      try await body(store, clock)
      try await store.close()
    case .sqliteMemory:
      try await body(SQLiteStore.inMemory(clock: clock), clock)
    case .capability:
      let everything = Query.Index.allCases.map { Capability(Capability.all, index: $0, pk: .any) }
      let store = CapabilityStore(
        try SQLiteStore.inMemory(clock: clock), holder: "test", capabilities: everything
      ) { Issue.record("refused \($0)") }
      try await body(store, clock)
    }
  }
}

@Suite("Every driver keeps the contract")
struct StoreConformanceTests {
  @Test(arguments: Driver.allCases, StoreConformance.all)
  func conforms(driver: Driver, check: StoreConformance) async throws {
    try await driver.use { store, clock in try await check.run(store, clock) }
  }
}
