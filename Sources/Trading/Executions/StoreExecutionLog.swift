import JSON
import Store
import Synchronization
import Time
import Workflows

/// Executions and their histories in the item store, as `ExecutionItems` has them.
package final class StoreExecutionLog: ExecutionLog {
  /// What is known of an execution that this program carries out.
  private struct Underway {
    /// What a task of it has committed.
    var committed: CommittedResult?
    /// Writes that wait for the commit of the end.
    var joined: [Write] = []
  }

  private let store: any ItemStore
  private let clock: any TimeSource
  /// Whose executions are listed together; nil lists them nowhere.
  private let owner: @Sendable (ExecutionRecord) -> String?
  private let underway = Mutex<[ExecutionID: Underway]>([:])
  private let ends = WaitingEnds()

  /// Tries to keep an end while more writes wait than the store takes.
  private static let tries = 10
  /// How long ends gather for a commit that they share.
  private static let gathering: Duration = .milliseconds(20)

  package init(
    store: any ItemStore, clock: any TimeSource,
    owner: @escaping @Sendable (ExecutionRecord) -> String? = { _ in nil }
  ) {
    self.store = store
    self.clock = clock
    self.owner = owner
  }

  private var expiry: Timestamp { clock.now() + .seconds(ExecutionItems.keptSeconds) }

  // MARK: ExecutionLog

  package func start(_ record: ExecutionRecord) async throws -> StartOutcome {
    let item = ExecutionItems.item(record, nil, owner: owner(record))
    do {
      try await store.transact([.put(item, if: .notExists)])
      return .new
    } catch let error as StoreError where error.isConditionFailure {
      guard let existing = try await self.record(record.id) else { throw StoreError.conflict }
      return .existing(existing)
    }
  }

  package func append(_ events: [HistoryEvent], to id: ExecutionID) async throws {
    if events.isEmpty { return }
    try await store.write(.put(ExecutionItems.item(events, of: id, expiresAt: expiry)))
  }

  /// Keeps the end, the last events and what was joined in one commit; an end that is kept already
  /// stays as it is.
  ///
  /// Once a task has committed of its own, the end follows from what is kept: done again after a
  /// crash it comes out the same. So it may wait for others, to share their commit, while `keepEnds`
  /// runs; whoever asks here sees it at once.
  package func finish(_ record: ExecutionRecord, with events: [HistoryEvent]) async throws {
    let known = underway.withLock { $0.removeValue(forKey: record.id) } ?? Underway()
    let committed: CommittedResult?
    if let here = known.committed {
      committed = here
    } else {
      committed = try await self.committed(record.id, input: record.input)
    }
    let end = ExecutionEnd(
      record: record, committed: committed, events: events, joined: known.joined)
    if committed != nil, ends.add(end) { return }
    try await keep(end)
  }

  package func load(_ id: ExecutionID) async throws -> KeptExecution? {
    if let ended = ends.end(id) { return ended.execution }
    var items: [Item] = []
    var cursor: String?
    repeat {
      let page = try await store.query(
        Query(
          pk: ExecutionItems.partition(id), limit: StoreLimits.pageItemsMost, cursor: cursor))
      items += page.items
      cursor = page.cursor
    } while cursor != nil
    return try ExecutionItems.execution(items)
  }

  package func unfinished() async throws -> [ExecutionID] {
    var ids: [ExecutionID] = []
    var cursor: String?
    repeat {
      let page = try await store.query(
        Query(
          .g2, pk: ExecutionItems.running, limit: StoreLimits.pageItemsMost, cursor: cursor))
      ids += page.items.compactMap { ExecutionItems.id(of: $0.key.pk) }
      cursor = page.cursor
    } while cursor != nil
    return ids.filter { ends.end($0) == nil }
  }

  // MARK: More than the contract

  /// The record alone, or nil.
  package func record(_ id: ExecutionID) async throws -> ExecutionRecord? {
    if let ended = ends.end(id) { return ended.record }
    let items = try await store.batchGet([
      ExecutionItems.metaKey(id), ExecutionItems.resultKey(id),
    ])
    return try ExecutionItems.execution(items.compactMap(\.self))?.record
  }

  /// One page of an owner's executions without their outputs: first those that run, then the others,
  /// newest first.
  package func page(of owner: String, limit: Int, cursor: String?) async throws
    -> (records: [ExecutionRecord], cursor: String?)
  {
    var running: [Item] = []
    if cursor == nil, limit > 1 {
      // One place is left for the ended ones, which the cursor leads through.
      running = try await store.query(
        Query(
          .g1, pk: ExecutionItems.running(of: owner), limit: limit - 1, direction: .descending)
      ).items
    }
    let page = try await store.query(
      Query(
        .g1, pk: ExecutionItems.ended(of: owner), limit: limit - running.count,
        direction: .descending, cursor: cursor))
    // One that ended between the two reads stands in both lists.
    let seen = Set(running.map(\.key))
    let records = try (running + page.items.filter { !seen.contains($0.key) }).map { item in
      let record = try ExecutionItems.record(item)
      return ends.end(record.id)?.record ?? record
    }
    return (records, page.cursor)
  }

  /// The write that shares a task's own commit. It can happen once in an execution, so a task that
  /// is repeated cannot commit twice.
  func write(_ committed: CommittedResult, of id: ExecutionID) -> Write {
    .put(committed.item(id, expiresAt: expiry), if: .notExists)
  }

  /// Takes note that the write was committed.
  func note(_ committed: CommittedResult, of id: ExecutionID) {
    underway.withLock { $0[id, default: Underway()].committed = committed }
  }

  /// What a task of the execution has committed, or nil.
  package func result(_ id: ExecutionID) async throws -> JSON? {
    let items = try await store.batchGet([
      ExecutionItems.metaKey(id), ExecutionItems.resultKey(id),
    ])
    guard let kept = items[1] else { return nil }
    // A function that ran on its own has a result without a record.
    let input = try items[0].map { try ExecutionItems.record($0).input } ?? .null
    return try CommittedResult(kept, input: input).result
  }

  private func committed(_ id: ExecutionID, input: JSON) async throws -> CommittedResult? {
    try await store.get(ExecutionItems.resultKey(id)).map {
      try CommittedResult($0, input: input)
    }
  }

  /// Lets writes share the commit of the execution's end.
  ///
  /// When one is refused by its condition, none of them happens and the end is kept without them.
  package func join(_ writes: [Write], to id: ExecutionID) {
    underway.withLock { $0[id, default: Underway()].joined = writes }
  }

  /// Forgets what is known of an execution that did not reach its end here.
  package func forget(_ id: ExecutionID) {
    underway.withLock { _ = $0.removeValue(forKey: id) }
  }
}

