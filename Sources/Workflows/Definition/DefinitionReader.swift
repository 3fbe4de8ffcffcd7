import Diagnostics
import JSON

extension StateMachine {
  /// Reads a definition; everything that is wrong is thrown as one `DiagnosticList` whose places
  /// are JSON Pointers into the file.
  package init(
    parsing text: [UInt8], name: String, file: String,
    substitutions: DefinitionSubstitutions = DefinitionSubstitutions()
  ) throws(DiagnosticList) {
    guard text.count <= Limits.definitionBytes else {
      throw DiagnosticList([
        Diagnostic(
          .workflowLimit, "the definition is over \(Limits.definitionBytes) bytes",
          at: Place(file: file))
      ])
    }
    let document: JSON
    do throws(JSONSyntaxError) {
      document = try JSON(parsing: text)
    } catch {
      throw DiagnosticList([
        Diagnostic(
          .workflowNotADocument, "the definition is not JSON: \(error.reason)",
          at: Place(file: file, text: text, offset: error.offset))
      ])
    }
    try self.init(substitutions.applied(to: document), name: name, file: file)
  }

  /// Reads a definition that is JSON already.
  package init(_ document: JSON, name: String, file: String) throws(DiagnosticList) {
    let findings = DefinitionFindings(file: file)
    guard let object = document.object else {
      findings.note(.workflowNotADocument, "a state machine is an object", at: "")
      throw DiagnosticList(findings.diagnostics)
    }
    if !StateMachine.isName(name) {
      findings.note(.workflowLimit, "'\(name)' cannot be the name of a state machine", at: "")
    }
    let reader = FieldReader(object, at: "", findings)
    let startAt = reader.requiredText("StartAt", "FirstState")
    if let version = reader.text("Version"), version != "1.0" {
      reader.note(.workflowUnsupported, "version '\(version)' is not known", field: "Version")
    }
    refuseOtherLanguage(reader)
    timeoutSeconds = reader.integer("TimeoutSeconds", in: 1...99_999_999)
    states = Self.states(reader)
    reader.finish("a state machine")
    Self.checkGraph(startAt, states, reader)
    if !findings.diagnostics.isEmpty { throw DiagnosticList(findings.diagnostics) }
    self.name = name
    self.document = document
    self.startAt = startAt
  }

  private static func states(_ reader: FieldReader) -> [String: State] {
    guard let members = reader.value("States")?.object, !members.isEmpty else {
      reader.note(
        .workflowNotADocument, "'States' is missing or empty",
        remedy: "add \"States\": { \"First\": { \"Type\": \"Succeed\" } }")
      return [:]
    }
    var states: [String: State] = [:]
    for (name, value) in members {
      let pointer = "/States/\(name.pointerEscaped)"
      if !Limits.nameCharacters.contains(name.count) {
        reader.findings.note(
          .workflowLimit, "the name of a state has 1 to 80 characters", at: pointer)
      }
      guard let object = value.object else {
        reader.findings.note(.workflowFieldWrong, "a state is an object", at: pointer)
        continue
      }
      let fields = FieldReader(object, at: pointer, reader.findings)
      states[name] = StateReader(name: name, fields: fields).state()
    }
    return states
  }

  /// Every target exists, and every state can be reached.
  private static func checkGraph(
    _ startAt: String, _ states: [String: State], _ reader: FieldReader
  ) {
    guard let members = reader.value("States")?.object, !startAt.isEmpty else { return }
    func check(_ target: String, _ pointer: String) {
      guard members[target] == nil else { return }
      let near = Suggestion.nearest(to: target, among: members.names)
      reader.findings.note(
        .workflowTargetMissing, "there is no state '\(target)'", at: pointer,
        remedy: near.map { "did you mean '\($0)'?" })
    }
    check(startAt, "/StartAt")
    for name in members.names {
      for (target, field) in states[name]?.targets ?? [] {
        check(target, "/States/\(name.pointerEscaped)/\(field)")
      }
    }
    // A state that could not be read has no targets: reaching would accuse the wrong one.
    guard reader.findings.diagnostics.isEmpty else { return }
    var reached: Set<String> = []
    var open = [startAt]
    while let name = open.popLast() {
      guard reached.insert(name).inserted else { continue }
      open += states[name]?.targets.map(\.0) ?? []
    }
    for name in members.names where !reached.contains(name) {
      reader.findings.note(
        .workflowStateUnreachable, "no transition leads to the state '\(name)'",
        at: "/States/\(name.pointerEscaped)", remedy: "remove it, or name it in a Next")
    }
  }
}

/// JSONata is another language; running it as JSONPath would do something else than was written.
func refuseOtherLanguage(_ reader: FieldReader) {
  if let language = reader.text("QueryLanguage"), language != "JSONPath" {
    reader.note(
      .workflowUnsupported, "the query language '\(language)' is not supported",
      field: "QueryLanguage", remedy: "use JSONPath")
  }
}

extension State {
  /// Where it can lead, each with the field that says so.
  var targets: [(String, String)] {
    var targets: [(String, String)] = []
    if case .next(let name) = next { targets.append((name, "Next")) }
    switch kind {
    case .choice(let rules, let otherwise):
      targets += rules.enumerated().map { ($1.next, "Choices/\($0)/Next") }
      if let otherwise { targets.append((otherwise, "Default")) }
    case .task(let task):
      targets += task.catchers.enumerated().map { ($1.next, "Catch/\($0)/Next") }
    default: break
    }
    return targets
  }
}
