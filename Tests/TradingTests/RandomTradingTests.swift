import Foundation
import JSON
import Store
import Synchronization
import TestSupport
import Testing
import Time

@testable import Trading

/// Many clients trade at random on shared and separate accounts; afterwards the books hold, and
/// Beancount says so too.
@Suite("Random trading")
struct RandomTradingTests {
  static let clients = 16
  static let turns = ProcessInfo.processInfo.environment["PORTICO_PROVE"] == nil ? 25 : 500
  static let symbols = ["AAPL", "MSFT", "F", "BRK.B", "USD"]
  /// Half of the clients share two accounts; names are as odd as names may be.
  static let users = (0..<clients).map { $0 < 8 ? "shared.\($0 % 2)" : "own_\($0)-x" }

  /// What a client saw: its acknowledged fills, and by key the fill that the key stands for.
  struct Seen: Sendable {
    var fills: [String: Set<String>] = [:]
    var keys: [String: Set<String>] = [:]
  }

  private final class Notes: Sendable {
    let seen = Mutex(Seen())
  }

  static func tradedDesk(seed: UInt64 = 1) async throws -> (Desk, Seen) {
    let desk = try Desk { $0.startingCash = Cents(5_000_000) }
    for symbol in symbols { desk.feed.set(symbol, 1_000_000) }
    let notes = Notes()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for client in 0..<clients {
        group.addTask { try await trade(desk, client, seed, notes) }
      }
      group.addTask {
        var random = SplitMix(state: seed)
        for _ in 0..<turns * 4 {
          let symbol = symbols[random.below(symbols.count)]
          desk.feed.set(symbol, 900_000 + random.below(200_000))
          _ = try await desk.service.match(symbol)
          await Task.yield()
        }
      }
      try await group.waitForAll()
    }
    return (desk, notes.seen.withLock { $0 })
  }

  private static func trade(
    _ desk: Desk, _ client: Int, _ seed: UInt64, _ notes: Notes
  )
    async throws
  {
    var random = SplitMix(state: seed &* 1_000 &+ UInt64(client))
    let user = users[client]
    for turn in 0..<turns {
      let symbol = symbols[random.below(symbols.count)]
      var body = "\"symbol\":\"\(symbol)\",\"quantity\":\(1 + random.below(40))"
      if random.below(3) == 0 {
        body += ",\"type\":\"limit\",\"limit_price\":\(90 + random.below(20))"
      }
      let key = "\(client)-\(turn)"
      let function = random.below(2) == 0 ? "BuyFunction" : "SellFunction"
      // The same request again, as a client does that has heard nothing.
      for _ in 0...(random.below(4) == 0 ? 2 : 0) {
        let answer = try await desk.call(
          function, body: "{\(body)}", user: user, headers: [("Idempotency-Key", key)])
        #expect([200, 202, 403, 409].contains(answer.status), "\(answer.json.text)")
        if let fill = answer.json["transactionId"]?.string {
          notes.seen.withLock {
            $0.fills[user, default: []].insert(fill)
            $0.keys[key, default: []].insert(fill)
          }
        }
      }
      if random.below(4) == 0 { try await cancelSome(desk, user) }
    }
  }

  private static func cancelSome(_ desk: Desk, _ user: String) async throws {
    let orders = try await desk.call("listOrders", "GET", user: user, query: "limit=20").json
    let open = orders["orders"]?.array?.first { $0["status"]?.string == "accepted" }
    guard let id = open?["id"]?.string else { return }
    let answer = try await desk.call("cancelOrder", "DELETE", user: user, path: [("id", id)])
    #expect([200, 409].contains(answer.status), "\(answer.json.text)")
  }

  @Test func `the books hold and every acknowledged fill is there exactly once`() async throws {
    let (desk, seen) = try await Self.tradedDesk()
    _ = try await desk.service.executions.recordOutbox(olderThan: .zero)
    let report = try await LedgerVerification.run(desk.store)
    #expect(report.findings.isEmpty, "\(report.findings.prefix(5))")
    #expect(report.accounts == Set(Self.users).count)
    #expect(report.fills > Self.turns)
    #expect(seen.keys.values.allSatisfy { $0.count == 1 }, "a key stands for two fills")
    for (user, acknowledged) in seen.fills {
      let stored = try await desk.service.book.fills(user).map(\.id)
      #expect(Set(stored).count == stored.count)
      #expect(acknowledged.isSubset(of: stored), "an acknowledged fill of \(user) is not there")
    }
  }

  static let beanCheck = Repository.root.appendingPathComponent(".build-tools/venv/bin/bean-check")
    .path

  @Test(
    .enabled(
      if: FileManager.default.isExecutableFile(atPath: beanCheck), "Beancount is not installed"),
    arguments: BeancountJournal.Booking.allCases)
  func `Beancount agrees`(booking: BeancountJournal.Booking) async throws {
    let (desk, _) = try await Self.tradedDesk(seed: 2)
    var journal = ""
    let count = try await LedgerExport(desk.store, booking: booking).beancount(of: nil) {
      journal += $0
    }
    #expect(count == Set(Self.users).count)
    let complaint = try Self.check(journal)
    #expect(complaint.isEmpty, "\(complaint.prefix(2_000))")
    // One cent, one share: it would have noticed.
    let richer = journal.replacing(/balance (Assets:[^:]*:Cash  \d+\.\d)\d/) { match in
      "balance \(match.output.1)\(match.output.0.last == "0" ? "1" : "0")"
    }
    #expect(try Self.check(richer).contains("Balance failed"))
    let more = journal.replacing(/\s(\d+) ~ 0 AAPL/) { "  \((Int($0.output.1) ?? 0) + 1) ~ 0 AAPL" }
    #expect(try Self.check(more).contains("Balance failed"))
  }

  /// What bean-check says of a journal; nothing when it is right.
  private static func check(_ journal: String) throws -> String {
    let folder = try TemporaryFolder()
    let file = "\(folder.path)/portico.beancount"
    try journal.write(toFile: file, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: beanCheck)
    process.arguments = ["--no-cache", file]
    _ = FileManager.default.createFile(atPath: file + ".out", contents: nil)
    let output = try FileHandle(forWritingTo: URL(fileURLWithPath: file + ".out"))
    process.standardOutput = output
    process.standardError = output
    try process.run()
    process.waitUntilExit()
    let text = try String(contentsOfFile: file + ".out", encoding: .utf8)
    #expect((process.terminationStatus == 0) == text.isEmpty, "\(process.terminationStatus)")
    return text
  }
}
