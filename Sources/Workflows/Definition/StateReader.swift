import Diagnostics
import JSON

/// Reads one state by its type.
struct StateReader {
  let name: String
  let fields: FieldReader

  func state() -> State? {
    refuseOtherLanguage(fields)
    let type = fields.requiredText("Type", "Pass")
    guard var state = body(type) else { return nil }
    if type != "Fail" {
      state.inputPath = fields.selection("InputPath")
      state.outputPath = fields.selection("OutputPath")
    }
    if ["Pass", "Task", "Wait"].contains(type) { state.next = transition() }
    fields.finish("a \(type) state")
    return state
  }

  private func body(_ type: String) -> State? {
    let kind: State.Kind?
    switch type {
    case "Pass":
      kind = .pass(
        PassFields(
          result: fields.value("Result"), parameters: fields.template("Parameters"),
          resultPath: fields.resultPlace()))
    case "Task": kind = task().map { .task($0) }
    case "Choice": kind = choice()
    case "Wait": kind = wait().map { .wait($0) }
    case "Succeed": kind = .succeed
    case "Fail":
      kind = .fail(
        error: fields.textOrPath("Error", allowsCalls: true),
        cause: fields.textOrPath("Cause", allowsCalls: true))
    case "Parallel", "Map":
      fields.note(
        .workflowUnsupported, "the state type '\(type)' is not supported", field: "Type",
        remedy: "write the branches as states one after the other")
      return nil
    case "": return nil
    default:
      let near = Suggestion.nearest(to: type, among: Self.types)
      fields.note(
        .workflowFieldWrong, "there is no state type '\(type)'", field: "Type",
        remedy: near.map { "did you mean '\($0)'?" })
      return nil
    }
    return kind.map { State(name: name, kind: $0) }
  }

  private static let types = ["Pass", "Task", "Choice", "Wait", "Succeed", "Fail"]

  private func transition() -> Transition {
    let next = fields.text("Next")
    let end = fields.value("End")
    if let end, end.bool == nil {
      fields.note(.workflowFieldWrong, "'End' is neither true nor false", field: "End")
    }
    switch (next, end == true) {
    case (let next?, false): return .next(next)
    case (nil, true): return .end
    case (_?, true):
      fields.note(.workflowFieldWrong, "both 'Next' and 'End' are given", field: "Next")
    case (nil, false):
      fields.note(
        .workflowFieldWrong, "neither 'Next' nor 'End' says where to go",
        remedy: "add \"Next\": \"…\" or \"End\": true")
    }
    return .end
  }

  // MARK: Task

  private func task() -> TaskFields? {
    let text = fields.requiredText("Resource", "FunctionName")
    let resource = TaskResource(text)
    if !text.isEmpty, resource == nil { refuse(resource: text) }
    let task = TaskFields(
      resource: resource ?? .lambdaInvoke, parameters: fields.template("Parameters"),
      resultSelector: fields.template("ResultSelector"), resultPath: fields.resultPlace(),
      timeout: fields.number("TimeoutSeconds", in: 1...99_999_999),
      heartbeat: fields.number("HeartbeatSeconds", in: 1...99_999_999),
      retriers: rules("Retry", retrier), catchers: rules("Catch", catcher))
    if case .literal(let timeout) = task.timeout, case .literal(let beat) = task.heartbeat,
      beat >= timeout
    {
      fields.note(
        .workflowFieldWrong, "'HeartbeatSeconds' is not smaller than 'TimeoutSeconds'",
        field: "HeartbeatSeconds")
    }
    return resource == nil ? nil : task
  }

  private func refuse(resource: String) {
    let isService = resource.hasPrefix("arn:aws:states:::")
    fields.note(
      isService ? .workflowUnsupported : .workflowResourceWrong,
      isService
        ? "the service integration '\(resource)' is not supported"
        : "'\(resource)' names no function",
      field: "Resource",
      remedy: "write a function's name, its Lambda ARN, arn:aws:states:::lambda:invoke or "
        + "arn:aws:states:::dynamodb:putItem")
  }

  private func rules<Rule>(_ field: String, _ read: (FieldReader) -> Rule) -> [Rule] {
    guard let value = fields.value(field) else { return [] }
    guard let entries = value.array else {
      fields.note(.workflowFieldWrong, "'\(field)' is not a list", field: field)
      return []
    }
    var result: [Rule] = []
    for (position, entry) in entries.enumerated() {
      let pointer = "\(fields.pointer)/\(field)/\(position)"
      let reader = FieldReader(entry.object ?? JSONObject(), at: pointer, fields.findings)
      result.append(read(reader))
      checkErrors(reader, isLast: position == entries.count - 1)
      reader.finish(field == "Retry" ? "a retrier" : "a catcher")
    }
    return result
  }

