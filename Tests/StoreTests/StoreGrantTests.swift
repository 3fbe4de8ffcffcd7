import Store
import Testing
import Time

/// The grant of a task: whose list binds, for whom, and in which tasks.
@Suite("Grants of tasks")
struct StoreGrantTests {
  private static let lines = [
    Capability([.get, .put], pk: .own("USER#"), sk: .prefix("A#")),
    Capability([.get, .query], pk: .ownPrefix("IDEM#"), sk: .exact("REQ")),
    Capability([.query], index: .g1, pk: .own("LIST#")),
  ]

  private func store() throws -> CapabilityStore {
    .ofPresentTask(try SQLiteStore.inMemory(clock: ManualClock()), refused: { _ in })
  }

  private func isAllowed(_ body: () async throws -> Void) async -> Bool {
    do {
      try await body()
      return true
    } catch StoreError.notPermitted {
      return false
    } catch {
      Issue.record("\(error)")
      return false
    }
  }

  static let keys: [(pk: String, sk: String, isOwn: Bool)] = [
    ("USER#ann", "A#1", true), ("USER#ann", "B#1", false), ("USER#an", "A#1", false),
    ("USER#anna", "A#1", false), ("USER#ann#x", "A#1", false), ("USER#bob", "A#1", false),
    ("XUSER#ann", "A#1", false), ("IDEM#ann#k", "REQ", true), ("IDEM#ann#", "REQ", true),
    ("IDEM#ann", "REQ", false), ("IDEM#annk#", "REQ", false), ("IDEM#bob#k", "REQ", false),
    ("IDEM#ann#k", "REQ2", false),
  ]

  @Test(arguments: keys)
  func `own keys are the caller's and nobody else's`(row: (pk: String, sk: String, isOwn: Bool))
    async throws
  {
    let store = try store()
    let key = ItemKey(row.pk, row.sk)
    let allowed = await StoreGrant("f", Self.lines, caller: "ann").run {
      await isAllowed { _ = try await store.get(key) }
    }
    #expect(allowed == row.isOwn)
    for nobody in [nil, ""] as [String?] {
      let without = await StoreGrant("f", Self.lines, caller: nobody).run {
        await isAllowed { _ = try await store.get(key) }
      }
      #expect(!without)
    }
  }

  @Test func `queries stay within the caller's partition and range`() async throws {
    let store = try store()
    let queries: [(Query, Bool)] = [
      (Query(pk: "IDEM#ann#k", .equals("REQ")), true), (Query(pk: "IDEM#ann#k"), false),
      (Query(pk: "IDEM#ann#k", .beginsWith("REQ")), false),
      (Query(.g1, pk: "LIST#ann"), true), (Query(.g1, pk: "LIST#bob"), false),
      (Query(.g2, pk: "LIST#ann"), false), (Query(pk: "LIST#ann"), false),
    ]
    await StoreGrant("f", Self.lines, caller: "ann").run {
      for (query, expected) in queries {
        let allowed = await isAllowed { _ = try await store.query(query) }
        #expect(allowed == expected, "\(query)")
      }
    }
  }

  @Test func `a grant goes with the task, its children and the tasks it starts`() async throws {
    let store = try store()
    let key = ItemKey("USER#ann", "A#1")
    #expect(await !isAllowed { _ = try await store.get(key) })
    try await StoreGrant("f", Self.lines, caller: "ann").run {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { _ = try await store.get(key) }
        try await group.waitForAll()
      }
      try await Task { _ = try await store.get(key) }.value
      // Another function called from this one has its own list and acts for the same caller.
      await StoreGrant("g", []).run {
        #expect(StoreGrant.current?.caller == "ann")
        #expect(await !isAllowed { _ = try await store.get(key) })
      }
      _ = try await store.get(key)
    }
    #expect(await !isAllowed { _ = try await store.get(key) })
  }
}
