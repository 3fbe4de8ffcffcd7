import Diagnostics
import JSON
import TestSupport
import Testing
import Workflows

@testable import Trading

@Suite("State machine of trades")
struct TradeMachineTests {
  private static let file = "site/workflows/stock-trader.asl.json"

  private func load(_ text: String) throws {
    let machine = try StateMachine(parsing: Array(text.utf8), name: "m", file: "m")
    _ = try TradeMachine(machine, file: "m")
  }

  @Test func `the shipped document trades`() throws {
    try load(Repository.text(Self.file))
  }

  static let changes: [(old: String, new: String, code: DiagnosticCode, says: String)] = [
    ("function:ValidateTradeFunction", "function:CheckFunction", "R002", "'ValidateTrade' calls"),
    ("function:RecordTransactionFunction", "function:ExecuteTradeFunction", "R003", "instead of"),
    (#""ResultPath": "$.trade""#, #""ResultPath": "$.result""#, "R003", "'$.trade'"),
    (#""ErrorPath": "$.rejection.Error""#, #""Error": "Refused""#, "R003", "its own error"),
    (#""CausePath": "$.rejection.Cause""#, #""Cause": "Refused""#, "R003", "and cause"),
    (#""StartAt": "ValidateTrade""#, #""StartAt": "Rejected""#, "W006", "no transition leads"),
  ]

  @Test(arguments: changes)
  func `what does not trade is refused at load`(
    row: (old: String, new: String, code: DiagnosticCode, says: String)
  ) throws {
    let text = try Repository.text(Self.file).replacing(row.old, with: row.new)
    do {
      try load(text)
      Issue.record("\(row.new) was taken")
    } catch let list as DiagnosticList {
      #expect(list.diagnostics.contains { $0.code == row.code && $0.message.contains(row.says) })
    }
  }

  @Test func `functions may be named through lambda:invoke`() throws {
    let invoke = #"""
      "Resource": "arn:aws:states:::lambda:invoke",
      "Parameters": {
        "FunctionName": "arn:aws:lambda:${Region}:${Account}:function:ExecuteTradeFunction:live",
        "Payload.$": "$"
      },
      "ResultSelector": { "value.$": "$.Payload" },
      """#
    let shipped = try Repository.text(Self.file)
    let text = shipped.replacing(
      #""Resource": "arn:aws:lambda:${Region}:${Account}:function:ExecuteTradeFunction","#,
      with: invoke)
    #expect(text != shipped)
    // The result lies one level deeper then.
    #expect(throws: DiagnosticList.self) { try load(text) }
    try load(
      text.replacing(#""ResultSelector": { "value.$": "$.Payload" },"#, with: "")
        .replacing(#""ResultPath": "$.trade""#, with: #""ResultPath": "$.executed""#)
        .replacing(
          #""Next": "RecordTransaction""#,
          with: #""OutputPath": "$", "Next": "Unwrap""#
        )
        .replacing(
          #""RecordTransaction": {"#,
          with: #"""
            "Unwrap": {
              "Type": "Pass", "InputPath": "$.executed.Payload", "ResultPath": "$.trade",
              "Next": "RecordTransaction"
            },
            "RecordTransaction": {
            """#))
  }

  @Test func `an input comes back as the request it was made from`() throws {
    var request = TradeRequest(
      user: "ann", symbol: "AAPL", side: .sell, kind: .limit, quantity: 7,
      hint: Price(units: 1_750_001), limit: Price(units: 1_700_000), clientOrderID: "mine",
      executionID: "e")
    #expect(try TradeInput.request(TradeInput.json(request)) == request)
    request = TradeRequest(user: "ann", symbol: "AAPL", side: .buy, quantity: 1, executionID: "e")
    #expect(try TradeInput.request(TradeInput.json(request)) == request)
  }

  @Test(
    arguments: [
      "{}", #"{"user":"a"}"#, #"{"user":"a","symbol":"A","side":"up","quantity":1}"#,
      #"{"user":"a","symbol":"A","side":"buy","quantity":0}"#,
      #"{"user":"a","symbol":"A","side":"buy","quantity":1,"type":"stop"}"#,
      #"{"user":"a","symbol":"A","side":"buy","quantity":1,"type":"limit"}"#,
      #"{"user":"a","symbol":"A","side":"buy","quantity":1,"stock_price":"x"}"#,
    ]) func `an input that is no request is a validation error`(text: String) throws
  {
    let input = try JSON(parsing: text)
    do {
      _ = try TradeInput.request(input)
      Issue.record("it was taken")
    } catch {
      #expect(error.error == "ValidationError")
      let cause = try JSON(parsing: error.cause)
      #expect(cause["status"]?.int == 400)
    }
  }
}
