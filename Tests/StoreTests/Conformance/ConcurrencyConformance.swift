import JSON
import Store
import Testing
import Time

/// The tests A, B and C of spec/apps.md §6.4, which tell servers that isolate from those that do
/// not.
extension StoreConformance {
  static let concurrency: [StoreConformance] = [
    StoreConformance("A: sixteen tasks sell 400 of 400, never more", sellsNoMoreThanThereIs),
    StoreConformance("B: optimistic puts lose no update", losesNoUpdate),
    StoreConformance(
      "C: transfers conserve, ledger and readers agree", transfersConserve),
  ]

  private static func sellsNoMoreThanThereIs(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    let key = ItemKey("STOCK#A", "COUNT")
    try await store.write(.put(Item(key, ["left": 400])))
    let sold = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<16 {
        group.addTask {
          var sold = 0
          for _ in 0..<32 {
            do {
              try await store.write(
                .update(key, [.add("left", -1)], if: .numberAtLeast("left", 1)))
              sold += 1
            } catch StoreError.conditionFailed {}
          }
          return sold
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(sold == 400)
    #expect(try await store.get(key)?["left"] == 0)
    #expect(try await store.get(key)?.version == 401)
  }

  private static func losesNoUpdate(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    let key = ItemKey("DOC", "1")
    try await store.write(.put(Item(key, ["n": 0])))
    try await withThrowingTaskGroup { group in
      for _ in 0..<16 {
        group.addTask {
          var done = 0
          while done < 10 {
            guard var item = try await store.get(key) else { return }
            item["n"] = .int((item["n"]?.int ?? 0) + 1)
            do {
              try await store.write(.put(item, if: .version(item.version)))
              done += 1
            } catch StoreError.conditionFailed {}
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await store.get(key)?["n"] == 160)
    #expect(try await store.get(key)?.version == 161)
  }

  private static func transfersConserve(_ store: any ItemStore, _ clock: ManualClock)
    async throws
  {
    try await Transfers(store: store).run()
  }
}

/// Transfers among four accounts, an unrelated writer, and readers that look at all four at once.
private struct Transfers {
  let store: any ItemStore
  private let accounts = (0..<4).map { ItemKey("ACCOUNT#\($0)", "A") }

  func run() async throws {
    for key in accounts { try await store.write(.put(Item(key, ["cash": 300]))) }
    var acknowledged = 0
    var kept = 0
    try await withThrowingTaskGroup(of: Outcome.self) { group in
      for task in 0..<12 { group.addTask { .transfers(try await transfer(task)) } }
      group.addTask { .unrelated(try await writeUnrelated()) }
      for _ in 0..<3 {
        group.addTask {
          try await look()
          return .looked
        }
      }
      for try await outcome in group {
        switch outcome {
        case .transfers(let count): acknowledged += count
        case .unrelated(let count): kept = count
        case .looked: break
        }
      }
    }
    let end = try await store.batchGet(accounts).compactMap { $0?["cash"]?.int }
    #expect(end.reduce(0, +) == 1200)
    #expect(end.allSatisfy { $0 >= 0 })
    #expect(try await store.everything(Query(pk: "LEDGER")).count == acknowledged)
    #expect(try await store.get(ItemKey("OTHER", "X"))?["n"] == .int(kept))
  }

  private enum Outcome: Sendable {
    case transfers(Int)
    case unrelated(Int)
    case looked
  }

  private func transfer(_ task: Int) async throws -> Int {
    var done = 0
    for round in 0..<25 {
      let from = accounts[(task + round) % 4]
      let to = accounts[(task + round * 3 + 1) % 4]
      if from == to { continue }
      let amount = 7 * (1 + (task + round) % 9)
      let entry = Item(ItemKey("LEDGER", "\(task)#\(round)"), ["amount": .int(amount)])
      do {
        try await store.transact([
          .update(from, [.add("cash", -amount)], if: .numberAtLeast("cash", amount)),
          .update(to, [.add("cash", amount)], if: .exists),
          .put(entry, if: .notExists),
        ])
        done += 1
      } catch StoreError.conditionFailed(let reasons) {
        #expect(reasons == [.conditionFailed, .passed, .passed])
      }
    }
    return done
  }

  private func writeUnrelated() async throws -> Int {
    for _ in 0..<56 { try await store.write(.update(ItemKey("OTHER", "X"), [.add("n", 1)])) }
    return 56
  }

  private func look() async throws {
    for _ in 0..<60 {
      let sum = try await store.batchGet(accounts).reduce(0) { $0 + ($1?["cash"]?.int ?? 0) }
      #expect(sum == 1200, "a torn read")
    }
  }
}
