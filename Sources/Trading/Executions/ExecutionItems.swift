import JSON
import Store
import Time
import Workflows

/// An execution as items of one partition: `META` is the record and, once it has ended, the last
/// events; `RESULT` what a task committed of its own, with the events before it; `EV#…` others.
///
/// `META` refers to the payloads of `RESULT`, and both to the input, so that each is written once.
enum ExecutionItems {
  private static let prefix = "EXEC#"
  private static let meta = "META"
  private static let result = "RESULT"
  /// AWS keeps the name and the history of an ended execution that long.
  static let keptSeconds = 90 * 86_400
  /// What the attributes of a record have at the end of a trade: the place is there from the start.
  private static let room = 900

  /// The partition of an execution.
  static func partition(_ id: ExecutionID) -> String { "\(prefix)\(id.machine)#\(id.name)" }
  static func metaKey(_ id: ExecutionID) -> ItemKey { ItemKey(partition(id), meta) }
  static func resultKey(_ id: ExecutionID) -> ItemKey { ItemKey(partition(id), result) }

  /// The execution that a partition is of; a machine's name has no `#`.
  static func id(of partition: String) -> ExecutionID? {
    guard partition.hasPrefix(prefix) else { return nil }
    let parts = partition.dropFirst(prefix.count).split(separator: "#", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    return ExecutionID(machine: String(parts[0]), name: String(parts[1]))
  }

  /// The record with the last events, in the list of its owner: those that run and those that ended
  /// have lists of their own, so that a start touches only what other starts touch.
  static func item(_ record: ExecutionRecord, _ last: HistoryChunk?, owner: String?) -> Item {
    var attributes: JSONObject = [
      "status": .string(record.status.rawValue), "startDate": .string(record.startedAt.iso8601),
    ]
    attributes["stopDate"] = record.stoppedAt.map { .string($0.iso8601) }
    attributes["error"] = record.error.map { .string($0) }
    attributes["cause"] = record.cause.map { .string($0) }
    attributes["input"] = KeptPayload.write(record.input)
    attributes["history"] = last?.json
    let place = "\(record.startedAt.iso8601)#\(record.id.name)"
    let isRunning = record.status == .running
    var item = Item(
      metaKey(record.id), attributes,
      expiresAt: record.stoppedAt.map { $0 + .seconds(keptSeconds) },
      g1: owner.map { IndexKey(isRunning ? running(of: $0) : ended(of: $0), place) },
      g2: isRunning ? IndexKey(running, place) : nil)
    item.room = room
    return item
  }

  /// The partition, in the second index, of all that run.
  static let running = "EXECS#RUNNING"
  /// The partitions, in the first index, of an owner's executions.
  static func running(of owner: String) -> String { "EXECS#NOW#\(owner)" }
  static func ended(of owner: String) -> String { "EXECS#OF#\(owner)" }

  /// The record of a `META` without its output, which the history has.
  static func record(_ item: Item) throws(StoreError) -> ExecutionRecord {
    guard let id = id(of: item.key.pk),
      let status = item["status"]?.string.flatMap(ExecutionRecord.Status.init(rawValue:)),
      let startedAt = item["startDate"]?.string.flatMap({ Timestamp(iso8601: $0) }),
      let input = item["input"].flatMap(KeptPayload.read)
    else { throw .corrupt("execution \(item.key.pk)") }
    var record = ExecutionRecord(id: id, input: input, startedAt: startedAt)
    record.status = status
    record.stoppedAt = item["stopDate"]?.string.flatMap { Timestamp(iso8601: $0) }
    record.error = item["error"]?.string
    record.cause = item["cause"]?.string
    return record
  }

  /// The execution that the items of a partition are; nil without its record.
  static func execution(_ items: [Item]) throws(StoreError) -> KeptExecution? {
    guard let meta = items.first(where: { $0.key.sk == meta }) else { return nil }
    var record = try record(meta)
    var events: [HistoryEvent] = []
    var given = [record.input]
    if let item = items.first(where: { $0.key.sk == result }) {
      let committed = try CommittedResult(item, input: record.input)
      given = committed.history.payloads
      events = committed.history.events
    }
    for item in items where item.key.sk.hasPrefix("EV#") {
      events += try chunk(item, given: []).events
    }
    if meta["history"] != nil { events += try chunk(meta, given: given).events }
    if case .executionSucceeded(let output)? = events.last?.kind { record.output = output }
    return KeptExecution(record: record, events: events.sorted { $0.id < $1.id })
  }

  static func chunk(_ item: Item, given: [JSON]) throws(StoreError) -> HistoryChunk {
    guard let chunk = item["history"].flatMap({ HistoryChunk(json: $0, given: given) }) else {
      throw .corrupt("history of the execution \(item.key.pk)")
    }
    return chunk
  }

  /// Events that are kept before the end.
  static func item(_ events: [HistoryEvent], of id: ExecutionID, expiresAt: Timestamp) -> Item {
    let digits = String(events.first?.id ?? 0)
    let number = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    return Item(
      ItemKey(partition(id), "EV#\(number)"), ["history": HistoryChunk(events).json],
      expiresAt: expiresAt)
  }
}

/// What a task has committed of its own, with the events before it.
struct CommittedResult: Sendable {
  /// Its payloads are the execution's input, those of the events, and the result.
  private(set) var history: HistoryChunk
  private let position: Int

  init(_ result: JSON, after events: [HistoryEvent], input: JSON) {
    history = HistoryChunk(events, given: [input])
    position = history.reference(result)
  }

  var result: JSON { history.payloads[position] }

  func item(_ id: ExecutionID, expiresAt: Timestamp) -> Item {
    Item(
      ExecutionItems.resultKey(id), ["result": .int(position), "history": history.json],
      expiresAt: expiresAt)
  }

  init(_ item: Item, input: JSON) throws(StoreError) {
    history = try ExecutionItems.chunk(item, given: [input])
    guard let position = item["result"]?.int, history.payloads.indices.contains(position) else {
      throw .corrupt("result of the execution \(item.key.pk)")
    }
    self.position = position
  }
}
