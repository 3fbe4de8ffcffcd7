import Foundation
import JSON
import TestSupport
import Testing

/// `portico store import`, `export` and `verify` as an operator uses them.
@Suite("Store commands", .serialized)
struct StoreCommandTests {
  private static let cases = Repository.root.appendingPathComponent("Tests/EndToEndTests/Cases")
    .path

  private func store(_ arguments: [String], _ folder: TemporaryFolder) throws -> Binary.Result {
    try Binary.run(["store"] + arguments + ["--data", folder.path + "/var"])
  }

  @Test func `S1's table is imported from an export and from a scan`() throws {
    let folder = try TemporaryFolder()
    for (file, says) in [
      ("stockitems-scan.json", "wrote 2, skipped 0\n"),
      ("stockitems-export.json", "wrote 2, skipped 0\n"),
      ("stockitems-scan.json", "wrote 0, skipped 2\n"),
    ] {
      let imported = try store(["import", "\(Self.cases)/\(file)"], folder)
      #expect(imported.status == 0, "\(imported.errors)")
      #expect(imported.output == says)
    }
    let exported = try store(["export", "--format", "json"], folder)
    let items = try exported.output.split(separator: "\n").map { try JSON(parsing: String($0)) }
    #expect(
      items.map { $0["pk"]?.string } == [
        "STOCK#AAPL", "STOCK#MSFT", "STOCK#NVDA", "USER#legacy",
      ])
    #expect(items[2]["attributes"]?["price"]?.number?.text == "904.7")
    #expect(items[2]["attributes"]?["name"]?.string == "NVIDIA Corporation")

