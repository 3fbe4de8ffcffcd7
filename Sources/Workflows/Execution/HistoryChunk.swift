import JSON
import Time

/// Events of one execution that are kept together, each payload written once.
///
/// A state's output is the next state's input and the input of its task: written as AWS writes them
/// (`HistoryEvent.json`), three tasks repeat the trade fifteen times. Here events are rows which
/// refer to lists of payloads and of resources. A row is `[id, milliseconds, type, …]`; what follows
/// depends on the type and stands in the order of the fields of `HistoryEvent.Kind`. A payload is
/// JSON within a text, so that a store's bounds on numbers and depth never concern it, or
/// `[payload, name, payload]`: the first with the second put into a new member at its end, as
/// `ResultPath` does.
package struct HistoryChunk: Sendable, Hashable {
  /// The events in their order.
  package var events: [HistoryEvent]

  package init(_ events: [HistoryEvent]) { self.events = events }

  /// What is kept.
  package var json: JSON {
    var payloads = PayloadList()
    var resources = ResourceList()
    let rows = events.map { JSON.array(Self.row($0, &payloads, &resources)) }
    return [
      "payloads": .array(payloads.entries), "resources": .array(resources.texts),
      "events": .array(rows),
    ]
  }

  private static func row(
    _ event: HistoryEvent, _ payloads: inout PayloadList, _ resources: inout ResourceList
  ) -> [JSON] {
    var row: [JSON] = [.int(event.id), .int(event.timestamp.milliseconds), .string(event.type)]
    switch event.kind {
    case .executionStarted(let input): row.append(payloads.reference(input))
    case .executionSucceeded(let output): row.append(payloads.reference(output))
    case .stateEntered(_, let name, let input):
      row += [.string(name), payloads.reference(input)]
    case .stateExited(_, let name, let output, let next):
      row += [.string(name), payloads.reference(output), next.map { .string($0) } ?? .null]
    case .taskScheduled(let resource, let parameters, let timeout, let heartbeat):
      row += [
        resources.reference(resource), payloads.reference(parameters),
        timeout.map { .int($0) } ?? .null, heartbeat.map { .int($0) } ?? .null,
      ]
    case .taskStarted(let resource): row.append(resources.reference(resource))
    case .taskSucceeded(let resource, let output):
      row += [resources.reference(resource), payloads.reference(output)]
    case .taskFailed(let resource, let error, let cause),
      .taskTimedOut(let resource, let error, let cause):
      row += [resources.reference(resource), .string(error), .string(cause)]
    case .executionFailed(let error, let cause), .executionAborted(let error, let cause):
      row += [.string(error), .string(cause)]
    case .executionTimedOut: break
    }
    return row
  }

  /// Reads what `json` wrote; nil for anything else.
  package init?(json: JSON) {
    guard let entries = json["payloads"]?.array, let texts = json["resources"]?.array,
      let rows = json["events"]?.array
    else { return nil }
    var payloads: [JSON] = []
    for entry in entries {
      guard let payload = PayloadList.payload(entry, payloads) else { return nil }
      payloads.append(payload)
    }
    let resources = texts.compactMap { $0.string.flatMap { TaskResource($0) } }
    guard resources.count == texts.count else { return nil }
    var events: [HistoryEvent] = []
    for row in rows {
      let row = ChunkRow(row: row, payloads: payloads, resources: resources)
      guard let event = row.event else { return nil }
      events.append(event)
    }
    self.events = events
  }
}

/// Payloads in the order of their first use.
private struct PayloadList {
  private(set) var entries: [JSON] = []
  private var recent: [(payload: JSON, position: Int)] = []

  /// The position of the payload; one that stands among the last few is not written again.
  mutating func reference(_ payload: JSON) -> JSON {
    if let known = position(of: payload) { return .int(known) }
    let entry = grown(payload) ?? .string(payload.text)
    if recent.count >= 4 { recent.removeFirst() }
    recent.append((payload, entries.count))
    entries.append(entry)
    return .int(entries.count - 1)
  }

  private func position(of payload: JSON) -> Int? {
    recent.last { $0.payload == payload }?.position
  }

  /// The payload as another one with one of the last few as its new last member.
  private mutating func grown(_ payload: JSON) -> JSON? {
    guard case .object(var base) = payload, let (name, value) = base.members.last,
      value.object != nil, let added = position(of: value)
    else { return nil }
    base[name] = nil
    return [reference(.object(base)), .string(name), .int(added)]
  }

  /// Reads an entry that may refer to those before it.
  static func payload(_ entry: JSON, _ before: [JSON]) -> JSON? {
    if let text = entry.string { return try? JSON(parsing: text) }
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
  private var known: [TaskResource] = []

  mutating func reference(_ resource: TaskResource) -> JSON {
    if let position = known.firstIndex(of: resource) { return .int(position) }
    known.append(resource)
    texts.append(.string(resource.text))
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
    guard let position = row[3]?.int, resources.indices.contains(position) else { return nil }
    return resources[position]
  }

  var event: HistoryEvent? {
    guard let id = row[0]?.int, let milliseconds = row[1]?.int, let type = text(2),
      let kind = kind(type)
    else { return nil }
    return HistoryEvent(
      id: id, previousID: id - 1, timestamp: Timestamp(milliseconds: milliseconds), kind: kind)
  }

  private func kind(_ type: String) -> HistoryEvent.Kind? {
    switch type {
    case "ExecutionStarted": return payload(3).map { .executionStarted(input: $0) }
    case "ExecutionSucceeded": return payload(3).map { .executionSucceeded(output: $0) }
    case "ExecutionTimedOut": return .executionTimedOut
    case "ExecutionFailed", "ExecutionAborted":
      guard let error = text(3), let cause = text(4) else { return nil }
      return type == "ExecutionFailed"
        ? .executionFailed(error: error, cause: cause)
        : .executionAborted(error: error, cause: cause)
    default: break
    }
    if type.hasSuffix("StateEntered") || type.hasSuffix("StateExited") {
      guard let name = text(3), let payload = payload(4) else { return nil }
      let owner = String(type.dropLast(type.hasSuffix("Entered") ? 12 : 11))
      return type.hasSuffix("Entered")
        ? .stateEntered(type: owner, name: name, input: payload)
        : .stateExited(type: owner, name: name, output: payload, next: text(5))
    }
    return resource.flatMap { taskKind(type, $0) }
  }

  private func taskKind(_ type: String, _ resource: TaskResource) -> HistoryEvent.Kind? {
    switch type.replacing("LambdaFunction", with: "").replacing("Task", with: "") {
    case "Scheduled":
      return payload(4).map {
        .taskScheduled(
          resource, parameters: $0, timeout: row[5]?.int, heartbeat: row[6]?.int)
      }
    case "Started": return .taskStarted(resource)
    case "Succeeded": return payload(4).map { .taskSucceeded(resource, output: $0) }
    case "Failed":
      guard let error = text(4), let cause = text(5) else { return nil }
      return .taskFailed(resource, error: error, cause: cause)
    case "TimedOut":
      guard let error = text(4), let cause = text(5) else { return nil }
      return .taskTimedOut(resource, error: error, cause: cause)
    default: return nil
    }
  }
}
