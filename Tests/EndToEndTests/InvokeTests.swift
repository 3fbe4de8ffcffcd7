import Foundation
import JSON
import TestSupport
import Testing

/// `portico invoke` as somebody uses it for a state machine of their own.
@Suite("The invoke command", .serialized)
struct InvokeTests {
  private static let cases = "Tests/EndToEndTests/Cases/workflows"
  private static let lambda = "arn:aws:lambda:eu-west-2:123456789012:function:"
  private static let substitutions = [
    "StockCheckerFunctionArn=\(lambda)StockChecker", "StockSellerFunctionArn=\(lambda)StockSeller",
    "StockBuyerFunctionArn=\(lambda)StockBuyer", "DDBPutItem=arn:aws:states:::dynamodb:putItem",
    "DDBTable=Transactions",
  ].flatMap { ["--substitute", $0] }

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func invoke(_ arguments: [String], event: String = "{}") throws -> Binary.Result {
    try event.write(toFile: folder.path + "/event.json", atomically: true, encoding: .utf8)
    return try Binary.run(
      ["invoke", "--event", folder.path + "/event.json", "--data", folder.path + "/var"]
        + arguments)
  }

  /// The machine of the template, as the template has it.
  private func template(_ testCase: String, _ more: String...) throws -> Binary.Result {
    try invoke(
      [
        "--workflow", "\(Self.cases)/stock_trader.asl.json", "--mocks",
        "\(Self.cases)/mocks.json", "--case", testCase,
      ] + Self.substitutions + more)
  }

