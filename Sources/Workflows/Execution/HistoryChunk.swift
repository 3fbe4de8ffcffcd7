import JSON
import Time

/// Events of one execution that are kept together, each payload written once.
///
/// A state's output is the next state's input and the input of its task: written as AWS writes them
/// (`HistoryEvent.json`), three tasks repeat the trade fifteen times. Here events are short rows
/// which refer to lists of payloads and of resources. A row is `[word, milliseconds since the row
/// before, …]`; what follows depends on the word and stands in the order of the fields of
/// `HistoryEvent.Kind`. A payload is written as `KeptPayload` has it, or as `[payload, name,
/// payload]`: the first with the second put into a new member at its end, as `ResultPath` does.
package struct HistoryChunk: Sendable {
  /// The events in their order.
  package private(set) var events: [HistoryEvent] = []
  private var list: PayloadList
  private var resources = ResourceList()
  private var rows: [JSON] = []

  /// An empty chunk.
  ///
  /// - Parameter given: payloads that are kept beside the chunk: it refers to them and does not
  ///   write them. Whoever reads the chunk gives the same.
  package init(_ events: [HistoryEvent] = [], given: [JSON] = []) {
    list = PayloadList(given: given)
    append(events)
  }

  /// Adds events behind the others.
  package mutating func append(_ new: [HistoryEvent]) {
    for event in new {
      let before = events.last?.timestamp ?? event.timestamp
      var row: [JSON] = [
        .string(event.word), .int(event.timestamp.milliseconds - before.milliseconds),
      ]
      Self.fill(&row, event, &list, &resources)
      while row.last == .null { row.removeLast() }
      rows.append(.array(row))
      events.append(event)
    }
  }

  /// The number by which the chunk knows a payload; it is added if it is new.
  package mutating func reference(_ payload: JSON) -> Int { list.reference(payload) }

  /// All payloads by their numbers, those given first.
  package var payloads: [JSON] { list.all }

  /// What is kept.
  package var json: JSON {
    [
      "first": .int(events.first?.id ?? 1),
      "at": .int(events.first?.timestamp.milliseconds ?? 0),
      "payloads": .array(list.entries), "resources": .array(resources.texts),
      "events": .array(rows),
    ]
  }

  private static func fill(
    _ row: inout [JSON], _ event: HistoryEvent, _ payloads: inout PayloadList,
    _ resources: inout ResourceList
  ) {
    switch event.kind {
    case .executionStarted(let input): row.append(.int(payloads.reference(input)))
    case .executionSucceeded(let output): row.append(.int(payloads.reference(output)))
    case .stateEntered(let type, let name, let input):
      row += [.string(type), .string(name), .int(payloads.reference(input))]
    case .stateExited(let type, let name, let output, let next):
      row += [.string(type), .string(name), .int(payloads.reference(output)), .text(next)]
    case .taskScheduled(let resource, let parameters, let timeout, let heartbeat):
      row += [
        resources.reference(resource), .int(payloads.reference(parameters)),
        timeout.map { .int($0) } ?? .null, heartbeat.map { .int($0) } ?? .null,
      ]
    case .taskStarted(let resource): row.append(resources.reference(resource))
    case .taskSucceeded(let resource, let output):
      row += [resources.reference(resource), .int(payloads.reference(output))]
    case .taskFailed(let resource, let error, let cause),
      .taskTimedOut(let resource, let error, let cause):
      row += [resources.reference(resource), .string(error), .string(cause)]
    case .executionFailed(let error, let cause), .executionAborted(let error, let cause):
      row += [.string(error), .string(cause)]
    case .executionTimedOut: break
    }
  }

  /// Reads what `json` wrote, beside the same given payloads; nil for anything else.
  package init?(json: JSON, given: [JSON] = []) {
    guard let first = json["first"]?.int, let start = json["at"]?.int,
      let entries = json["payloads"]?.array, let texts = json["resources"]?.array,
      let rows = json["events"]?.array, let list = PayloadList(entries, given: given),
      let resources = ResourceList(texts)
    else { return nil }
    self.list = list
    self.resources = resources
    self.rows = rows
    var moment = start
    for (offset, row) in rows.enumerated() {
      let row = ChunkRow(row: row, payloads: list.all, resources: resources.known)
      guard let since = row.row[1]?.int, let kind = row.kind else { return nil }
      let (sum, overflow) = moment.addingReportingOverflow(since)
      let (id, isOver) = first.addingReportingOverflow(offset)
      if overflow || isOver { return nil }
      moment = sum
      events.append(
        HistoryEvent(
          id: id, previousID: id - 1, timestamp: Timestamp(milliseconds: moment), kind: kind))
    }
  }
}

extension JSON {
  fileprivate static func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
}

extension HistoryEvent {
  /// What a row calls the kind of event.
  fileprivate var word: String {
    switch kind {
    case .executionStarted: "start"
    case .stateEntered: "in"
    case .stateExited: "out"
    case .taskScheduled: "call"
    case .taskStarted: "run"
    case .taskSucceeded: "done"
    case .taskFailed: "error"
    case .taskTimedOut: "late"
    case .executionSucceeded: "end"
    case .executionFailed: "fail"
    case .executionTimedOut: "timeout"
    case .executionAborted: "abort"
    }
  }
}

