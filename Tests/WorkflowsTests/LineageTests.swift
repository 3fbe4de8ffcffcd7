import Diagnostics
import JSON
import Synchronization
import TestSupport
import Testing
import Time

@testable import Workflows

/// The machine of AWS SAM's stock-trading template, which the founding documents descend from: it
/// runs here as it is, with its substitutions.
@Suite("The template's stock trader")
struct LineageTests {
  private static let substitutions = DefinitionSubstitutions([
    "StockCheckerFunctionArn": "arn:aws:lambda:eu-west-2:123456789012:function:StockChecker",
    "StockSellerFunctionArn": "arn:aws:lambda:eu-west-2:123456789012:function:StockSeller",
    "StockBuyerFunctionArn": "arn:aws:lambda:eu-west-2:123456789012:function:StockBuyer",
    "DDBPutItem": "arn:aws:states:::dynamodb:putItem", "DDBTable": "Transactions",
  ])

  /// The definition with every substitution that the template has.
  private func definition() throws -> [UInt8] {
    let text = try #require(try Cases.read("machines/lineage-buy.json")["definition"]).text
    return Array(
      text.replacing("arn:aws:states:::dynamodb:putItem", with: "${DDBPutItem}")
        .replacing(#""TableName":"TransactionTable""#, with: #""TableName":"${DDBTable}""#).utf8)
  }

  /// What the template's three functions and the table do.
  private func function(_ resource: TaskResource, _ input: JSON, _ price: Int) throws -> JSON {
    if resource == .dynamoDBPutItem {
      #expect(input["TableName"]?.string == "Transactions")
      return ["SdkHttpMetadata": ["HttpStatusCode": 200]]
    }
    switch TaskResource.functionName(resource.text) {
    case "StockChecker": return ["stock_price": .int(price)]
    case "StockBuyer", "StockSeller":
      let isBuy = resource.text.hasSuffix("Buyer")
      return [
        "id": "4c1e", "price": .string(String(input["stock_price"]?.int ?? 0)),
        "type": .string(isBuy ? "buy" : "sell"), "qty": "3", "timestamp": "2026-05-28T20:26:40",
      ]
    default: throw TaskFailure("States.TaskFailed", cause: resource.text)
    }
  }

  @Test(arguments: [(0, "Buy Stock", "buy"), (50, "Buy Stock", "buy"), (51, "Sell Stock", "sell")])
  func `it runs unmodified`(price: Int, state: String, type: String) async throws {
    let items = Mutex<[JSON]>([])
    let machine = try StateMachine(
      parsing: try definition(), name: "StockTradingStateMachine", file: "stock_trader.asl.json",
      substitutions: Self.substitutions)
    let log = MemoryExecutionLog()
    let runner = WorkflowRunner(machine, log: log, clock: ManualClock()) { resource, input, _ in
      if resource == .dynamoDBPutItem { items.withLock { $0.append(input["Item"] ?? .null) } }
      return try function(resource, input, price)
    }
    let record = try await runner.run("hourly", input: [:])
    #expect(record.status == .succeeded)
    let events = try #require(try await log.load(record.id)).events
    #expect(events.states == ["Check Stock Value", "Buy or Sell?", state, "Record Transaction"])
    #expect(
      items.withLock { $0 } == [
        [
          "Id": ["S": "4c1e"], "Type": ["S": .string(type)], "Price": ["N": .string("\(price)")],
          "Quantity": ["N": "3"], "Timestamp": ["S": "2026-05-28T20:26:40"],
        ]
      ])
  }

  @Test(
    arguments: [
      ("${A}", "1"), ("x${A}y${B}z", "x1y${A}z"), ("${C}", "${C}"), ("${A", "${A"), ("$A", "$A"),
      ("", ""), ("${}", "${}"),
    ]) func `names are put in once, others stay`(text: String, expected: String)
  {
    let substitutions = DefinitionSubstitutions(["A": "1", "B": "${A}"])
    #expect(substitutions.applied(to: [.string(text), 5]) == [.string(expected), 5])
  }

  @Test func `region and account are those of the ARNs of executions`() throws {
    let path = "site/workflows/stock-trader.asl.json"
    let machine = try StateMachine(
      parsing: Array(Repository.text(path).utf8), name: "stock-trader", file: path)
    #expect(
      machine.tasks.first?.resource.text
        == "arn:aws:lambda:local:000000000000:function:ExecuteTradeFunction")
    let pseudo = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:F"
    #expect(
      DefinitionSubstitutions(["Region": "eu-west-2"]).applied(
        to: [.string(pseudo), "${Region}"]) == [
          "arn:aws:lambda:local:000000000000:function:F", "eu-west-2",
        ])
  }

  @Test func `a substitution without a place is told`() throws {
    let misspelt = DefinitionSubstitutions(["DDBTabel": "x", "DDBTable": "y"])
    let unused = misspelt.unused(in: try definition(), file: "m")
    #expect(unused.map(\.code) == [.workflowSubstitutionUnused])
    #expect(unused.first?.remedy == "did you mean 'DDBTable'?")
  }

  @Test func `a resource that nothing stands for is refused by name`() throws {
    let wrong = DefinitionSubstitutions(["DDBPutItem": "arn:aws:states:::sqs:sendMessage"])
    let thrown = #expect(throws: DiagnosticList.self) {
      _ = try StateMachine(
        parsing: try definition(), name: "m", file: "m.asl.json", substitutions: wrong)
    }
    #expect(thrown?.diagnostics.first?.code == .workflowUnsupported)
  }
}