  @Test func `the template's machine runs unmodified`() throws {
    let sold = try template("Sells")
    #expect(sold.status == 0, "\(sold.errors)")
    #expect(try JSON(parsing: sold.output) == ["SdkHttpMetadata": ["HttpStatusCode": 200]])
    #expect(sold.errors.isEmpty, "quiet where nobody watches")
    // Nothing but mocks: the project is not opened.
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/var"))

    let start = Date()
    let bought = try template("Buys", "--json")
    #expect(bought.status == 0, "\(bought.errors)")
    #expect(Date().timeIntervalSince(start) >= 2, "the retry waits two seconds")
    let answer = try JSON(parsing: bought.output)
    #expect(answer["execution"]?["status"] == "SUCCEEDED")
    let events = answer["history"]?["events"]?.array ?? []
    #expect(
      events.compactMap { $0["stateEnteredEventDetails"]?["name"]?.string } == [
        "Check Stock Value", "Buy or Sell?", "Buy Stock", "Record Transaction",
      ])
    #expect(events.filter { $0["type"] == "LambdaFunctionFailed" }.count == 1)
    let put = events.first { $0["type"] == "TaskScheduled" }
    #expect(
      put?["taskScheduledEventDetails"]?["parameters"]?.string?.contains(#""Transactions""#) == true
    )
  }

  @Test func `a machine that fails says with what`() throws {
    let failed = try template("TableIsAway")
    #expect(failed.status == 1 && failed.output.isEmpty)
    #expect(
      failed.errors.contains("FAILED with States.Timeout: no table [S011]"),
      "\(failed.errors)")
  }

  @Test func `what nobody carries out is refused before the start`() throws {
    let unbound = try template("NothingRecorded")
    #expect(unbound.status == 1)
    #expect(
      unbound.errors.contains("#/States/Record Transaction/Parameters: error: the state"),
      "\(unbound.errors)")
    #expect(unbound.errors.contains("'\(Self.lambda)StockSeller'") && unbound.output.isEmpty)
    let misspelt = try template("Sells", "--substitute", "DDBTabel=T")
    #expect(misspelt.errors.contains("did you mean 'DDBTable'?"), "\(misspelt.errors)")
    #expect(try template("Sels").errors.contains("[W013]"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/var"))
  }

  @Test func `the shipped machine trades in a folder of its own`() throws {
    let shipped = ["--workflow", "site/workflows/stock-trader.asl.json"]
    let order = #"{"user":"ann","side":"buy","symbol":"AAPL","quantity":3}"#
    let bought = try invoke(shipped + ["--json"], event: order)
    #expect(bought.status == 0, "\(bought.errors)")
    let answer = try JSON(parsing: bought.output)
    let output = try JSON(parsing: answer["execution"]?["output"]?.string ?? "")
    #expect(output["trade"]?["position"]?["quantity"] == 3)
    #expect(output["record"]?["recorded"] == true)
    let resources = (answer["history"]?["events"]?.array ?? []).compactMap {
      $0["lambdaFunctionScheduledEventDetails"]?["resource"]?.string
    }
    #expect(resources.first == "arn:aws:lambda:local:000000000000:function:ValidateTradeFunction")

    let refused = try invoke(
      shipped, event: #"{"user":"ann","side":"sell","symbol":"AAPL","quantity":4}"#)
    #expect(refused.status == 1 && refused.output.isEmpty)
    #expect(refused.errors.contains("FAILED with InsufficientShares"), "\(refused.errors)")

    let verified = try Binary.run(["store", "verify", "--json", "--data", folder.path + "/var"])
    #expect(verified.status == 0, "\(verified.errors)")
    #expect(try JSON(parsing: verified.output)["fills"] == 1)
  }

  @Test func `two states that trade are two trades, and a route's function is a task too`() throws {
    let result = try invoke(
      ["--workflow", "\(Self.cases)/two-trades.asl.json"],
      event: #"{"user":"ann","side":"buy","symbol":"AAPL","quantity":3}"#)
    #expect(result.status == 0, "\(result.errors)")
    let output = try JSON(parsing: result.output)
    #expect(output["first"]?["position"]?["quantity"] == 3)
    #expect(output["second"]?["Payload"]?["position"]?["quantity"] == 6)
    #expect(output["check"]?["code"] == 200)
  }

  @Test func `an item with the keys of the table is put`() throws {
    let file = "\(Self.cases)/put.asl.json"
    let put = try invoke(["--workflow", file], event: #"{"key":"a","price":"904.70"}"#)
    #expect(put.status == 0, "\(put.errors)")
    let wrong = try invoke(["--workflow", file], event: #"{"key":"b","price":904}"#)
    #expect(
      wrong.errors.contains(
        "DynamoDB.AmazonDynamoDBException: Item.Price.N: a number is written as a text"),
      "\(wrong.errors)")
    let exported = try Binary.run(
      ["store", "export", "--format", "json", "--data", folder.path + "/var"])
    let items = try exported.output.split(separator: "\n").map { try JSON(parsing: String($0)) }
    let item = items.first { $0["pk"] == "NOTE#1" }
    #expect(item?["sk"] == "a" && item?["attributes"]?["Price"]?.number?.text == "904.70")
  }

  @Test func `a person sees the states, and ends the run by Ctrl-C`() throws {
    try "{}".write(toFile: folder.path + "/event.json", atomically: true, encoding: .utf8)
    let terminal = Process()
    terminal.executableURL = URL(fileURLWithPath: "/usr/bin/script")
    terminal.arguments = [
      "-qefc",
      "exec '\(Binary.path)' invoke --workflow \(Self.cases)/wait.asl.json --event "
        + "'\(folder.path)/event.json' --json", folder.path + "/typescript",
    ]
    terminal.currentDirectoryURL = Repository.root
    let keyboard = Pipe()
    terminal.standardInput = keyboard
    terminal.standardOutput = FileHandle.nullDevice
    try terminal.run()
    func screen() -> String {
      (try? String(contentsOfFile: folder.path + "/typescript", encoding: .utf8)) ?? ""
    }
    for _ in 0..<600 where !screen().contains("entered  Hold (Wait)") { usleep(50_000) }
    keyboard.fileHandleForWriting.write(Data([0x03]))
    terminal.waitUntilExit()
    #expect(terminal.terminationStatus == 1)
    let text = screen()
    #expect(text.contains("left     Ready, after 0 ms"), "\(text)")
    #expect(text.contains("ABORTED after"))
    #expect(text.contains(#""type": "ExecutionAborted""#))
    #expect(text.contains("ended as ABORTED with Interrupted"))
  }

  @Test func `an event of a function is an object`() throws {
    let list = try invoke(["StockCheckerFunction"], event: "[]")
    #expect(list.status == 1)
    #expect(list.errors.contains("the event is no object [S008]"), "\(list.errors)")
  }
}
