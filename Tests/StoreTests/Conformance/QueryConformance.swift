import JSON
import Store
import Testing
import Time

extension StoreConformance {
  private static func fill(_ store: any ItemStore, _ pk: String, _ sortKeys: [String]) async throws
  {
    for sk in sortKeys { try await store.write(.put(Item(ItemKey(pk, sk), ["sk": .string(sk)]))) }
  }

  static let queries: [StoreConformance] = [
    StoreConformance(
      "sort keys come in the order of their bytes, both ways", ordersByBytes),
    StoreConformance("each range takes exactly its sort keys", takesTheRange),
    StoreConformance("pages neither repeat nor skip while others write", pagesAcrossWrites),
    StoreConformance(
      "an index is sparse, ordered, and follows its items", followsInIndexes),
    StoreConformance(
      "a foreign, broken or overlong cursor is refused", refusesForeignCursors),
    StoreConformance("a page ends after a megabyte", endsLargePages),
  ]

  private static func ordersByBytes(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    // U+FF5E sorts before U+1F600 in UTF-8, after it in UTF-16.
    let ordered = ["A", "B", "a", "b", "b#1", "b#10", "b#2", "é", "\u{ff5e}", "\u{1f600}"]
    try await fill(store, "P", ordered.shuffled())
    try await fill(store, "Q", ["other"])
    #expect(try await store.sortKeys(Query(pk: "P")) == ordered)
    #expect(
      try await store.sortKeys(Query(pk: "P", direction: .descending)) == ordered.reversed())
    #expect(try await store.sortKeys(Query(pk: "none")).isEmpty)
  }

  private static func takesTheRange(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    try await fill(store, "P", ["A", "B#1", "B#2", "B#\u{10ffff}", "B$", "C", "\u{10ffff}x"])
    let table: [(Query.Range, [String])] = [
      (.all, ["A", "B#1", "B#2", "B#\u{10ffff}", "B$", "C", "\u{10ffff}x"]),
      (.equals("B#1"), ["B#1"]),
      (.equals("B"), []),
      (.beginsWith("B#"), ["B#1", "B#2", "B#\u{10ffff}"]),
      (.beginsWith(""), ["A", "B#1", "B#2", "B#\u{10ffff}", "B$", "C", "\u{10ffff}x"]),
      (.beginsWith("\u{10ffff}"), ["\u{10ffff}x"]),
      (.between("B#2", "C"), ["B#2", "B#\u{10ffff}", "B$", "C"]),
      (.between("C", "A"), []),
      (.greaterThan("B$"), ["C", "\u{10ffff}x"]),
      (.atLeast("B$"), ["B$", "C", "\u{10ffff}x"]),
      (.lessThan("B#1"), ["A"]),
      (.atMost("B#1"), ["A", "B#1"]),
    ]
    for (range, expected) in table {
      #expect(try await store.sortKeys(Query(pk: "P", range)) == expected, "\(range)")
      // The same through pages of one, which exercises every cursor.
      for direction in [Query.Direction.ascending, .descending] {
        let items = try await store.everything(
          Query(pk: "P", range, limit: 1, direction: direction))
        let keys = items.map(\.key.sk)
        #expect(keys == (direction == .ascending ? expected : expected.reversed()), "\(range)")
      }
    }
  }

  private static func pagesAcrossWrites(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    try await fill(store, "P", (0..<25).map { "K\($0 + 100)" })
    var query = Query(pk: "P", limit: 10)
    let first = try await store.query(query)
    #expect(first.items.count == 10)
    try await store.write(.delete(ItemKey("P", "K109")))
    try await store.write(.put(Item(ItemKey("P", "K100x"))))
    query.cursor = first.cursor
    let second = try await store.query(query)
    #expect(second.items.map(\.key.sk) == (110..<120).map { "K\($0)" })
    query.cursor = second.cursor
    let third = try await store.query(query)
    #expect(third.items.count == 5)
    #expect(third.cursor == nil)
  }

  private static func followsInIndexes(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    for (name, place) in [("a", "2"), ("b", "1"), ("c", "1"), ("d", nil)] {
      let item = Item(
        .user(name), g1: place.map { IndexKey("CAT", $0) }, g2: place.map { IndexKey($0, name) })
      try await store.write(.put(item))
    }
    func names(_ query: Query) async throws -> [String] {
      try await store.everything(query).map(\.key.pk)
    }
    for limit in [1, 2, 100] {
      let up = Query(.g1, pk: "CAT", limit: limit)
      #expect(try await names(up) == ["USER#b", "USER#c", "USER#a"])
      let down = Query(.g1, pk: "CAT", limit: limit, direction: .descending)
      #expect(try await names(down) == ["USER#a", "USER#c", "USER#b"])
      #expect(try await names(Query(.g1, pk: "CAT", .equals("1"), limit: limit)).count == 2)
      let open = Query(.g1, pk: "CAT", .greaterThan("1"), limit: limit)
      #expect(try await names(open) == ["USER#a"])
    }
    #expect(try await names(Query(.g2, pk: "1")) == ["USER#b", "USER#c"])
    try await store.write(.update(.user("b"), [.g1(IndexKey("CAT", "9"))]))
    try await store.write(.delete(.user("c")))
    #expect(try await names(Query(.g1, pk: "CAT")) == ["USER#a", "USER#b"])
  }

  private static func refusesForeignCursors(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    try await fill(store, "P", ["1", "2", "3"])
    let cursor = try await store.query(Query(pk: "P", limit: 1)).cursor
    #expect(cursor != nil)
    let queries = [
      Query(pk: "Q", cursor: cursor), Query(.g1, pk: "P", cursor: cursor),
      Query(pk: "P", direction: .descending, cursor: cursor), Query(pk: "P", cursor: ""),
      Query(pk: "P", .beginsWith("1"), cursor: cursor),
      Query(pk: "P", .atLeast("1"), cursor: cursor),
      Query(pk: "P", cursor: "!!"), Query(pk: "P", cursor: "e30"),
      Query(pk: "P", cursor: cursor.map { String($0.dropLast(3)) }),
      Query(pk: "P", cursor: String(repeating: "A", count: 100_000)),
    ]
    for query in queries {
      #expect(await storeError { _ = try await store.query(query) } != nil, "\(query)")
    }
  }

  private static func endsLargePages(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    let text = JSON.string(String(repeating: "x", count: 300_000))
    for n in 0..<5 { try await store.write(.put(Item(ItemKey("P", "\(n)"), ["x": text]))) }
    let page = try await store.query(Query(pk: "P"))
    #expect(page.items.count == 4)
    #expect(try await store.everything(Query(pk: "P")).count == 5)
  }

  static let expiry: [StoreConformance] = [
    StoreConformance("an expired item is absent to everything", hidesExpired),
    StoreConformance("a write over an expired item begins anew", beginsAnewAfterExpiry),
    StoreConformance("an update moves the moment of expiry", movesExpiry),
  ]

  private static func hidesExpired(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    let soon = clock.now() + .seconds(60)
    func put() -> Item {
      Item(.user("a"), ["n": 10], expiresAt: soon, g1: IndexKey("E", "1"))
    }
    try await store.write(.put(put()))
    try await store.write(.put(Item(.user("a", "Z"), expiresAt: soon + .seconds(1))))
    clock.advance(by: .milliseconds(59_999))
    #expect(try await store.get(.user("a")) != nil)
    clock.advance(by: .milliseconds(1))
    #expect(try await store.get(.user("a")) == nil)
    #expect(try await store.batchGet([.user("a")]) == [nil])
    #expect(try await store.sortKeys(Query(pk: "USER#a")) == ["Z"])
    #expect(try await store.query(Query(.g1, pk: "E")).items.isEmpty)
    for condition: Condition in [.exists, .version(1), .numberAtLeast("n", 0)] {
      #expect(await reasons { try await store.write(.check(.user("a"), if: condition)) } != nil)
    }
    #expect(try await store.write(.delete(.user("a"))) == nil)
  }

  private static func beginsAnewAfterExpiry(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    let soon = clock.now() + .seconds(1)
    for name in ["a", "b"] {
      try await store.write(.put(Item(.user(name), ["n": 10], expiresAt: soon)))
    }
    clock.advance(by: .seconds(2))
    let updated = try await store.write(.update(.user("a"), [.add("n", 1)]))
    #expect(updated?.attributes == ["n": 1])
    #expect(updated?.expiresAt == nil)
    try await store.write(.put(Item(.user("b"), ["n": 5]), if: .notExists))
    #expect(try await store.get(.user("b"))?["n"] == 5)
  }

  private static func movesExpiry(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    try await store.write(.put(Item(.user("a"), expiresAt: clock.now() + .seconds(10))))
    try await store.write(.update(.user("a"), [.expires(clock.now() + .seconds(30))]))
    clock.advance(by: .seconds(20))
    #expect(try await store.get(.user("a")) != nil)
    try await store.write(.update(.user("a"), [.expires(nil)]))
    clock.advance(by: .seconds(1_000_000))
    #expect(try await store.get(.user("a")) != nil)
  }
}