    // What was exported is what an import reads.
    let other = try TemporaryFolder()
    try exported.output.write(
      toFile: other.path + "/all.jsonl", atomically: true, encoding: .utf8)
    let again = try store(["import", other.path + "/all.jsonl"], other)
    #expect(again.output == "wrote 4, skipped 0\n", "\(again.errors)")
  }

  @Test func `a folder that is not there yet is made, and what is in the way is named`() throws {
    let folder = try TemporaryFolder()
    let file = "\(Self.cases)/stockitems-scan.json"
    let deep = folder.path + "/not/yet/there"
    let made = try Binary.run(["store", "import", file, "--data", deep])
    #expect(made.output == "wrote 2, skipped 0\n", "\(made.errors)")
    let inTheWay = deep + "/portico.sqlite/further/down"
    let refused = try Binary.run(["store", "import", file, "--data", inTheWay])
    #expect(refused.status == 1)
    #expect(refused.errors.contains("[D001]"), "\(refused.errors)")
    #expect(refused.errors.contains("Not a directory"), "\(refused.errors)")
  }

  @Test func `an imported stock is one of the market's`() throws {
    let folder = try TemporaryFolder()
    let table = """
      {"Items":[{"symbol":{"S":"IBM"},"name ":{"S":"International Business Machines"},
      "price":{"N":"231.5"}},{"symbol":{"S":"DEAR"},"name ":{"S":"D"},"price":{"N":"5000000"}}],
      "Count":2,"ScannedCount":2}
      """
    try table.write(toFile: folder.path + "/items.json", atomically: true, encoding: .utf8)
    #expect(try store(["import", folder.path + "/items.json"], folder).status == 0)
    let server = try RunningServer(data: folder)
    let json = [("Content-Type", "application/json")]
    let account = #"{"username":"ann.b-c","password":"seven green bottles"}"#
    _ = server.get("/api/v1/auth/signup", method: "POST", headers: json, body: account)
    let login = server.get("/api/v1/auth/login", method: "POST", headers: json, body: account)
    let token = [
      ("Authorization", "Bearer \(try JSON(parsing: login.body)["token"]?.string ?? "")")
    ]
    let stock = server.get("/api/v1/stocks/IBM", headers: token)
    #expect(stock.status == 200, "\(stock.body)")
    #expect(try JSON(parsing: stock.body)["companyName"] == "International Business Machines")
    let bought = server.get(
      "/api/v1/buy", method: "POST", headers: json + token, body: #"{"symbol":"IBM","quantity":1}"#)
    #expect(bought.status == 200, "\(bought.body)")
    // What cannot be a stock, and what is no symbol at all.
    #expect(server.get("/api/v1/stocks/DEAR", headers: token).status == 404)
    #expect(server.log("err.log").contains("M004: the item 'STOCK#DEAR' / 'META' is no stock"))
    for path in ["/stocks/TOOLONGSYMBOL", "/stocks/A1/history", "/check?symbols=TOOLONGSYMBOL"] {
      let wrong = server.get("/api/v1" + path, headers: token)
      #expect(wrong.status == 400, "\(path)")
      #expect(try JSON(parsing: wrong.body)["message"] == "Invalid symbol", "\(wrong.body)")
    }
    #expect(server.stop() == 0)
  }

  @Test func `a wrong item is named with line and path, and nothing is written`() throws {
    let folder = try TemporaryFolder()
    let result = try store(["import", "\(Self.cases)/stockitems-wrong.json"], folder)
    #expect(result.status == 1)
    #expect(result.errors.contains("stockitems-wrong.json:2:"), "\(result.errors)")
    #expect(result.errors.contains("Item.price.N: a number is written as a text"))
    #expect(result.errors.contains("stockitems-wrong.json:3:"))
    #expect(result.errors.contains("Item.symbol: 'symbol' is one to ten capital letters [D020]"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/var/portico.sqlite"))
  }

  /// A server over broken books starts, tells it, and takes no order of the account.
  private func refusesOrders(_ folder: TemporaryFolder) throws {
    let server = try RunningServer(data: folder)
    var health: JSON?
    for _ in 0..<100 {
      health = try JSON(parsing: server.get("/healthz", port: server.adminPort).body)
      if health?["ledger"]?["state"] == "examined" { break }
      usleep(50_000)
    }
    #expect(health?["status"] == "degraded")
    #expect(health?["ledger"]?["broken"] == 1, "\(String(describing: health))")
    let login = server.get(
      "/api/v1/auth/login", method: "POST", headers: [("Content-Type", "application/json")],
      body: #"{"username":"ann.b-c","password":"seven green bottles"}"#)
    let token = try #require(try JSON(parsing: login.body)["token"]?.string)
    let bought = server.get(
      "/api/v1/buy", method: "POST",
      headers: [("Content-Type", "application/json"), ("Authorization", "Bearer \(token)")],
      body: #"{"symbol":"AAPL","quantity":3}"#)
    #expect(bought.status == 503)
    #expect(try JSON(parsing: bought.body)["error"] == "ledger_broken")
    #expect(server.stop() == 0)
    #expect(server.log("err.log").contains("R011: account 'ann.b-c', ACCOUNT"))
  }

  @Test(.enabled(if: Binary.hasPython, "the Python tools are not installed"))
  func `a cent that was added behind the program's back is found`() throws {
    let server = try RunningServer()
    let json = [("Content-Type", "application/json")]
    let account = #"{"username":"ann.b-c","password":"seven green bottles"}"#
    _ = server.get("/api/v1/auth/signup", method: "POST", headers: json, body: account)
    let login = server.get("/api/v1/auth/login", method: "POST", headers: json, body: account)
    let token = try #require(try JSON(parsing: login.body)["token"]?.string)
    let bought = server.get(
      "/api/v1/buy", method: "POST", headers: json + [("Authorization", "Bearer \(token)")],
      body: #"{"symbol":"AAPL","quantity":3}"#)
    #expect(bought.status == 200, "\(bought.body)")
    // While it is served.
    let whole = try store(["verify", "--json"], server.folder)
    #expect(whole.status == 0, "\(whole.errors)")
    let report = try JSON(parsing: whole.output)
    #expect(report["accounts"]?.int == 1 && report["fills"]?.int == 1, "\(whole.output)")
    #expect(report["ledgerEntries"]?.int == 2 && report["executions"]?.int == 1)
    let unknown = try store(["export", "--account", "nobody"], server.folder)
    #expect(unknown.status == 1 && unknown.errors.contains("[R013]"), "\(unknown.errors)")
    #expect(server.stop() == 0)
    #expect(!server.log("err.log").contains("[D011]"), "\(server.log("err.log"))")

    let change = """
      import sqlite3, sys
      store = sqlite3.connect(sys.argv[1])
      store.execute("UPDATE item SET attributes = json_set(attributes, '$.cash', "
                    "json_extract(attributes, '$.cash') + 1) WHERE sk = 'ACCOUNT'")
      store.commit()
      """
    let file = server.folder.path + "/var/portico.sqlite"
    let changed = try Binary.run(["-c", change, file], program: Binary.python)
    #expect(changed.status == 0, "\(changed.errors)")
    let broken = try store(["verify"], server.folder)
    #expect(broken.status == 1)
    #expect(
      broken.errors.contains("account 'ann.b-c', ACCOUNT: 'cash' is"), "\(broken.errors)")
    #expect(broken.errors.contains("[R011]"))
    try refusesOrders(server.folder)
    // Beancount says the same of what is exported.
    let export = server.folder.path + "/ledger.beancount"
    _ = try store(["export", "--output", export], server.folder)
    let checked = try Binary.run(
      ["-m", "beancount.scripts.check", "--no-cache", export], program: Binary.python)
    #expect(checked.status != 0)
    #expect((checked.output + checked.errors).contains("Balance failed"))
  }
}
