import Foundation
import JSON
import Synchronization
import TestSupport
import Testing

/// What was acknowledged survives `kill -9`: clients trade, the process dies at a random moment, and
/// the next one must show every acknowledged fill exactly once. A few rounds in `make test`, two
/// hundred in `make prove`.
@Suite("Crashes", .serialized)
struct CrashTests {
  static let rounds = ProcessInfo.processInfo.environment["PORTICO_PROVE"] == nil ? 3 : 200
  static let clients = 4
  private static let json = [("Content-Type", "application/json")]

  @Test(.timeLimit(.minutes(60)))
  func `no acknowledged fill is lost or doubled`() throws {
    let data = try TemporaryFolder()
    var server = try RunningServer(data: data)
    let bearer = try signIn(server)
    var acknowledged: Set<String> = []
    for _ in 0..<Self.rounds {
      let killer = DispatchWorkItem { server.kill() }
      DispatchQueue.global().asyncAfter(
        deadline: .now() + .milliseconds(Int.random(in: 100...600)), execute: killer)
      acknowledged.formUnion(trade(server, bearer))
      killer.wait()
      server = try RunningServer(data: data, port: server.port)
      let stored = try transactions(server, bearer)
      let ids = Set(stored.map(\.id))
      #expect(ids.count == stored.count, "a fill is there twice")
      #expect(acknowledged.isSubset(of: ids), "an acknowledged fill is lost")
      let portfolio = try JSON(parsing: server.get("/api/v1/portfolio", headers: bearer).body)
      let held = portfolio["holdings"]?["AAPL"]?.int ?? 0
      let bought = stored.reduce(0) { $0 + $1.shares }
      #expect(held == bought)
    }
    #expect(!acknowledged.isEmpty)
    #expect(server.stop() == 0)
    let verified = try Binary.run(["store", "verify", "--data", data.path + "/var"])
    #expect(verified.status == 0, "\(verified.errors)")
  }

  private func signIn(_ server: RunningServer) throws -> [(String, String)] {
    let account = #"{"username":"crash-proof","password":"seven green bottles"}"#
    _ = server.get("/api/v1/auth/signup", method: "POST", headers: Self.json, body: account)
    let login = server.get("/api/v1/auth/login", method: "POST", headers: Self.json, body: account)
    let token = try #require(try JSON(parsing: login.body)["token"]?.string)
    return [("Authorization", "Bearer \(token)")]
  }

  /// Buys and sells one share in turn until the server is gone; answers the fills it acknowledged.
  private func trade(_ server: RunningServer, _ bearer: [(String, String)]) -> Set<String> {
    let fills = Mutex<Set<String>>([])
    let headers = Self.json + bearer
    let port = server.port
    DispatchQueue.concurrentPerform(iterations: Self.clients) { _ in
      var turn = 0
      while true {
        turn += 1
        let answer = RunningServer.ask(
          port, turn.isMultiple(of: 2) ? "/api/v1/sell" : "/api/v1/buy", method: "POST",
          headers: headers,
          body: #"{"symbol":"AAPL","quantity":1}"#)
        guard answer.status == 200, let body = try? JSON(parsing: answer.body),
          let id = body["transactionId"]?.string
        else {
          // A refused order is no fill; no answer is the end of the round.
          if answer.status == 0 { return }
          usleep(20_000)
          continue
        }
        fills.withLock { _ = $0.insert(id) }
      }
    }
    return fills.withLock { $0 }
  }

  private struct StoredFill {
    var id: String
    /// Positive for a buy.
    var shares: Int
  }

  private func transactions(_ server: RunningServer, _ bearer: [(String, String)]) throws
    -> [StoredFill]
  {
    var fills: [StoredFill] = []
    var cursor: String?
    repeat {
      let query = cursor.map { "&cursor=\($0)" } ?? ""
      let page = try JSON(
        parsing: server.get("/api/v1/transactions?limit=200\(query)", headers: bearer).body)
      for row in page["transactions"]?.array ?? [] {
        let quantity = row["quantity"]?.int ?? 0
        let isBuy = row["type"]?.string == "buy"
        fills.append(StoredFill(id: row["id"]?.string ?? "", shares: isBuy ? quantity : -quantity))
      }
      cursor = page["cursor"]?.string
    } while cursor != nil
    return fills
  }
}
