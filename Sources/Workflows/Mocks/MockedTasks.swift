import Diagnostics
import JSON
import Synchronization

/// Answers that stand for a machine's tasks, as the mock configuration file of AWS Step Functions
/// Local gives them (docs.aws.amazon.com/step-functions/latest/dg/sfn-local-test-sm-exec.html).
package final class MockedTasks: Sendable {
  /// What one call of a task brings.
  enum Answer: Sendable {
    case output(JSON)
    case failure(TaskFailure)
  }

  /// The answers of one response, by the number of the call.
  struct Response: Sendable {
    var name: String
    /// In order and without a gap, from 0.
    var answers: [(calls: ClosedRange<Int>, answer: Answer)]
  }

  private let responses: [String: Response]
  private let calls = Mutex<[String: Int]>([:])

  /// Reads a file for one machine; everything that is wrong is thrown as one `DiagnosticList`.
  ///
  /// - Parameter testCase: nil takes the only one.
  package init(
    parsing text: [UInt8], file: String, for machine: StateMachine, testCase: String?
  ) throws(DiagnosticList) {
    let document: JSON
    do throws(JSONSyntaxError) {
      document = try JSON(parsing: text)
    } catch {
      throw DiagnosticList([
        Diagnostic(
          .workflowMocksWrong, "the mocks are not JSON: \(error.reason)",
          at: Place(file: file, text: text, offset: error.offset))
      ])
    }
    let reader = MockReader(machine: machine, findings: DefinitionFindings(file: file))
    responses = reader.responses(document, testCase: testCase)
    if !reader.findings.diagnostics.isEmpty { throw DiagnosticList(reader.findings.diagnostics) }
  }

  /// Whether the task of this state is mocked.
  package func covers(_ state: String) -> Bool { responses[state] != nil }

  /// The next answer of a state's task; nil when the task is not mocked.
  ///
  /// A call behind the last answer ends the execution, whatever it would retry or catch: the file
  /// does not say what happens then.
  package func next(_ state: String) throws(TaskFailure) -> JSON? {
    guard let response = responses[state] else { return nil }
    let call = calls.withLock { calls in
      defer { calls[state, default: 0] += 1 }
      return calls[state, default: 0]
    }
    switch response.answers.first(where: { $0.calls.contains(call) })?.answer {
    case .output(let output): return output
    case .failure(let failure): throw failure
    case nil:
      throw TaskFailure(
        "States.Runtime",
        cause: "The mocked response '\(response.name)' of the state '\(state)' has no answer "
          + "\"\(call)\".")
    }
  }
}
