import Diagnostics
import JSON

/// Reads a mock configuration file and notes what is wrong with it, by JSON Pointer.
struct MockReader {
  let machine: StateMachine
  let findings: DefinitionFindings

  /// Calls that one file may speak of.
  private static let callsMost = 1_000_000

  /// State → response, of one test case.
  func responses(_ document: JSON, testCase: String?) -> [String: MockedTasks.Response] {
    let root = object(document, ["StateMachines", "MockedResponses"], at: "")
    var known: [String: MockedTasks.Response] = [:]
    for (name, value) in object(root?["MockedResponses"] ?? [:], at: "/MockedResponses") ?? [:] {
      known[name] = response(name, value, at: "/MockedResponses/\(name.pointerEscaped)")
    }
    guard
      let (entry, place) = chosen(
        root?["StateMachines"], machine.name, "StateMachines", "state machine", at: ""),
      let cases = object(entry, ["TestCases"], at: place)?["TestCases"],
      let (states, pointer) = chosen(cases, testCase, "TestCases", "test case", at: place)
    else {
      if root != nil, findings.diagnostics.isEmpty {
        note("'StateMachines' with 'TestCases' is missing", at: "")
      }
      return [:]
    }
    return bind(states, known, at: pointer)
  }

  /// The member by its name, or the only one.
  ///
  /// A template gives a machine another name than its file has, so the only one is the one meant.
  private func chosen(
    _ members: JSON?, _ name: String?, _ field: String, _ what: String, at pointer: String
  ) -> (JSON, String)? {
    let place = "\(pointer)/\(field)"
    guard let members, let object = object(members, at: place) else { return nil }
    let isMachine = field == "StateMachines"
    var names = object.names.filter { $0 == name }
    if names.isEmpty, isMachine || name == nil, object.count == 1 { names = object.names }
    guard let found = names.first, let value = object[found] else {
      let all = object.names.map { "'\($0)'" }.joined(separator: ", ")
      note(
        name.map { "there is no \(what) '\($0)'" } ?? "there is more than one \(what)", at: place,
        remedy: all.isEmpty
          ? "write one" : isMachine ? "it has \(all)" : "name one of \(all) by --case")
      return nil
    }
    return (value, "\(place)/\(found.pointerEscaped)")
  }

  private func bind(
    _ states: JSON, _ known: [String: MockedTasks.Response], at pointer: String
  ) -> [String: MockedTasks.Response] {
    let tasks = machine.tasks.map(\.state)
    var bound: [String: MockedTasks.Response] = [:]
    for (state, value) in object(states, at: pointer) ?? [:] {
      let place = "\(pointer)/\(state.pointerEscaped)"
      if !tasks.contains(state) {
        note("there is no task '\(state)'", at: place, near: state, tasks)
      }
      guard let name = value.string else {
        note("a state names its response by a text", at: place)
        continue
      }
      guard let response = known[name] else {
        // One that stands there and could not be read was noted.
        if findings.diagnostics.isEmpty {
          note("there is no mocked response '\(name)'", at: place, near: name, known.keys)
        }
        continue
      }
      bound[state] = response
    }
    return bound
  }

  // MARK: Responses

  private func response(_ name: String, _ value: JSON, at pointer: String)
    -> MockedTasks.Response?
  {
    guard let object = object(value, at: pointer) else { return nil }
    var answers: [(calls: ClosedRange<Int>, answer: MockedTasks.Answer)] = []
    for (key, value) in object {
      let place = "\(pointer)/\(key.pointerEscaped)"
      guard let calls = Self.calls(key) else {
        note("'\(key)' is no number of a call", at: place, remedy: "write \"0\" or \"1-3\"")
        continue
      }
      guard let answer = answer(value, at: place) else { continue }
      answers.append((calls, answer))
    }
    guard answers.count == object.count else { return nil }
    answers.sort { $0.calls.lowerBound < $1.calls.lowerBound }
    var next = 0
    for (calls, _) in answers {
      guard calls.lowerBound == next else {
        note(
          "the answer to call \(min(next, calls.lowerBound)) is missing or there twice",
          at: pointer, remedy: "count the calls from 0, each once")
        return nil
      }
      next = calls.upperBound + 1
    }
    if answers.isEmpty { note("a response has an answer \"0\"", at: pointer) }
    return MockedTasks.Response(name: name, answers: answers)
  }

  /// `0`, or `1-3`.
  private static func calls(_ key: String) -> ClosedRange<Int>? {
    let ends = key.split(separator: "-", omittingEmptySubsequences: false).map { end in
      end.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(end) : nil
    }
    guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1],
      low <= high, high < callsMost
    else { return nil }
    return low...high
  }

  private func answer(_ value: JSON, at pointer: String) -> MockedTasks.Answer? {
    guard let object = object(value, ["Return", "Throw"], at: pointer) else { return nil }
    if object.count == 1, let output = object["Return"] { return .output(output) }
    guard object.count == 1, let thrown = object["Throw"] else {
      note("an answer has either 'Return' or 'Throw'", at: pointer)
      return nil
    }
    let place = "\(pointer)/Throw"
    guard let fields = self.object(thrown, ["Error", "Cause"], at: place) else { return nil }
    guard let error = fields["Error"]?.string, !error.isEmpty,
      let cause = (fields["Cause"] ?? "").string
    else {
      note("'Throw' has the texts 'Error' and 'Cause'", at: place)
      return nil
    }
    return .failure(TaskFailure(error, cause: cause))
  }

  // MARK: Parts

  /// An object with these members alone; nil names any.
  private func object(_ value: JSON, _ names: [String]? = nil, at pointer: String) -> JSONObject? {
    guard let object = value.object else {
      note("an object belongs here", at: pointer)
      return nil
    }
    for name in object.names {
      if let names, name != "Comment", !names.contains(name) {
        note("'\(name)' is not known", at: "\(pointer)/\(name.pointerEscaped)", near: name, names)
      }
    }
    return object
  }

  private func note(_ message: String, at pointer: String, remedy: String? = nil) {
    findings.note(.workflowMocksWrong, message, at: pointer, remedy: remedy)
  }

  private func note(
    _ message: String, at pointer: String, near name: String, _ candidates: some Sequence<String>
  ) {
    let near = Suggestion.nearest(to: name, among: candidates)
    note(message, at: pointer, remedy: near.map { "did you mean '\($0)'?" })
  }
}