  private func errors(_ reader: FieldReader) -> [String] {
    (reader.value("ErrorEquals")?.array ?? []).compactMap(\.string)
  }

  private func checkErrors(_ reader: FieldReader, isLast: Bool) {
    let names = errors(reader)
    if names.isEmpty || names.count != reader.value("ErrorEquals")?.array?.count {
      reader.note(
        .workflowErrorRuleWrong, "'ErrorEquals' is not a list of error names",
        field: "ErrorEquals", remedy: "write \"ErrorEquals\": [\"States.ALL\"]")
    }
    if names.contains("States.ALL"), names.count > 1 || !isLast {
      reader.note(
        .workflowErrorRuleWrong, "'States.ALL' stands alone and in the last entry",
        field: "ErrorEquals")
    }
    for name in names where name.hasPrefix("States.") && !Self.reserved.contains(name) {
      let near = Suggestion.nearest(to: name, among: Self.reserved)
      reader.note(
        .workflowErrorRuleWrong, "'\(name)' is no error name of the language",
        field: "ErrorEquals", remedy: near.map { "did you mean '\($0)'?" })
    }
  }

  private static let reserved = [
    "States.ALL", "States.TaskFailed", "States.Timeout", "States.HeartbeatTimeout",
    "States.Permissions", "States.NoChoiceMatched", "States.BranchFailed",
    "States.ParameterPathFailure", "States.ResultPathMatchFailure", "States.IntrinsicFailure",
    "States.DataLimitExceeded", "States.Runtime", "States.ExceedToleratedFailureThreshold",
    "States.ItemReaderFailed", "States.ResultWriterFailed",
  ]

  private func retrier(_ reader: FieldReader) -> Retrier {
    var retrier = Retrier(errors: errors(reader))
    retrier.intervalSeconds =
      reader.integer("IntervalSeconds", in: 1...99_999_999) ?? retrier.intervalSeconds
    retrier.maxAttempts = reader.integer("MaxAttempts", in: 0...99_999_999) ?? retrier.maxAttempts
    retrier.maxDelaySeconds = reader.integer("MaxDelaySeconds", in: 1...31_622_399)
    if let most = retrier.maxDelaySeconds, most <= retrier.intervalSeconds {
      reader.note(
        .workflowErrorRuleWrong, "'MaxDelaySeconds' is not larger than 'IntervalSeconds'",
        field: "MaxDelaySeconds")
    }
    if let rate = reader.value("BackoffRate") {
      if let number = rate.number?.double, number >= 1, number.isFinite {
        retrier.backoffRate = number
      } else {
        reader.note(
          .workflowErrorRuleWrong, "'BackoffRate' is not a number of at least 1.0",
          field: "BackoffRate")
      }
    }
    switch reader.text("JitterStrategy") {
    case nil, "NONE": break
    case "FULL": retrier.hasFullJitter = true
    default:
      reader.note(
        .workflowErrorRuleWrong, "'JitterStrategy' is neither FULL nor NONE",
        field: "JitterStrategy")
    }
    return retrier
  }

  private func catcher(_ reader: FieldReader) -> Catcher {
    Catcher(
      errors: errors(reader), next: reader.requiredText("Next", "Failed"),
      resultPath: reader.resultPlace())
  }

  // MARK: Wait and Choice

  private func wait() -> WaitFields? {
    let seconds = fields.number("Seconds", in: 0...99_999_999)
    let timestamp = fields.textOrPath("Timestamp")
    if case .literal(let text) = timestamp, ChoiceOperator.timestamp(text) == nil {
      fields.note(
        .workflowFieldWrong, "'Timestamp' is not a time such as 2026-01-31T12:00:00Z",
        field: "Timestamp")
    }
    switch (seconds, timestamp) {
    case (let seconds?, nil): return .seconds(seconds)
    case (nil, let timestamp?): return .timestamp(timestamp)
    default:
      fields.note(
        .workflowFieldWrong,
        "a Wait has one of Seconds, SecondsPath, Timestamp and TimestampPath")
      return nil
    }
  }

  private func choice() -> State.Kind {
    let otherwise = fields.text("Default")
    guard let entries = fields.value("Choices")?.array, !entries.isEmpty else {
      fields.note(.workflowChoiceWrong, "'Choices' is not a list of rules", field: "Choices")
      return .choice([], otherwise: otherwise)
    }
    var rules: [ChoiceRule] = []
    for (position, entry) in entries.enumerated() {
      let pointer = "\(fields.pointer)/Choices/\(position)"
      let reader = FieldReader(entry.object ?? JSONObject(), at: pointer, fields.findings)
      let next = reader.requiredText("Next", "Somewhere")
      if let test = ChoiceReader(fields: reader).test(depth: 1) {
        rules.append(ChoiceRule(test: test, next: next))
      }
    }
    return .choice(rules, otherwise: otherwise)
  }
}
