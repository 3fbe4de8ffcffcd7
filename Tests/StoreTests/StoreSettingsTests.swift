import Diagnostics
import GRDB
import Settings
import Testing

@testable import Store

/// The section `store` of portico.yaml.
@Suite("The store's settings")
struct StoreSettingsTests {
  private func read(_ yaml: String, environment: [String: String] = [:]) throws -> StoreSettings {
    let reader = try SettingsDocument(yaml: yaml, environment: environment).reader()
    let settings = StoreSettings(reader.section("store"))
    try reader.finish()
    return settings
  }

  @Test func `the defaults are the driver's own`() throws {
    #expect(try read("") == StoreSettings())
    #expect(StoreSettings().limits == SQLiteStore.Limits())
    #expect(StoreSettings().path == "var/portico.sqlite")
  }

  @Test func `every bound can be set`() throws {
    let settings = try read(
      """
      store:
        folder: data
        file: x.sqlite
        waiting_writes: 1
        waiting_write_bytes: 4194304
        group_writes: 2
        waiting_reads: 3
        group_reads: 4
        reader_connections: 5
        checkpoint_rows: 6
        sweep_seconds: 7
      """)
    var limits = SQLiteStore.Limits()
    limits.waitingWrites = 1
    limits.waitingBytes = 4 << 20
    limits.groupWrites = 2
    limits.waitingReads = 3
    limits.groupReads = 4
    limits.readers = 5
    limits.checkpointChanges = 6
    #expect(settings.limits == limits)
    #expect(settings.path == "data/x.sqlite")
    #expect(settings.sweepInterval == .seconds(7))
  }

  @Test func `the environment wins`() throws {
    let settings = try read(
      "store: { group_writes: 2 }", environment: ["PORTICO_STORE_GROUP_WRITES": "9"])
    #expect(settings.limits.groupWrites == 9)
  }

  @Test(arguments: [
    "waiting_writes: 0", "waiting_write_bytes: 100", "group_writes: 0", "reader_connections: 65",
    "checkpoint_rows: x", "sweep_seconds: 0", "sync: off",
  ])
  func `what is out of range or unknown is refused with its place`(line: String) throws {
    #expect(throws: DiagnosticList.self) { try read("store:\n  \(line)\n") }
  }

  @Test func `a database that promises less than a synced commit is refused`() throws {
    // In memory there is no log to sync: what makes the promise must see that and say so.
    let queue = try DatabaseQueue()
    let refusal = #expect(throws: Diagnostic.self) {
      try queue.writeWithoutTransaction { try Schema.makeDurable($0, path: "memory") }
    }
    #expect(refusal?.code == .storeNotDurable)
  }
}
