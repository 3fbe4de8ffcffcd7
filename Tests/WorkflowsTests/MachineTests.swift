import Diagnostics
import JSON
import TestSupport
import Testing
import Time

@testable import Workflows

@Suite("State machines")
struct MachineTests {
  @Test(arguments: Cases.machines)
  func `a machine does what its case says`(name: String) throws {
    let machineCase = try MachineCase(name)
    var drive = Drive(machineCase)
    drive.run()
    try Self.check(drive, machineCase.expect)
    #expect(drive.events.map(\.id) == Array(1...drive.events.count))
    #expect(drive.events.count <= StateMachine.Limits.events)
  }

  static func check(_ drive: Drive, _ expect: JSON) throws {
    let record = drive.execution.record
    #expect(record.status.rawValue == expect["status"]?.string)
    if let output = expect["output"] { #expect(record.output == output) }
    #expect(record.error == expect["error"]?.string)
    if let cause = expect["cause"]?.string { #expect(record.cause == cause) }
    if let states = expect["states"]?.array {
      #expect(drive.events.states == states.compactMap(\.string))
    }
    if let waits = expect["waits"]?.array { #expect(drive.waits == waits.compactMap(\.int)) }
    if let calls = expect["calls"]?.array { #expect(drive.calls == calls) }
    if let types = expect["types"]?.array {
      #expect(drive.events.map(\.type) == types.compactMap(\.string))
    }
  }

  /// The heart of crash safety: whatever prefix of the history was kept, the rest leads to the same
  /// end through the same states.
  @Test(arguments: Cases.machines.filter { $0 != "endless-loop.json" })
  func `an execution goes on from any prefix of its history`(name: String) throws {
    let machineCase = try MachineCase(name)
    var whole = Drive(machineCase)
    whole.run()
    for kept in 0..<whole.events.count {
      var rest = Drive(machineCase, after: Array(whole.events[..<kept]))
      rest.run(.resume)
      #expect(rest.execution.record.status == whole.execution.record.status, "after \(kept)")
      #expect(rest.execution.record.output == whole.execution.record.output, "after \(kept)")
      #expect(rest.execution.record.error == whole.execution.record.error, "after \(kept)")
      #expect(rest.events.states == whole.events.states, "after \(kept)")
      #expect(rest.events.map(\.id) == Array(1...rest.events.count), "after \(kept)")
    }
  }

  @Test(arguments: Cases.machines)
  func `events survive being written down`(name: String) throws {
    var drive = Drive(try MachineCase(name))
    drive.run()
    for event in drive.events.prefix(50) {
      let read = try #require(HistoryEvent(json: JSON(parsing: event.json.bytes)))
      #expect(read == event)
    }
    let record = drive.execution.record
    #expect(try ExecutionRecord(json: JSON(parsing: record.json.bytes)) == record)
  }

  @Test(arguments: Cases.machines)
  func `a chunk of history holds its events, each payload once`(name: String) throws {
    var drive = Drive(try MachineCase(name))
    drive.run()
    let events = Array(drive.events.prefix(200))
    let json = HistoryChunk(events).json
    let read = try #require(HistoryChunk(json: JSON(parsing: json.bytes)))
    #expect(read.events == events)
    #expect(read.json == json)
    let payloads = try #require(json["payloads"]?.array)
    #expect(payloads.count < events.count)
    let whole = JSON.array(events.map(\.json)).bytes.count
    #expect(json.bytes.count < whole)
  }

  @Test(arguments: Cases.machines)
  func `a chunk grows, beside payloads that it is given`(name: String) throws {
    var drive = Drive(try MachineCase(name))
    drive.run()
    let events = Array(drive.events.prefix(200))
    let given = [drive.execution.record.input]
    var chunk = HistoryChunk(given: given)
    for end in events.indices {
      var read = try #require(
        HistoryChunk(json: JSON(parsing: chunk.json.bytes), given: given))
      chunk.append([events[end]])
      read.append([events[end]])
      #expect(read.json == chunk.json)
      #expect(read.events == Array(events[...end]))
    }
    #expect(chunk.json == HistoryChunk(events, given: given).json)
    #expect(chunk.reference(given[0]) == 0 || events.count > 4)
  }

  @Test(
    arguments: [
      "[]", "{}", #"{"payloads":[],"resources":[],"events":[]}"#,
      #"{"first":1,"at":0,"payloads":[],"resources":[]}"#,
      #"{"first":1,"at":0,"payloads":[],"resources":[],"events":[["start",0,0]]}"#,
      #"{"first":1,"at":0,"payloads":["{"],"resources":[],"events":[]}"#,
      #"{"first":1,"at":0,"payloads":["1",[0,"a",0]],"resources":[],"events":[]}"#,
      #"{"first":1,"at":0,"payloads":["{}",[0,"a",1]],"resources":[],"events":[]}"#,
      #"{"first":1,"at":0,"payloads":[],"resources":[],"events":[["nothing",0]]}"#,
      #"{"first":1,"at":0,"payloads":[],"resources":[],"events":[["timeout","0"]]}"#,
      #"{"first":1,"at":0,"payloads":[],"resources":[],"events":[["timeout"]]}"#,
      #"{"first":1,"at":0,"payloads":["1"],"resources":["a b"],"events":[]}"#,
      #"{"first":1,"at":0,"payloads":["1"],"resources":[],"events":[["call",0,0,0]]}"#,
      #"{"first":1,"at":0,"payloads":["1"],"resources":["f"],"events":[["error",0,0]]}"#,
      #"{"first":1,"at":0,"payloads":[],"resources":[],"events":[["timeout",9223372036854775807],["timeout",1]]}"#,
    ]) func `what is no chunk is none`(text: String) throws
  {
    #expect(HistoryChunk(json: try JSON(parsing: text)) == nil)
  }

  @Test func `a cause names the state and the event as AWS does`() throws {
    var drive = Drive(try MachineCase("pass-missing-path.json"))
    drive.run()
    #expect(
      drive.execution.record.cause
        == "An error occurred while executing the state 'A' (entered at the event id #2). The "
        + "JSONPath '$.gone' specified for the field 'x.$' could not be found in the input "
        + "'{\"a\":1}'")
  }

  @Test func `an aborted execution is over`() throws {
    var execution = Drive(try MachineCase("wait-seconds.json")).execution
    let now = Timestamp(seconds: 1_780_000_000)
    _ = execution.event(.start, at: now)
    _ = execution.event(.abort(error: "Stop", cause: "asked"), at: now)
    #expect(execution.record.status == .aborted)
    #expect(execution.takeEvents().last?.type == "ExecutionAborted")
    _ = execution.event(.timerFired, at: now + .seconds(100))
    #expect(execution.takeEvents().isEmpty)
  }
}

@Suite("Refused definitions")
struct RefusedDefinitionTests {
  @Test(arguments: Cases.list("refused.json").indices)
  func `a wrong definition is refused by name at its place`(index: Int) throws {
    let wrong = Cases.list("refused.json")[index]
    let thrown = #expect(throws: DiagnosticList.self) {
      _ = try StateMachine(wrong["definition"] ?? .null, name: "m", file: "m.asl.json")
    }
    let first = try #require(thrown?.diagnostics.first)
    #expect(first.code.text == wrong["code"]?.string, "\(first)")
    #expect(first.place?.file == "m.asl.json#\(wrong["place"]?.string ?? "")", "\(first)")
  }

  @Test func `text that is no JSON is refused with line and column`() {
    let thrown = #expect(throws: DiagnosticList.self) {
      _ = try StateMachine(parsing: Array("{\n  \"StartAt\" 1}".utf8), name: "m", file: "f")
    }
    #expect(thrown?.diagnostics.first?.code == .workflowNotADocument)
    #expect(thrown?.diagnostics.first?.place?.line == 2)
  }

