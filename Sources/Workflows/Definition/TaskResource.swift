import JSON

/// What a Task calls.
package enum TaskResource: Sendable, Hashable {
  /// A function, by its bare name or by the ARN of a Lambda function.
  case function(name: String, text: String)
  /// `arn:aws:states:::lambda:invoke`: the function's name stands in the parameters.
  case lambdaInvoke
  /// `arn:aws:states:::dynamodb:putItem`.
  case dynamoDBPutItem

  /// As written.
  package var text: String {
    switch self {
    case .function(_, let text): text
    case .lambdaInvoke: "arn:aws:states:::lambda:invoke"
    case .dynamoDBPutItem: "arn:aws:states:::dynamodb:putItem"
    }
  }

  /// Whether its events are `LambdaFunction…` instead of `Task…`.
  var isFunction: Bool {
    if case .function = self { return true }
    return false
  }

  /// The type and the resource that `Task…` events name.
  var service: (type: String, action: String) {
    switch self {
    case .function: ("lambda", "function")
    case .lambdaInvoke: ("lambda", "invoke")
    case .dynamoDBPutItem: ("dynamodb", "putItem")
    }
  }

  /// Reads a resource; nil when nothing here can carry it out.
  init?(_ text: String) {
    switch text {
    case Self.lambdaInvoke.text: self = .lambdaInvoke
    case Self.dynamoDBPutItem.text: self = .dynamoDBPutItem
    default:
      if let name = Self.functionName(text) {
        self = .function(name: name, text: text)
      } else {
        return nil
      }
    }
  }

  /// The function's name in `Name`, `${Name.Arn}` or
  /// `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:ALIAS]`.
  package static func functionName(_ text: String) -> String? {
    if text.hasPrefix("${"), text.hasSuffix("}") {
      // SAM writes `${BuyFunction.Arn}`, or substitutes a `${BuyFunctionArn}` of the template.
      let inner = text.dropFirst(2).dropLast()
      let dropped = inner.hasSuffix(".Arn") ? 4 : inner.hasSuffix("Arn") ? 3 : 0
      return functionName(String(inner.dropLast(dropped)))
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if parts.count == 1 { return isFunctionName(text) ? text : nil }
    guard (7...8).contains(parts.count), parts[0] == "arn", parts[1].hasPrefix("aws"),
      parts[2] == "lambda", parts[5] == "function"
    else { return nil }
    return functionName(parts[6])
  }

  private static func isFunctionName(_ text: String) -> Bool {
    (1...140).contains(text.count)
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
  }
}

extension TaskResource {
  /// The function and its payload, whether it is named by the resource or by `lambda:invoke`.
  package func call(_ input: JSON) -> (name: String, payload: JSON)? {
    switch self {
    case .function(let name, _): (name, input)
    case .lambdaInvoke:
      input["FunctionName"]?.string.flatMap(TaskResource.functionName).map {
        ($0, input["Payload"] ?? [:])
      }
    case .dynamoDBPutItem: nil
    }
  }

  /// A function's result as the state gets it.
  package func result(_ payload: JSON) -> JSON {
    guard case .lambdaInvoke = self else { return payload }
    return ["ExecutedVersion": "$LATEST", "Payload": payload, "StatusCode": 200]
  }
}
