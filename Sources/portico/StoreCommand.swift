import Accounts
import ArgumentParser
import Diagnostics
import Foundation
import JSON
import Market
import Store
import Time
import Trading

/// `portico store …`: operations on the store's file.
struct StoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Back up, restore, verify, fill or export the store.",
    subcommands: [Backup.self, Restore.self, Verify.self, Import.self, Export.self])

  /// Which file.
  struct Location: ParsableArguments {
    @Option(help: "Folder of the store; otherwise store.folder (var).")
    var data: String?
    @Option(help: "The settings file.")
    var config = "portico.yaml"

    func path() throws -> String { try project().store.path }

    func project() throws -> Project {
      var overrides: [String: String] = [:]
      if let data { overrides["store.folder"] = data }
      return try Project.load(Project.Options(config: config, overrides: overrides))
    }

    /// Works on a copy as the store stands now, so that a server may run meanwhile.
    func withCopy<Result>(_ work: (SQLiteStore) async throws -> Result) async throws -> Result {
      let path = try path()
      let copy = "\(path).copy-\(ProcessInfo.processInfo.processIdentifier)"
      defer {
        for ending in ["", "-wal", "-shm", ".lock"] {
          try? FileManager.default.removeItem(atPath: copy + ending)
        }
      }
      try StoreBackup.back(up: path, to: copy)
      let store = try SQLiteStore(path: copy, clock: SystemClock())
      let result: Result
      do {
        result = try await work(store)
      } catch {
        try await store.close()
        throw error
      }
      try await store.close()
      return result
    }
  }

  /// A copy of the store as it stands, also while it is served.
  struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Copy the store, also while serving.")
    @Argument(help: "The file to write.")
    var destination: String
    @OptionGroup var location: Location

    func run() throws {
      try reporting {
        try StoreBackup.back(up: location.path(), to: destination)
        Terminal.write("backed up to \(destination)\n")
      }
    }
  }

  /// A backup becomes the store; the old file is kept beside it.
  struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a backup the store again.")
    @Argument(help: "The backup.")
    var backup: String
    @OptionGroup var location: Location

    func run() throws {
      try reporting {
        let old = try StoreBackup.restore(backup, to: location.path(), now: SystemClock().now())
        Terminal.write("restored" + (old.map { "; the old store is \($0)" } ?? "") + "\n")
      }
    }
  }

  /// Examines pages, items, the security log's chain and every ledger.
  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Examine the store, the chain of the security log, and every ledger.")
    @OptionGroup var location: Location
    @Flag(help: "Print the report as JSON.")
    var json = false

    func run() async throws {
      do {
        let path = try location.path()
        let report = try StoreBackup.verify(path, now: SystemClock().now())
        var audit: AuditReport?
        var ledger = LedgerReport()
        // What a damaged file holds proves nothing.
        if !report.problems.contains(where: { $0.code == .storeCorrupt }) {
          (audit, ledger) = try await location.withCopy { store in
            (try await AuditLog.verify(store), try await LedgerVerification.run(store))
          }
        }
        let problems =
          report.problems
          + (audit?.faults ?? []).map { Diagnostic(.auditBroken, "the security log: \($0)") }
          + ledger.findings.map(\.diagnostic)
        show(report, audit?.entries ?? 0, ledger, problems)
        if !problems.isEmpty { throw DiagnosticList(problems) }
      } catch {
        throw CommandFailure.report(error, json: json)
      }
    }

    private func show(
      _ report: StoreReport, _ audited: Int, _ ledger: LedgerReport, _ problems: [Diagnostic]
    ) {
      if json {
        let document: JSON = [
          "items": .int(report.items), "expired": .int(report.expired), "bytes": .int(report.bytes),
          "auditEntries": .int(audited), "accounts": .int(ledger.accounts),
          "ledgerEntries": .int(ledger.entries), "fills": .int(ledger.fills),
          "executions": .int(ledger.executions), "problems": .array(problems.map(\.json)),
        ]
        return Terminal.write(document.text + "\n")
      }
      Terminal.write(
        "\(report.items) items, \(report.bytes) bytes, \(audited) entries of the security log, "
          + "\(ledger.accounts) accounts with \(ledger.entries) ledger entries and "
          + "\(ledger.fills) fills, \(problems.count) problems\n")
    }
  }

  /// Writes the items of a file: our own lines, or DynamoDB-JSON such as S1's Stockitems.
  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write the items of a file into the store.",
      discussion: "Nothing is written when anything in the file is wrong.")
    @Argument(help: "A file of DynamoDB-JSON, or of lines as 'store export --format json' writes.")
    var file: String
    @Flag(help: "Replace items that are there already.")
    var replace = false
    @OptionGroup var location: Location

    func run() async throws {
      do {
        guard let data = FileManager.default.contents(atPath: file) else {
          throw Diagnostic(
            .documentMissing, "there is no file '\(file)'", at: Place(file: file),
            remedy: "name a file of items")
        }
        let items = try Self.items(in: [UInt8](data), file: file)
        let store = try SQLiteStore(path: location.path(), clock: SystemClock())
        let report = try await StoreImport.write(items, into: store, replacing: replace)
        try await store.close()
        Terminal.write("wrote \(report.written), skipped \(report.skipped)\n")
      } catch {
        throw CommandFailure.report(error)
      }
    }

    private static func items(in bytes: [UInt8], file: String) throws -> [Item] {
      guard DynamoDBImport.recognises(bytes) else {
        return try StoreImport.items(in: bytes, file: file)
      }
      return try DynamoDBImport.items(in: bytes, file: file) {
        attributes throws(ImportFault) in
        StockItems.recognises(attributes)
          ? try StockItems.item(attributes) : try Item(singleTable: attributes)
      }
    }
  }
}

/// Runs a command's body; what it throws is shown as findings.
private func reporting(_ body: () throws -> Void) throws {
  do {
    try body()
  } catch {
    throw CommandFailure.report(error)
  }
}

extension DiagnosticCode {
  /// The chain of the security log does not hold.
  static let auditBroken: DiagnosticCode = "S006"
}
