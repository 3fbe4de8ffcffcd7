import Diagnostics
import JSON
import Time
import Workflows

/// A state machine that was found to carry out trades: it calls the functions of trading and no
/// others, and a rehearsal showed that it ends as the API needs it to.
package struct TradeMachine: Sendable {
  let machine: StateMachine

  /// Takes a definition, or says what it lacks.
  package init(_ machine: StateMachine, file: String) throws(DiagnosticList) {
    let functions = [
      TradeFunctions.validateName, TradeFunctions.executeName, TradeFunctions.recordName,
    ]
    var findings: [Diagnostic] = []
    for (state, resource) in machine.tasks {
      if case .function(let name, _) = resource, functions.contains(name) { continue }
      if case .lambdaInvoke = resource { continue }
      findings.append(
        Diagnostic(
          .tradeWorkflowFunction, "the state '\(state)' calls '\(resource.text)'",
          at: Place(file: file), remedy: "call one of \(functions.joined(separator: ", "))"))
    }
    if findings.isEmpty {
      findings = Rehearsal.faults(machine, functions: functions).map {
        Diagnostic(
          .tradeWorkflowIncomplete, $0, at: Place(file: file),
          remedy: "compare it with the document that Portico ships, stock-trader.asl.json")
      }
    }
    if !findings.isEmpty { throw DiagnosticList(findings) }
    self.machine = machine
  }
}

/// The machine played through as a value, with results made up.
private enum Rehearsal {
  private static let answer: JSON = [
    "id": "rehearsal", "transactionId": "rehearsal", "symbol": "AAPL", "success": true,
  ]
  private static let stepsMost = 1_000

  struct Outcome {
    var record: ExecutionRecord
    var calls: [String] = []
  }

  static func faults(_ machine: StateMachine, functions: [String]) -> [String] {
    var faults: [String] = []
    let filled = play(machine, failing: nil)
    if filled.calls != functions {
      faults.append(
        "a trade calls \(filled.calls.joined(separator: ", ")) instead of "
          + functions.joined(separator: ", "))
    }
    if filled.record.status != .succeeded {
      faults.append("a trade that is filled ends as \(filled.record.status.rawValue)")
    } else if filled.record.output?["trade"] != answer {
      faults.append("the output of a trade does not hold the result of the execution at '$.trade'")
    }
    let refused = play(machine, failing: TradeFunctions.executeName)
    if refused.record.status != .failed || refused.record.error != "InsufficientFunds"
      || refused.record.cause != "rehearsal"
    {
      faults.append("a refusal does not end the execution with its own error and cause")
    }
    return faults
  }

  private static func play(_ machine: StateMachine, failing: String?) -> Outcome {
    var now = Timestamp(seconds: 0)
    let input = TradeInput.json(
      TradeRequest(
        user: "rehearsal", symbol: "AAPL", side: .buy, quantity: 1, executionID: "rehearsal"))
    var execution = ExecutionMachine(
      machine,
      record: ExecutionRecord(
        id: ExecutionID(machine: machine.name, name: "rehearsal"), input: input, startedAt: now))
    var outcome = Outcome(record: execution.record)
    var action = execution.event(.start, at: now)
    for _ in 0..<stepsMost {
      switch action {
      case .finished:
        outcome.record = execution.record
        return outcome
      case .wait(let until):
        now = until
        action = execution.event(.timerFired, at: now)
      case .invoke(let call):
        let name = call.resource.call(call.input)?.name ?? call.resource.text
        outcome.calls.append(name)
        if name == failing {
          action = execution.event(
            .taskFailed(TaskFailure("InsufficientFunds", cause: "rehearsal")), at: now)
        } else {
          let payload = name == TradeFunctions.executeName ? answer : ["rehearsal": true]
          action = execution.event(.taskSucceeded(call.resource.result(payload)), at: now)
        }
      }
    }
    return outcome
  }
}
