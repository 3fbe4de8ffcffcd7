import JSON
import Store
import Testing
import Time

extension StoreConformance {
  static let writes: [StoreConformance] = [
    StoreConformance("an item comes back as it was put", answersAsPut),
    StoreConformance(
      "a put replaces everything and counts the version", putReplaces),
    StoreConformance("an update sets, removes, adds and moves", updates),
    StoreConformance("an update of nothing makes an item", updatesNothing),
    StoreConformance("a delete answers what was there", deletes),
    StoreConformance("a batch get answers in the order asked", getsBatches),
    StoreConformance("keys are told apart by their bytes", tellsKeysApart),
    StoreConformance(
      "an addition that cannot be done changes nothing", refusesImpossibleAddition),
  ]

  private static func answersAsPut(_ store: any ItemStore, _ clock: ManualClock) async throws {
    let item = Item(
      .user("a"),
      JSONObject([
        ("text", "é ☃ \u{0} \" <tag>"), ("price", exact("3.1330")),
        ("list", [1, true, nil, ["deep": "x"]]), ("none", nil),
        ("big", exact("12345678901234567890123456789012345678")),
      ]), expiresAt: Timestamp(seconds: 4_000_000_000), g1: IndexKey("E", "1"),
      g2: IndexKey("F", "2"))
    let put = try await store.write(.put(item))
    let got = try await store.get(item.key)
    #expect(got == put)
    var expected = item
    expected.version = 1
    #expect(got == expected)
    #expect(got?["price"]?.number?.scaled(by: 4) == 31330)
    #expect(try await store.get(.user("b")) == nil)
  }

  private static func putReplaces(
    _ store: any ItemStore, _ clock: ManualClock
  ) async throws {
    try await store.write(.put(Item(.user("a"), ["x": 1, "y": 2], g1: IndexKey("E", "1"))))
    let second = try await store.write(.put(Item(.user("a"), ["z": 3], version: 99)))
    #expect(second == Item(.user("a"), ["z": 3], version: 2))
    #expect(try await store.get(.user("a")) == second)
    #expect(try await store.query(Query(.g1, pk: "E")).items.isEmpty)
  }

  private static func updates(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    try await store.write(.put(Item(.user("a"), ["x": 1, "y": 2, "n": 40])))
    let updated = try await store.write(
      .update(
        .user("a"),
        [
          .set("x", "one"), .remove("y"), .remove("absent"), .add("n", 2), .add("m", -7),
          .g1(IndexKey("E", "1")),
        ]))
    let expected = Item(
      .user("a"), ["x": "one", "n": 42, "m": -7], version: 2, g1: IndexKey("E", "1"))
    #expect(updated == expected)
    #expect(try await store.get(.user("a")) == expected)
    let out = try await store.write(.update(.user("a"), [.g1(nil)]))
    #expect(out?.g1 == nil)
    #expect(try await store.query(Query(.g1, pk: "E")).items.isEmpty)
  }

  private static func updatesNothing(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    let made = try await store.write(.update(.user("c"), [.add("count", 1)]))
    #expect(made == Item(.user("c"), ["count": 1], version: 1))
    let refused = await reasons {
      try await store.write(.update(.user("d"), [.add("count", 1)], if: .exists))
    }
    #expect(refused == [.conditionFailed])
    #expect(try await store.get(.user("d")) == nil)
  }

  private static func deletes(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    try await store.write(.put(Item(.user("a"), ["x": 1])))
    #expect(try await store.write(.delete(.user("a"))) == Item(.user("a"), ["x": 1], version: 1))
    #expect(try await store.write(.delete(.user("a"))) == nil)
    #expect(try await store.get(.user("a")) == nil)
    #expect(await reasons { try await store.write(.delete(.user("a"), if: .exists)) } != nil)
  }

  private static func getsBatches(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    for name in ["a", "b", "c"] {
      try await store.write(.put(Item(.user(name), ["n": .string(name)])))
    }
    let keys: [ItemKey] = [.user("c"), .user("none"), .user("a"), .user("c")]
    let items = try await store.batchGet(keys)
    #expect(items.map { $0?["n"]?.string } == ["c", nil, "a", "c"])
    #expect(try await store.batchGet([]).isEmpty)
  }

  private static func tellsKeysApart(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    let composed = ItemKey("K", "\u{e9}")
    let decomposed = ItemKey("K", "e\u{301}")
    #expect(composed != decomposed)
    try await store.transact([
      .put(Item(composed, ["n": 1]), if: .notExists),
      .put(Item(decomposed, ["n": 2]), if: .notExists),
    ])
    #expect(try await store.get(composed)?["n"] == 1)
    #expect(try await store.get(decomposed)?["n"] == 2)
    #expect(try await store.get(ItemKey("k", "\u{e9}")) == nil)
  }

  private static func refusesImpossibleAddition(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    try await store.write(.put(Item(.user("a"), ["t": "text", "n": .int(.max), "f": 1])))
    let half = exact("1.5")
    try await store.write(.update(.user("a"), [.set("f", half)]))
    for change: Change in [.add("t", 1), .add("n", 1), .add("f", 1)] {
      let error = await storeError {
        try await store.transact([
          .put(Item(.user("other"))), .update(.user("a"), [.set("x", 1), change]),
        ])
      }
      #expect(error != nil && error?.isConditionFailure == false)
    }
    #expect(try await store.get(.user("a"))?.version == 2)
    #expect(try await store.get(.user("other")) == nil)
  }
}