// MARK: Ends

extension StoreExecutionLog {
  /// Keeps the ends that may wait, many in one commit, until cancelled; then the last of them.
  package func keepEnds(report: @Sendable (ExecutionID, any Error) -> Void) async {
    let added = ends.open()
    for await _ in added {
      try? await clock.sleep(for: Self.gathering)
      await keepWaiting(report)
    }
    ends.close()
    await keepWaiting(report)
  }

  private func keepWaiting(_ report: @Sendable (ExecutionID, any Error) -> Void) async {
    await withTaskGroup(of: (ExecutionID, (any Error)?).self) { group in
      for end in ends.all {
        group.addTask {
          do {
            try await self.keep(end)
            return (end.record.id, nil)
          } catch {
            return (end.record.id, error)
          }
        }
      }
      for await (id, error) in group {
        ends.remove(id)
        if let error { report(id, error) }
      }
    }
  }

  private func keep(_ end: ExecutionEnd) async throws {
    // The record was written once, at the start: at any other version the end is there already.
    let write = Write.put(end.item(owner: owner(end.record)), if: .version(1))
    do {
      try await transact([write] + end.joined)
    } catch StoreError.conditionFailed(let reasons) {
      if reasons.first == .conditionFailed { return }
      // What was joined is done already: it says so by its own condition.
      try await transact([write])
    }
  }

  /// An end must not be lost because many write: it waits a little and tries again.
  private func transact(_ writes: [Write]) async throws {
    for attempt in 1..<Self.tries {
      do {
        return try await store.transact(writes)
      } catch StoreError.busy {
        try await clock.sleep(for: .milliseconds(5 << attempt))
      }
    }
    try await store.transact(writes)
  }
}
