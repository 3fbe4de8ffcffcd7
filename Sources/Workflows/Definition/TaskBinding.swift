import Diagnostics
import JSON

extension StateMachine {
  /// The tasks that neither one of these functions nor a mock answers, each with its place.
  ///
  /// A function whose name is computed when the state runs cannot be looked up here.
  package func unboundTasks(
    file: String, functions: some Collection<String>, mocks: MockedTasks?
  ) -> [Diagnostic] {
    let findings = DefinitionFindings(file: file)
    for (state, resource) in tasks where mocks?.covers(state) != true {
      let pointer = "/States/\(state.pointerEscaped)"
      switch resource {
      case .function, .lambdaInvoke:
        guard let name = functionName(state, resource), !functions.contains(name) else { continue }
        let near = Suggestion.nearest(to: name, among: functions)
        findings.note(
          .workflowTaskUnbound,
          "the state '\(state)' calls '\(resource.text)', and there is no function '\(name)'",
          at: "\(pointer)/Resource",
          remedy: (near.map { "did you mean '\($0)'? otherwise " } ?? "")
            + "name a function by --substitute, or answer the state by --mocks")
      case .dynamoDBPutItem:
        let parameters = parameters(state)
        let item = parameters?["Item"]?.object
        if parameters?["Item.$"] != nil || (item?["pk"] != nil && item?["sk"] != nil) { continue }
        findings.note(
          .workflowTaskUnbound,
          "the state '\(state)' puts an item without 'pk' and 'sk', the keys of the one table here",
          at: "\(pointer)/Parameters", remedy: "answer the state by --mocks")
      }
    }
    return findings.diagnostics
  }

  /// The function that a task calls; nil when only the running state knows.
  private func functionName(_ state: String, _ resource: TaskResource) -> String? {
    if case .function(let name, _) = resource { return name }
    let text = parameters(state)?["FunctionName"]?.string
    return text.map { TaskResource.functionName($0) ?? $0 }
  }

  private func parameters(_ state: String) -> JSON? {
    document["States"]?[state]?["Parameters"]
  }
}
