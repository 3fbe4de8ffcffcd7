import Diagnostics
import JSON
import Testing

@testable import Workflows

/// Mocks in the form of AWS Step Functions Local, and what has neither a mock nor a function.
@Suite("Mocked tasks")
struct MockedTasksTests {
  private static let definition: JSON = [
    "StartAt": "A",
    "States": [
      "A": ["Type": "Task", "Resource": "First", "Next": "B"],
      "B": [
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": ["FunctionName": "Second"], "Next": "C",
      ],
      "C": [
        "Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem",
        "Parameters": ["TableName": "T", "Item": ["Id": ["S": "1"]]], "Next": "D",
      ],
      "D": ["Type": "Succeed"],
    ],
  ]

  private func machine() throws -> StateMachine {
    try StateMachine(Self.definition, name: "m", file: "m.asl.json")
  }

  /// A file of one machine with one test case.
  private func mocks(
    _ states: JSON, _ responses: JSON, machine name: String = "m", testCase: String? = nil
  ) throws -> MockedTasks {
    let cases: JSON = ["Case": states]
    let machine: JSON = ["TestCases": cases]
    let machines = JSONObject([(name, machine)])
    let file: JSON = [
      "StateMachines": .object(machines),
      "MockedResponses": responses,
    ]
    return try MockedTasks(
      parsing: file.bytes, file: "mocks.json", for: self.machine(), testCase: testCase)
  }

  @Test(arguments: ["m", "TheTemplatesName"])
  func `answers follow the number of the call`(name: String) throws {
    let mocks = try mocks(
      ["A": "R"],
      [
        "R": [
          "3": ["Return": ["done": true]], "0": ["Return": 0],
          "1-2": ["Throw": ["Error": "Busy", "Cause": "later"]],
        ]
      ], machine: name)
    #expect(mocks.covers("A") && !mocks.covers("B"))
    #expect(try mocks.next("B") == nil)
    #expect(try mocks.next("A") == 0)
    for _ in 1...2 {
      #expect(throws: TaskFailure("Busy", cause: "later")) { _ = try mocks.next("A") }
    }
    #expect(try mocks.next("A") == ["done": true])
    let end = #expect(throws: TaskFailure.self) { _ = try mocks.next("A") }
    #expect(end?.error == "States.Runtime")
    #expect(end?.cause.contains(#"'R' of the state 'A' has no answer "4""#) == true)
  }

  private static let fine: JSON = ["R": ["0": ["Return": 1]]]

  @Test(
    arguments: [
      (["X": "R"], fine, "/StateMachines/m/TestCases/Case/X", "there is no task 'X'"),
      (["D": "R"], fine, "/StateMachines/m/TestCases/Case/D", "there is no task 'D'"),
      (["A": "S"], fine, "/StateMachines/m/TestCases/Case/A", "no mocked response 'S'"),
      (["A": 1], fine, "/StateMachines/m/TestCases/Case/A", "by a text"),
      (["A": "R"], ["R": [:]], "/MockedResponses/R", #"an answer "0""#),
      (["A": "R"], ["R": 5], "/MockedResponses/R", "an object belongs here"),
      (["A": "R"], ["R": ["1": ["Return": 1]]], "/MockedResponses/R", "call 0 is missing"),
      (
        ["A": "R"], ["R": ["0-2": ["Return": 1], "2": ["Return": 1]]], "/MockedResponses/R",
        "call 2 is missing or there twice"
      ),
      (["A": "R"], ["R": ["2-1": ["Return": 1]]], "/MockedResponses/R/2-1", "no number"),
      (["A": "R"], ["R": ["+0": ["Return": 1]]], "/MockedResponses/R/+0", "no number"),
      (["A": "R"], ["R": ["0": ["Returns": 1]]], "/MockedResponses/R/0/Returns", "not known"),
      (
        ["A": "R"], ["R": ["0": ["Return": 1, "Throw": ["Error": "E"]]]], "/MockedResponses/R/0",
        "either 'Return' or 'Throw'"
      ),
      (["A": "R"], ["R": ["0": ["Throw": ["Cause": "c"]]]], "/MockedResponses/R/0/Throw", "texts"),
    ] as [(JSON, JSON, String, String)])
  func `what is wrong is refused with its place`(
    states: JSON, responses: JSON, place: String, says: String
  ) throws {
    let thrown = #expect(throws: DiagnosticList.self) { _ = try mocks(states, responses) }
    let found = thrown?.diagnostics.first { $0.place?.file == "mocks.json#\(place)" }
    #expect(found?.code == .workflowMocksWrong, "\(String(describing: thrown))")
    #expect(found?.message.contains(says) == true, "\(String(describing: found))")
  }

  @Test(
    arguments: [
      (#"{"#, "not JSON"), ("[]", "an object belongs here"), ("{}", "'TestCases' is missing"),
      (#"{"StateMachines":{},"Mocks":{}}"#, "'Mocks' is not known"),
      (#"{"StateMachines":{"a":{},"b":{}}}"#, "there is no state machine 'm'"),
      (#"{"StateMachines":{"m":{}}}"#, "'TestCases' is missing"),
      (#"{"StateMachines":{"m":{"TestCases":{"x":{},"y":{}}}}}"#, "more than one test case"),
    ])
  func `a file of another form is refused`(text: String, says: String) throws {
    let thrown = #expect(throws: DiagnosticList.self) {
      _ = try MockedTasks(
        parsing: Array(text.utf8), file: "mocks.json", for: try machine(), testCase: nil)
    }
    #expect(
      thrown?.diagnostics.contains { $0.message.contains(says) } == true,
      "\(String(describing: thrown))")
  }

  @Test func `a test case that is not there is refused, even beside one alone`() throws {
    let thrown = #expect(throws: DiagnosticList.self) {
      _ = try mocks(["A": "R"], Self.fine, testCase: "Caes")
    }
    #expect(thrown?.diagnostics.first?.message == "there is no test case 'Caes'")
  }

  @Test func `tasks without a function and without a mock are told by state and resource`() throws {
    let machine = try machine()
    let all = machine.unboundTasks(file: "m", functions: ["Fist"], mocks: nil)
    #expect(all.map(\.code) == Array(repeating: .workflowTaskUnbound, count: 3))
    #expect(
      all.map { $0.place?.file } == [
        "m#/States/A/Resource", "m#/States/B/Resource", "m#/States/C/Parameters",
      ])
    #expect(all[0].message == "the state 'A' calls 'First', and there is no function 'First'")
    #expect(all[0].remedy?.hasPrefix("did you mean 'Fist'?") == true)
    #expect(all[1].message.contains("'Second'"))
    let mocks = try mocks(["A": "R", "C": "R"], Self.fine)
    #expect(
      machine.unboundTasks(file: "m", functions: ["Second"], mocks: mocks).isEmpty)
  }

  @Test func `an item with the keys of the one table needs no mock`() throws {
    let machine = try StateMachine(
      [
        "StartAt": "A",
        "States": [
          "A": [
            "Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "End": true,
            "Parameters": [
              "TableName": "T", "Item": ["pk": ["S.$": "$.pk"], "sk": ["S": "META"]],
            ],
          ]
        ],
      ], name: "m", file: "m")
    #expect(machine.unboundTasks(file: "m", functions: [String](), mocks: nil).isEmpty)
  }
}
