import JSON
import Store
import Testing
import Time

extension StoreConformance {
  private static func text(_ count: Int) -> String { String(repeating: "k", count: count) }

  private static func nested(_ levels: Int) -> JSON {
    (0..<levels).reduce(1 as JSON) { inner, _ in .array([inner]) }
  }

  /// Writes that lie exactly on a bound.
  private static let allowed: [Write] = [
    .put(Item(ItemKey(text(2048), text(1024)))),
    .put(Item(.user("a"), g1: IndexKey(text(2048), text(1024)))),
    // 409,600 bytes with the key's 14 and `{"x":""}`.
    .put(Item(.user("aa"), ["x": .string(text(409_600 - 14 - 8))])),
    .put(Item(.user("a"), ["x": exact("-1234567890.1234567890123456789012345678")])),
    .put(Item(.user("a"), ["x": exact("1000000000000000000000000000000000000000000000")])),
    .put(Item(.user("a"), ["x": exact("9.99e125")])),
    .put(Item(.user("a"), ["x": exact("1e-130")])),
    .put(Item(.user("a"), ["x": exact("0e999")])),
    .put(Item(.user("a"), ["x": nested(31)])),
  ]

  /// The same, one beyond.
  private static let refused: [Write] = [
    .put(Item(ItemKey(text(2049), "x"))), .put(Item(ItemKey("x", text(1025)))),
    .put(Item(ItemKey("", "x"))), .put(Item(ItemKey("x", ""))),
    .put(Item(ItemKey("x\u{0}", "x"))), .put(Item(ItemKey("x", "\u{0}"))),
    .put(Item(.user("a"), g1: IndexKey(text(2049), "x"))),
    .put(Item(.user("a"), g2: IndexKey("x", text(1025)))),
    .put(Item(.user("a"), g1: IndexKey("x", ""))),
    .put(Item(.user("aa"), ["x": .string(text(409_600 - 14 - 7))])),
    .put(Item(.user("a"), ["": 1])),
    .put(Item(.user("a"), ["x": exact("123456789012345678901234567890123456789")])),
    .put(Item(.user("a"), ["x": ["y": exact("0.123456789012345678901234567890123456789")]])),
    .put(Item(.user("a"), ["x": exact("1e126")])),
    .put(Item(.user("a"), ["x": exact("1e-131")])),
    .put(Item(.user("a"), ["x": exact("1e99999999999999999999")])),
    .put(Item(.user("a"), ["x": nested(32)])),
    .update(.user("a"), [.set("x", 1), .remove("x")]), .update(.user("a"), [.add("", 1)]),
    .update(.user("a"), [.g1(IndexKey("", "x"))]),
    .update(.user("a"), [.set("x", .string(text(409_600)))]),
    .delete(ItemKey(text(2049), "x")), .check(ItemKey("", ""), if: .exists),
    .check(.user("a"), if: (0..<20).reduce(Condition.none) { inner, _ in .all([inner]) }),
    .check(.user("a"), if: .all(Array(repeating: .exists, count: 17))),
  ]

  private static func puts(_ count: Int) -> [Write] {
    (0..<count).map { .put(Item(.user("t\($0)"))) }
  }

  static let limits: [StoreConformance] = [
    StoreConformance("what lies on a bound is taken", takesBounds),
    StoreConformance(
      "what lies beyond a bound is refused, alone and in company", refusesBeyondBounds),
    StoreConformance("an update cannot grow an item beyond its bound", boundsUpdates),
    StoreConformance("counts are bounded", boundsCounts),
  ]

  private static func takesBounds(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    for write in allowed {
      try await store.write(write)
      guard case .put(let item, _) = write else { continue }
      let got = try await store.get(item.key)
      #expect(got?.attributes == item.attributes)
    }
  }

  private static func refusesBeyondBounds(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    for (place, write) in refused.enumerated() {
      let alone = await storeError { try await store.write(write) }
      #expect(alone != nil && alone?.isConditionFailure == false, "\(place)")
      let company = await storeError {
        try await store.transact([.put(Item(.user("company"))), write])
      }
      #expect(company == alone, "\(place)")
    }
    #expect(try await store.get(.user("company")) == nil)
    #expect(try await store.get(.user("a")) == nil)
  }

  private static func boundsUpdates(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    let half = JSON.string(text(250_000))
    let before = try await store.write(.put(Item(.user("a"), ["x": half])))
    let error = await storeError {
      try await store.write(.update(.user("a"), [.set("y", half)]))
    }
    guard case .limitExceeded? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try await store.get(.user("a")) == before)
  }

  private static func boundsCounts(_ store: any ItemStore, _ clock: ManualClock) async throws {
    try await store.transact(puts(25))
    let keys = (0..<101).map { ItemKey.user("t\($0)") }
    #expect(try await store.batchGet(Array(keys.prefix(100))).compactMap { $0 }.count == 25)
    let big = JSON.string(text(399_000))
    let attempts: [@Sendable () async throws -> Void] = [
      { try await store.transact(puts(26)) }, { _ = try await store.batchGet(keys) },
      { _ = try await store.query(Query(pk: "P", limit: 0)) },
      { _ = try await store.query(Query(pk: "P", limit: 1001)) },
      { _ = try await store.query(Query(pk: text(2049))) },
      { _ = try await store.query(Query(pk: "P", .beginsWith(text(1025)))) },
      { try await store.transact((0..<11).map { .put(Item(.user("b\($0)"), ["x": big])) }) },
    ]
    for (place, attempt) in attempts.enumerated() {
      guard case .limitExceeded? = await storeError(attempt) else {
        Issue.record("attempt \(place) was taken")
        continue
      }
    }
  }
}