  @Test func `a definition over a megabyte is refused`() {
    let text = [UInt8](repeating: 0x20, count: StateMachine.Limits.definitionBytes + 1)
    let thrown = #expect(throws: DiagnosticList.self) {
      _ = try StateMachine(parsing: text, name: "m", file: "f")
    }
    #expect(thrown?.diagnostics.first?.code == .workflowLimit)
  }

  @Test(
    arguments: [
      ("a", true), (String(repeating: "n", count: 80), true), ("01J9-ab_c", true), ("", false),
      (String(repeating: "n", count: 81), false), ("a b", false), ("a/b", false), ("a\u{7}", false),
    ]) func `names are AWS's`(name: String, isName: Bool)
  {
    #expect(StateMachine.isName(name) == isName)
  }
}

@Suite("Task resources")
struct TaskResourceTests {
  @Test(
    arguments: [
      ("BuyFunction", "BuyFunction"), ("${BuyFunction.Arn}", "BuyFunction"),
      ("${BuyFunctionArn}", "BuyFunction"),
      ("arn:aws:lambda:eu-west-2:123456789012:function:BuyFunction", "BuyFunction"),
      ("arn:aws:lambda:${Region}:${Account}:function:get-user:live", "get-user"),
      ("arn:aws:lambda:eu-west-2:123456789012:layer:x", nil), ("arn:aws:s3:::bucket", nil),
      ("a b", nil), ("", nil),
    ]) func `a function's name is found in every form`(text: String, name: String?)
  {
    #expect(TaskResource.functionName(text) == name)
  }
}
