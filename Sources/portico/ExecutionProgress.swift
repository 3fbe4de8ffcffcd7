import Synchronization
import Time
import Workflows

/// An execution's log that tells a person which states are entered and left, as it is kept.
final class ExecutionProgress: ExecutionLog {
  private let log: any ExecutionLog
  private let show: (@Sendable (String) -> Void)?
  /// The state the execution is in, and since when.
  private let current = Mutex<(name: String, since: Timestamp)?>(nil)

  /// - Parameter show: takes a line with its end; nil shows nothing.
  init(_ log: any ExecutionLog, show: (@Sendable (String) -> Void)?) {
    self.log = log
    self.show = show
  }

  func start(_ record: ExecutionRecord) async throws -> StartOutcome {
    try await log.start(record)
  }

  func append(_ events: [HistoryEvent], to id: ExecutionID) async throws {
    try await log.append(events, to: id)
    events.forEach(tell)
  }

  func finish(_ record: ExecutionRecord, with events: [HistoryEvent]) async throws {
    try await log.finish(record, with: events)
    events.forEach(tell)
    let took = Self.text(record.startedAt, record.stoppedAt ?? record.startedAt)
    show?("\(record.status.rawValue) after \(took)\n")
  }

  func load(_ id: ExecutionID) async throws -> KeptExecution? { try await log.load(id) }

  func unfinished() async throws -> [ExecutionID] { try await log.unfinished() }

  private func tell(_ event: HistoryEvent) {
    guard let show else { return }
    // The time of the day, in UTC.
    let time = event.timestamp.iso8601.dropFirst(11)
    let state = current.withLock { current in
      let before = current
      if case .stateEntered(_, let name, _) = event.kind { current = (name, event.timestamp) }
      return before
    }
    switch event.kind {
    case .stateEntered(let type, let name, _): show("\(time)  entered  \(name) (\(type))\n")
    case .stateExited(_, let name, _, _):
      let took = state.map { ", after \(Self.text($0.since, event.timestamp))" } ?? ""
      show("\(time)  left     \(name)\(took)\n")
    case .taskFailed(_, let error, _), .taskTimedOut(_, let error, _):
      show("\(time)  failed   \(state?.name ?? "") with \(error)\n")
    default: break
    }
  }

  private static func text(_ from: Timestamp, _ to: Timestamp) -> String {
    let milliseconds = to.milliseconds - from.milliseconds
    if milliseconds < 1_000 { return "\(milliseconds) ms" }
    return "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100) s"
  }
}
