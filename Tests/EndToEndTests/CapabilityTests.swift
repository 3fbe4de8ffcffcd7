import Foundation
import JSON
import TestSupport
import Testing

/// What happens when a function asks the store for more than its capability list holds.
@Suite("Capability lists end to end", .serialized)
struct CapabilityTests {
  private static let json = [("Content-Type", "application/json")]

  /// The shipped state machine with one state more, which puts another's name into the payload of
  /// what executes the trade: a mistake that any editor of the document may make.
  private func confusedMachine(in folder: TemporaryFolder) throws -> String {
    let shipped = try JSON(
      parsing: Array(Repository.text("site/workflows/stock-trader.asl.json").utf8))
    var machine = try #require(shipped.object)
    var states = try #require(machine["States"]?.object)
    var first = try #require(states["ValidateTrade"]?.object)
    first["Next"] = "AsSomebodyElse"
    states["ValidateTrade"] = .object(first)
    states["AsSomebodyElse"] = [
      "Type": "Pass", "Result": "bob", "ResultPath": "$.user", "Next": "ExecuteTrade",
    ]
    machine["States"] = .object(states)
    let path = folder.path + "/stock-trader.asl.json"
    try JSON.object(machine).text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func token(_ user: String, _ server: RunningServer) throws -> String {
    let account = #"{"username":"\#(user)","password":"seven green bottles"}"#
    _ = server.get("/api/v1/auth/signup", method: "POST", headers: Self.json, body: account)
    let login = server.get(
      "/api/v1/auth/login", method: "POST", headers: Self.json, body: account)
    return try #require(try JSON(parsing: login.body)["token"]?.string, "\(login.body)")
  }

  private func buy(_ token: String, _ server: RunningServer) -> Answer {
    server.get(
      "/api/v1/buy", method: "POST", headers: Self.json + [("Authorization", "Bearer \(token)")],
      body: #"{"symbol":"AAPL","quantity":2}"#)
  }

  @Test func `nobody trades for another, the answer names itself in the log, and the server lives`()
    throws
  {
    let folder = try TemporaryFolder()
    let server = try RunningServer(
      data: folder, environment: ["PORTICO_TRADING_WORKFLOW": try confusedMachine(in: folder)])
    let (ann, bob) = (try token("ann", server), try token("bob", server))
    #expect(buy(bob, server).status == 200)

    let refused = buy(ann, server)
    #expect(refused.status == 500)
    let problem = try JSON(parsing: refused.body)
    #expect(problem["error"] == "execution_failed")
    // The answer tells nothing of whom and what, the log does.
    #expect(!refused.body.contains("bob"))
    let request = try #require(problem["requestId"]?.string)

    // Bob's own trade is all that he has, and everybody is served as before.
    let portfolio = server.get(
      "/api/v1/portfolio", headers: [("Authorization", "Bearer \(bob)")])
    #expect(try JSON(parsing: portfolio.body)["holdings"] == ["AAPL": 2], "\(portfolio.body)")
    #expect(buy(bob, server).status == 200)
    #expect(server.stop(refusals: 1) == 0)
    let line = server.log("out.log").split(separator: "\n").first { $0.contains(request) }
    #expect(line?.contains("\"status\":500") == true, "\(line ?? "no line of \(request)")")
    #expect(
      server.log("err.log").contains(
        "'ExecuteTradeFunction' asked to put 'USER#bob' / 'ACCOUNT' of the table [D011]"))
  }
}
