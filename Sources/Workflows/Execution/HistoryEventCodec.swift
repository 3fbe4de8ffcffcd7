import JSON
import Time

extension HistoryEvent {
  /// The event as AWS's GetExecutionHistory writes it: payloads are JSON within texts.
  package var json: JSON {
    var object = JSONObject([
      ("timestamp", .string(timestamp.iso8601)), ("type", .string(type)), ("id", .int(id)),
      ("previousEventId", .int(previousID)),
    ])
    let (name, details) = self.details
    if let name { object[name] = .object(details) }
    return .object(object)
  }

  private var details: (String?, JSONObject) {
    switch kind {
    case .executionStarted(let input):
      return ("executionStartedEventDetails", ["input": .string(input.text)])
    case .stateEntered(_, let name, let input):
      return ("stateEnteredEventDetails", ["name": .string(name), "input": .string(input.text)])
    case .stateExited(_, let name, let output, let next):
      var details: JSONObject = ["name": .string(name), "output": .string(output.text)]
      details["next"] = next.map { .string($0) }
      return ("stateExitedEventDetails", details)
    case .taskScheduled(let resource, let parameters, let timeout, let heartbeat):
      var details = Self.taskDetails(resource)
      details[resource.isFunction ? "input" : "parameters"] = .string(parameters.text)
      details["timeoutInSeconds"] = timeout.map { .int($0) }
      details["heartbeatInSeconds"] = heartbeat.map { .int($0) }
      return (Self.detailsName(resource, "Scheduled"), details)
    case .taskStarted(let resource):
      return (Self.detailsName(resource, "Started"), Self.taskDetails(resource))
    case .taskSucceeded(let resource, let output):
      var details = Self.taskDetails(resource)
      details["output"] = .string(output.text)
      return (Self.detailsName(resource, "Succeeded"), details)
    case .taskFailed(let resource, let error, let cause):
      return (
        Self.detailsName(resource, "Failed"),
        Self.errorDetails(error, cause, Self.taskDetails(resource))
      )
    case .taskTimedOut(let resource, let error, let cause):
      return (
        Self.detailsName(resource, "TimedOut"),
        Self.errorDetails(error, cause, Self.taskDetails(resource))
      )
    case .executionSucceeded(let output):
      return ("executionSucceededEventDetails", ["output": .string(output.text)])
    case .executionFailed(let error, let cause):
      return ("executionFailedEventDetails", Self.errorDetails(error, cause))
    case .executionTimedOut: return ("executionTimedOutEventDetails", [:])
    case .executionAborted(let error, let cause):
      return ("executionAbortedEventDetails", Self.errorDetails(error, cause))
    }
  }

  private static func detailsName(_ resource: TaskResource, _ what: String) -> String {
    resource.isFunction ? "lambdaFunction\(what)EventDetails" : "task\(what)EventDetails"
  }

  private static func taskDetails(_ resource: TaskResource) -> JSONObject {
    if resource.isFunction { return ["resource": .string(resource.text)] }
    return [
      "resourceType": .string(resource.service.type), "resource": .string(resource.service.action),
    ]
  }

  private static func errorDetails(
    _ error: String, _ cause: String, _ base: JSONObject = JSONObject()
  ) -> JSONObject {
    var details = base
    if !error.isEmpty { details["error"] = .string(error) }
    if !cause.isEmpty { details["cause"] = .string(cause) }
    return details
  }

  /// Reads what `json` wrote; nil for anything else.
  package init?(json: JSON) {
    guard let type = json["type"]?.string, let id = json["id"]?.int,
      let previous = json["previousEventId"]?.int,
      let timestamp = json["timestamp"]?.string.flatMap({ Timestamp(iso8601: $0) })
    else { return nil }
    let details = json.object?.first { $0.name.hasSuffix("EventDetails") }?.value ?? [:]
    guard let kind = Self.kind(type, details) else { return nil }
    self.init(id: id, previousID: previous, timestamp: timestamp, kind: kind)
  }

  private static func kind(_ type: String, _ details: JSON) -> Kind? {
    let error = details["error"]?.string ?? ""
    let cause = details["cause"]?.string ?? ""
    switch type {
    case "ExecutionStarted": return payload(details, "input").map { .executionStarted(input: $0) }
    case "ExecutionSucceeded":
      return payload(details, "output").map { .executionSucceeded(output: $0) }
    case "ExecutionFailed": return .executionFailed(error: error, cause: cause)
    case "ExecutionTimedOut": return .executionTimedOut
    case "ExecutionAborted": return .executionAborted(error: error, cause: cause)
    default: break
    }
    if type.hasSuffix("StateEntered") || type.hasSuffix("StateExited") {
      return stateKind(type, details)
    }
    guard let resource = resource(type, details) else { return nil }
    switch type.replacing("LambdaFunction", with: "").replacing("Task", with: "") {
    case "Scheduled":
      let name = resource.isFunction ? "input" : "parameters"
      return payload(details, name).map {
        .taskScheduled(
          resource, parameters: $0, timeout: details["timeoutInSeconds"]?.int,
          heartbeat: details["heartbeatInSeconds"]?.int)
      }
    case "Started": return .taskStarted(resource)
    case "Succeeded":
      return payload(details, "output").map { .taskSucceeded(resource, output: $0) }
    case "Failed": return .taskFailed(resource, error: error, cause: cause)
    case "TimedOut": return .taskTimedOut(resource, error: error, cause: cause)
    default: return nil
    }
  }

  private static func stateKind(_ type: String, _ details: JSON) -> Kind? {
    guard let name = details["name"]?.string else { return nil }
    let owner = String(type.dropLast(type.hasSuffix("Entered") ? 12 : 11))
    if type.hasSuffix("Entered") {
      return payload(details, "input").map { .stateEntered(type: owner, name: name, input: $0) }
    }
    return payload(details, "output").map {
      .stateExited(type: owner, name: name, output: $0, next: details["next"]?.string)
    }
  }

  private static func resource(_ type: String, _ details: JSON) -> TaskResource? {
    guard let text = details["resource"]?.string else { return nil }
    if type.hasPrefix("LambdaFunction") { return TaskResource(text) }
    return details["resourceType"]?.string.flatMap {
      TaskResource("arn:aws:states:::\($0):\(text)")
    }
  }

  private static func payload(_ details: JSON, _ name: String) -> JSON? {
    details[name]?.string.flatMap { try? JSON(parsing: $0) }
  }
}
