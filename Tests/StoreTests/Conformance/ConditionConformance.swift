import JSON
import Store
import Testing
import Time

extension StoreConformance {
  /// Conditions against an item at version 2 with `n` 10 and `t` a text, and against none.
  private static let table: [(Condition, onItem: Bool, onNothing: Bool)] = [
    (.none, true, true),
    (.exists, true, false),
    (.notExists, false, true),
    (.version(2), true, false),
    (.version(1), false, false),
    (.version(0), false, false),
    (.numberAtLeast("n", 10), true, false),
    (.numberAtLeast("n", -1), true, false),
    (.numberAtLeast("n", 11), false, false),
    (.numberAtLeast("t", 0), false, false),
    (.numberAtLeast("absent", 0), false, false),
    (.all([]), true, true),
    (.all([.exists, .version(2), .numberAtLeast("n", 3)]), true, false),
    (.all([.exists, .version(3)]), false, false),
    (.all([.exists, .notExists]), false, false),
  ]

  static let conditions: [StoreConformance] = [
    StoreConformance("each condition holds exactly when it should", judgesConditions),
    StoreConformance("numbers are compared exactly", comparesExactly),
    StoreConformance("a refused write changes nothing", changesNothingWhenRefused),
    StoreConformance("put-if-absent has one winner among sixteen", hasOneWinner),
  ]

  private static func judgesConditions(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    try await store.write(.put(Item(.user("a"))))
    try await store.write(.put(Item(.user("a"), ["n": 10, "t": "10"])))
    for (condition, onItem, onNothing) in table {
      for (name, expected) in [("a", onItem), ("none", onNothing)] {
        let alone = await reasons { try await store.write(.check(.user(name), if: condition)) }
        #expect((alone == nil) == expected, "\(condition) on \(name)")
        let together = await reasons {
          try await store.transact([.check(.user(name), if: condition)])
        }
        #expect(together == (expected ? nil : [.conditionFailed]), "\(condition) on \(name)")
      }
    }
    #expect(try await store.get(.user("a"))?.version == 2)
    #expect(try await store.get(.user("none")) == nil)
  }

  private static func comparesExactly(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    let text = "9007199254740993.5"
    try await store.write(
      .put(Item(.user("a"), ["n": exact(text)])))
    let key = ItemKey.user("a")
    #expect(
      await reasons {
        try await store.write(.check(key, if: .numberAtLeast("n", 9_007_199_254_740_993)))
      } == nil)
    #expect(
      await reasons {
        try await store.write(.check(key, if: .numberAtLeast("n", 9_007_199_254_740_994)))
      } != nil)
  }

  private static func changesNothingWhenRefused(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    let before = try await store.write(.put(Item(.user("a"), ["n": 1])))
    let refused: [Write] = [
      .put(Item(.user("a"), ["n": 2]), if: .notExists),
      .put(Item(.user("a"), ["n": 2]), if: .version(7)),
      .update(.user("a"), [.add("n", 1)], if: .numberAtLeast("n", 2)),
      .delete(.user("a"), if: .version(2)),
    ]
    for write in refused {
      #expect(await reasons { try await store.write(write) } == [.conditionFailed])
    }
    #expect(try await store.get(.user("a")) == before)
  }

  private static func hasOneWinner(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    let wins = await withTaskGroup(of: Bool.self) { group in
      for task in 0..<16 {
        group.addTask {
          let item = Item(.user("one"), ["by": .int(task)])
          return await reasons { try await store.write(.put(item, if: .notExists)) } == nil
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(wins == 1)
    #expect(try await store.get(.user("one"))?.version == 1)
  }

  static let transactions: [StoreConformance] = [
    StoreConformance("a transaction happens whole", commitsWhole),
    StoreConformance(
      "a refusal names every write that failed, in order", givesPositionalReasons),
    StoreConformance(
      "a transaction needs writes, of different items", refusesEmptyAndDouble),
  ]

  private static func commitsWhole(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    try await store.write(.put(Item(.user("a"), ["cash": 100])))
    try await store.write(.put(Item(.user("gone"))))
    try await store.transact([
      .update(.user("a"), [.add("cash", -40)], if: .numberAtLeast("cash", 40)),
      .put(Item(.user("a", "ORDER#1"), ["n": 1]), if: .notExists),
      .delete(.user("gone"), if: .exists),
      .check(.user("a", "SETTINGS"), if: .notExists),
    ])
    #expect(try await store.get(.user("a"))?["cash"] == 60)
    #expect(try await store.get(.user("a", "ORDER#1"))?.version == 1)
    #expect(try await store.get(.user("gone")) == nil)
  }

  private static func givesPositionalReasons(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    try await store.write(.put(Item(.user("a"), ["cash": 10])))
    let answer = await reasons {
      try await store.transact([
        .put(Item(.user("new"))),
        .update(.user("a"), [.add("cash", -40)], if: .numberAtLeast("cash", 40)),
        .check(.user("a"), if: .exists).moved(to: .user("b")),
        .delete(.user("none")),
      ])
    }
    #expect(answer == [.passed, .conditionFailed, .conditionFailed, .passed])
    #expect(try await store.get(.user("new")) == nil)
    #expect(try await store.get(.user("a")) == Item(.user("a"), ["cash": 10], version: 1))
  }

  private static func refusesEmptyAndDouble(
    _ store: any ItemStore, _ clock: ManualClock
  ) async throws {
    let twice: [Write] = [.put(Item(.user("a"))), .check(.user("a"), if: .notExists)]
    for writes in [[], twice] {
      guard case .invalid? = await storeError({ try await store.transact(writes) }) else {
        Issue.record("\(writes.count) writes were taken")
        continue
      }
    }
    #expect(try await store.get(.user("a")) == nil)
  }
}

extension Write {
  /// The same check of another item.
  func moved(to key: ItemKey) -> Write { .check(key, if: condition) }
}
