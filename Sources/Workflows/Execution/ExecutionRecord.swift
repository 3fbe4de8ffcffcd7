import JSON
import Time

/// The name of one execution: unique within its machine.
package struct ExecutionID: Sendable, Hashable {
  package var machine: String
  package var name: String

  package init(machine: String, name: String) {
    self.machine = machine
    self.name = name
  }

  /// The region that stands for this program in ARNs.
  static let region = "local"
  /// The account that stands for this program in ARNs.
  static let account = "000000000000"
  private static let prefix = "arn:aws:states:\(region):\(account)"

  /// As AWS writes it, of the region and account that stand for this program.
  package var arn: String { "\(Self.prefix):execution:\(machine):\(name)" }

  /// The machine's own ARN.
  package var machineARN: String { "\(Self.prefix):stateMachine:\(machine)" }
}

/// One execution: what DescribeExecution tells.
package struct ExecutionRecord: Sendable, Hashable {
  /// How far it is, in AWS's words.
  package enum Status: String, Sendable, Hashable, CaseIterable {
    case running = "RUNNING"
    case succeeded = "SUCCEEDED"
    case failed = "FAILED"
    case timedOut = "TIMED_OUT"
    case aborted = "ABORTED"
  }

  package var id: ExecutionID
  package var status: Status
  package var input: JSON
  package var startedAt: Timestamp
  package var stoppedAt: Timestamp?
  package var output: JSON?
  package var error: String?
  package var cause: String?

  package init(id: ExecutionID, input: JSON, startedAt: Timestamp) {
    self.id = id
    status = .running
    self.input = input
    self.startedAt = startedAt
  }
}

extension ExecutionRecord {
  /// The record as DescribeExecution answers it; payloads are JSON within texts.
  package var json: JSON {
    var object = JSONObject([
      ("executionArn", .string(id.arn)), ("stateMachineArn", .string(id.machineARN)),
      ("name", .string(id.name)), ("status", .string(status.rawValue)),
      ("startDate", .string(startedAt.iso8601)), ("input", .string(input.text)),
    ])
    object["stopDate"] = stoppedAt.map { .string($0.iso8601) }
    object["output"] = output.map { .string($0.text) }
    object["error"] = error.map { .string($0) }
    object["cause"] = cause.map { .string($0) }
    return .object(object)
  }

  /// Reads what `json` wrote; nil for anything else.
  package init?(json: JSON) {
    guard let machine = json["stateMachineArn"]?.string?.split(separator: ":").last,
      let name = json["name"]?.string,
      let status = json["status"]?.string.flatMap(Status.init(rawValue:)),
      let startedAt = json["startDate"]?.string.flatMap({ Timestamp(iso8601: $0) }),
      let input = json["input"]?.string.flatMap({ try? JSON(parsing: $0) })
    else { return nil }
    self.init(
      id: ExecutionID(machine: String(machine), name: name), input: input, startedAt: startedAt)
    self.status = status
    stoppedAt = json["stopDate"]?.string.flatMap { Timestamp(iso8601: $0) }
    output = json["output"]?.string.flatMap { try? JSON(parsing: $0) }
    error = json["error"]?.string
    cause = json["cause"]?.string
  }
}
