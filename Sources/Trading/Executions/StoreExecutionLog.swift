import JSON
import Store
import Synchronization
import Time
import Workflows

/// Executions and their histories in the item store, one partition for each: `META` says how far it
/// is and holds the last events, `RESULT` what a task committed with the events before it, `EV#…` the
/// others.
package final class StoreExecutionLog: ExecutionLog {
  private let store: any ItemStore
  private let clock: any TimeSource
  /// Whose executions are listed together; nil lists them nowhere.
  private let owner: @Sendable (ExecutionRecord) -> String?
  /// Writes that wait for the commit of their execution's end.
  private let joined = Mutex<[ExecutionID: [Write]]>([:])

  /// AWS keeps the name and the history of an ended execution that long.
  private static let keptSeconds = 90 * 86_400
  private static let running = "EXECS#RUNNING"
  /// Tries to keep an end while more writes wait than the store takes.
  private static let tries = 10

  package init(
    store: any ItemStore, clock: any TimeSource,
    owner: @escaping @Sendable (ExecutionRecord) -> String? = { _ in nil }
  ) {
    self.store = store
    self.clock = clock
    self.owner = owner
  }

  // MARK: ExecutionLog

  package func start(_ record: ExecutionRecord) async throws -> StartOutcome {
    do {
      try await store.write(.put(item(record), if: .notExists))
      return .new
    } catch let error as StoreError where error.isConditionFailure {
      guard let existing = try await self.record(record.id) else { throw StoreError.conflict }
      return .existing(existing)
    }
  }

  package func append(_ events: [HistoryEvent], to id: ExecutionID) async throws {
    if events.isEmpty { return }
    try await store.write(chunk(events, of: id))
  }

  /// Keeps the end, the last events and what was joined in one commit; an end that is kept already
  /// stays as it is.
  package func finish(_ record: ExecutionRecord, with events: [HistoryEvent]) async throws {
    // The record was written once, at the start: at any other version the end is there already.
    var end = item(record)
    if !events.isEmpty { end["history"] = HistoryChunk(events).json }
    let writes: [Write] = [.put(end, if: .version(1))]
    let shared = joined.withLock { $0.removeValue(forKey: record.id) ?? [] }
    do {
      try await transact(writes + shared)
    } catch StoreError.conditionFailed(let reasons) {
      if reasons.first == .conditionFailed { return }
      // What was joined is done already: it says so by its own condition.
      try await transact(writes)
    }
  }

  package func load(_ id: ExecutionID) async throws -> KeptExecution? {
    var record: ExecutionRecord?
    var events: [HistoryEvent] = []
    var cursor: String?
    repeat {
      let page = try await store.query(
        Query(pk: Self.partition(id), limit: StoreLimits.pageItemsMost, cursor: cursor))
      for item in page.items {
        if item.key.sk == "META" { record = try Self.record(item, id) }
        if let kept = item["history"] { events += try Self.events(kept, id) }
      }
      cursor = page.cursor
    } while cursor != nil
    guard let record else { return nil }
    return KeptExecution(record: record, events: events.sorted { $0.id < $1.id })
  }

  package func unfinished() async throws -> [ExecutionID] {
    var ids: [ExecutionID] = []
    var cursor: String?
    repeat {
      let page = try await store.query(
        Query(.g2, pk: Self.running, limit: StoreLimits.pageItemsMost, cursor: cursor))
      ids += page.items.compactMap { ExecutionRecord(json: .object($0.attributes))?.id }
      cursor = page.cursor
    } while cursor != nil
    return ids
  }

  // MARK: More than the contract

  /// The record alone, or nil.
  package func record(_ id: ExecutionID) async throws -> ExecutionRecord? {
    try await store.get(ItemKey(Self.partition(id), "META")).map { try Self.record($0, id) }
  }

  /// One page of an owner's executions, newest first.
  package func page(of owner: String, limit: Int, cursor: String?) async throws
    -> (records: [ExecutionRecord], cursor: String?)
  {
    let page = try await store.query(
      Query(
        .g1, pk: Self.list(owner), limit: limit, direction: .descending, cursor: cursor))
    let records = page.items.compactMap { ExecutionRecord(json: .object($0.attributes)) }
    return (records, page.cursor)
  }

  /// The write of a task that commits of its own: its result with the events before it. It exists
  /// once for an execution, so a task that is repeated cannot commit twice.
  package func resultWrite(_ result: JSON, with events: [HistoryEvent], of id: ExecutionID) -> Write
  {
    var attributes: JSONObject = ["result": .string(result.text)]
    if !events.isEmpty { attributes["history"] = HistoryChunk(events).json }
    return .put(
      Item(ItemKey(Self.partition(id), "RESULT"), attributes, expiresAt: expiry), if: .notExists)
  }

  /// What a task of the execution has committed, or nil.
  package func result(_ id: ExecutionID) async throws -> JSON? {
    let item = try await store.get(ItemKey(Self.partition(id), "RESULT"))
    return try item?["result"]?.string.map { try JSON(parsing: $0) }
  }

  /// Lets writes share the commit of the execution's end.
  ///
  /// When one is refused by its condition, none of them happens and the end is kept without them.
  package func join(_ writes: [Write], to id: ExecutionID) {
    joined.withLock { $0[id] = writes }
  }

  /// Forgets what was joined to an execution that did not reach its end.
  package func forgetJoined(_ id: ExecutionID) {
    joined.withLock { _ = $0.removeValue(forKey: id) }
  }

  // MARK: Items

  private static func partition(_ id: ExecutionID) -> String { "EXEC#\(id.machine)#\(id.name)" }
  private static func list(_ owner: String) -> String { "EXECS#OF#\(owner)" }
  private var expiry: Timestamp { clock.now() + .seconds(Self.keptSeconds) }

  /// The item without the output, which the last event holds.
  private func item(_ record: ExecutionRecord) -> Item {
    var kept = record
    kept.output = nil
    var attributes = kept.json.object ?? JSONObject()
    // It follows from the others.
    attributes["executionArn"] = nil
    let place = "\(record.startedAt.iso8601)#\(record.id.name)"
    return Item(
      ItemKey(Self.partition(record.id), "META"), attributes,
      expiresAt: record.stoppedAt.map { $0 + .seconds(Self.keptSeconds) },
      g1: owner(record).map { IndexKey(Self.list($0), place) },
      g2: record.status == .running ? IndexKey(Self.running, place) : nil)
  }

  private static func record(_ item: Item, _ id: ExecutionID) throws -> ExecutionRecord {
    guard var record = ExecutionRecord(json: .object(item.attributes)) else {
      throw StoreError.corrupt("execution \(id.name)")
    }
    if let kept = item["history"],
      case .executionSucceeded(let output)? = try events(kept, id).last?.kind
    {
      record.output = output
    }
    return record
  }

  private func chunk(_ events: [HistoryEvent], of id: ExecutionID) -> Write {
    let digits = String(events[0].id)
    let number = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    return .put(
      Item(
        ItemKey(Self.partition(id), "EV#\(number)"), ["history": HistoryChunk(events).json],
        expiresAt: expiry))
  }

  private static func events(_ kept: JSON, _ id: ExecutionID) throws -> [HistoryEvent] {
    guard let chunk = HistoryChunk(json: kept) else {
      throw StoreError.corrupt("history of the execution \(id.name)")
    }
    return chunk.events
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