/// Payloads in the order of their first use.
private struct PayloadList {
  /// All of them, those given first.
  private(set) var all: [JSON]
  /// What is written: all but those given.
  private(set) var entries: [JSON] = []
  /// How many of the last are looked through before one is written again.
  private static let remembered = 4

  init(given: [JSON]) { all = given }

  /// Reads entries that may refer to those before them.
  init?(_ entries: [JSON], given: [JSON]) {
    all = given
    self.entries = entries
    for entry in entries {
      guard let payload = Self.payload(entry, all) else { return nil }
      all.append(payload)
    }
  }

  /// The position of the payload; one that stands among the last few is not written again.
  mutating func reference(_ payload: JSON) -> Int {
    if let known = position(of: payload) { return known }
    let entry = grown(payload) ?? KeptPayload.write(payload)
    all.append(payload)
    entries.append(entry)
    return all.count - 1
  }

  private func position(of payload: JSON) -> Int? {
    all.suffix(Self.remembered).lastIndex(of: payload)
  }

  /// The payload as another one with one of the last few as its new last member.
  private mutating func grown(_ payload: JSON) -> JSON? {
    guard case .object(var base) = payload, let (name, value) = base.members.last,
      value.object != nil, let added = position(of: value)
    else { return nil }
    base[name] = nil
    return [.int(reference(.object(base))), .string(name), .int(added)]
  }

  private static func payload(_ entry: JSON, _ before: [JSON]) -> JSON? {
    if entry.array == nil { return KeptPayload.read(entry) }
    guard let from = entry[0]?.int, let name = entry[1]?.string, let added = entry[2]?.int,
      before.indices.contains(from), before.indices.contains(added),
      var object = before[from].object
    else { return nil }
    object[name] = before[added]
    return .object(object)
  }
}

/// Resources in the order of their first use.
private struct ResourceList {
  private(set) var texts: [JSON] = []
  private(set) var known: [TaskResource] = []
  /// What stands before the name of a function of this program; a colon stands for it.
  private static let functions =
    "arn:aws:lambda:\(ExecutionID.region):\(ExecutionID.account):function"

  init() {}

  init?(_ texts: [JSON]) {
    self.texts = texts
    for kept in texts {
      guard let kept = kept.string else { return nil }
      let text = kept.hasPrefix(":") ? Self.functions + kept : kept
      guard let resource = TaskResource(text) else { return nil }
      known.append(resource)
    }
  }

  mutating func reference(_ resource: TaskResource) -> JSON {
    if let position = known.firstIndex(of: resource) { return .int(position) }
    known.append(resource)
    let text = resource.text
    texts.append(
      .string(text.hasPrefix(Self.functions) ? String(text.dropFirst(Self.functions.count)) : text))
    return .int(known.count - 1)
  }
}

/// One row, read.
private struct ChunkRow {
  let row: JSON
  let payloads: [JSON]
  let resources: [TaskResource]

  private func text(_ at: Int) -> String? { row[at]?.string }
  private func payload(_ at: Int) -> JSON? {
    guard let position = row[at]?.int, payloads.indices.contains(position) else { return nil }
    return payloads[position]
  }
  private var resource: TaskResource? {
    guard let position = row[2]?.int, resources.indices.contains(position) else { return nil }
    return resources[position]
  }

  var kind: HistoryEvent.Kind? {
    switch text(0) {
    case "start": payload(2).map { .executionStarted(input: $0) }
    case "end": payload(2).map { .executionSucceeded(output: $0) }
    case "timeout": .executionTimedOut
    case "fail": failure.map { .executionFailed(error: $0, cause: $1) }
    case "abort": failure.map { .executionAborted(error: $0, cause: $1) }
    case "in", "out": state
    default: resource.flatMap { task($0) }
    }
  }

  private var failure: (String, String)? {
    guard let error = text(2), let cause = text(3) else { return nil }
    return (error, cause)
  }

  private var state: HistoryEvent.Kind? {
    guard let type = text(2), let name = text(3), let payload = payload(4) else { return nil }
    return text(0) == "in"
      ? .stateEntered(type: type, name: name, input: payload)
      : .stateExited(type: type, name: name, output: payload, next: text(5))
  }

  private func task(_ resource: TaskResource) -> HistoryEvent.Kind? {
    switch text(0) {
    case "call":
      return payload(3).map {
        .taskScheduled(resource, parameters: $0, timeout: row[4]?.int, heartbeat: row[5]?.int)
      }
    case "run": return .taskStarted(resource)
    case "done": return payload(3).map { .taskSucceeded(resource, output: $0) }
    case "error", "late":
      guard let error = text(3), let cause = text(4) else { return nil }
      return text(0) == "error"
        ? .taskFailed(resource, error: error, cause: cause)
        : .taskTimedOut(resource, error: error, cause: cause)
    default: return nil
    }
  }
}
