import Foundation
import JSON
import TestSupport
import Testing

/// A trade that was accepted is carried out, though the program is killed at any moment: once, and
/// the next start finishes what the one before began.
@Suite("Interrupted executions", .serialized)
struct ExecutionCrashTests {
  static let rounds = ProcessInfo.processInfo.environment["PORTICO_PROVE"] == nil ? 3 : 100
  private static let orders = 25
  private static let json = [("Content-Type", "application/json")]
  /// Cash for every order of all rounds: none may be refused.
  private static let rich = ["PORTICO_TRADING_STARTING_CASH_CENTS": "100000000000"]

  @Test(.timeLimit(.minutes(30)))
  func `what was accepted is traded once, whenever the program ends`() throws {
    let data = try TemporaryFolder()
    var server = try RunningServer(data: data, environment: Self.rich)
    let bearer = try signIn(server)
    var accepted: Set<String> = []
    for round in 0..<Self.rounds {
      let killer = DispatchWorkItem { server.kill() }
      DispatchQueue.global().asyncAfter(
        deadline: .now() + .milliseconds(Int.random(in: 5...250)), execute: killer)
      for order in 0..<Self.orders {
        let headers =
          Self.json + bearer + [
            ("Prefer", "respond-async"), ("Idempotency-Key", "order-\(round)-\(order)"),
          ]
        let answer = RunningServer.ask(
          server.port, "/api/v1/trade", method: "POST", headers: headers,
          body: #"{"symbol":"AAPL","quantity":1,"side":"buy"}"#)
        guard answer.status == 202 || answer.status == 200 else { break }
        let name = try? JSON(parsing: answer.body)["executionId"]?.string
        if let name { accepted.insert(name) }
      }
      killer.wait()
      server = try RunningServer(data: data, port: server.port, environment: Self.rich)
    }
    #expect(!accepted.isEmpty)
    let executions = try ended(server, bearer)
    let succeeded = executions.filter { $0.value == "SUCCEEDED" }.map(\.key)
    #expect(accepted.isSubset(of: succeeded), "an accepted trade was not carried out")
    // One fill for each execution, and none beside them.
    let traded = try list(server, bearer, "transactions").compactMap { $0["executionId"]?.string }
    #expect(traded.count == Set(traded).count, "an execution traded twice")
    #expect(Set(traded) == Set(succeeded))
    #expect(server.stop() == 0)
  }

  private func signIn(_ server: RunningServer) throws -> [(String, String)] {
    let account = #"{"username":"half-way","password":"seven green bottles"}"#
    _ = server.get("/api/v1/auth/signup", method: "POST", headers: Self.json, body: account)
    let login = server.get("/api/v1/auth/login", method: "POST", headers: Self.json, body: account)
    let token = try #require(try JSON(parsing: login.body)["token"]?.string)
    return [("Authorization", "Bearer \(token)")]
  }

  /// The executions with their status, once none of them runs.
  private func ended(_ server: RunningServer, _ bearer: [(String, String)]) throws
    -> [String: String]
  {
    var executions: [String: String] = [:]
    for _ in 0..<200 {
      for row in try list(server, bearer, "executions") {
        executions[row["executionId"]?.string ?? ""] = row["status"]?.string
      }
      if !executions.values.contains("RUNNING") { return executions }
      usleep(50_000)
    }
    Issue.record("executions still run")
    return executions
  }

  private func list(_ server: RunningServer, _ bearer: [(String, String)], _ name: String) throws
    -> [JSON]
  {
    let path = name == "executions" ? "/api/v1/trade/executions" : "/api/v1/\(name)"
    var rows: [JSON] = []
    var cursor: String?
    repeat {
      let query = cursor.map { "&cursor=\($0)" } ?? ""
      let page = try JSON(
        parsing: server.get("\(path)?limit=200\(query)", headers: bearer).body)
      rows += page[name]?.array ?? []
      cursor = page["cursor"]?.string
    } while cursor != nil
    return rows
  }
}
