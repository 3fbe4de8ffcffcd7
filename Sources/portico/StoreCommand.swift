import Accounts
import ArgumentParser
import Diagnostics
import Foundation
import JSON
import Store
import Time

/// `portico store …`: operations on the store's file.
struct StoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Back up, restore, verify or fill the store.",
    subcommands: [Backup.self, Restore.self, Verify.self, Import.self])

  /// Which file.
  struct Location: ParsableArguments {
    @Option(help: "Folder of the store; otherwise store.folder (var).")
    var data: String?
    @Option(help: "The settings file.")
    var config = "portico.yaml"

    func path() throws -> String {
      var overrides: [String: String] = [:]
      if let data { overrides["store.folder"] = data }
      return try Project.load(Project.Options(config: config, overrides: overrides)).store.path
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

  /// Examines pages, items and the security log's chain.
  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Examine the store and the chain of the security log.")
    @OptionGroup var location: Location
    @Flag(help: "Print the report as JSON.")
    var json = false

    func run() async throws {
      do {
        let path = try location.path()
        let report = try StoreBackup.verify(path, now: SystemClock().now())
        let audit = try await Self.verifyAudit(path)
        let problems =
          report.problems
          + audit.faults.map { Diagnostic(.auditBroken, "the security log: \($0)") }
        show(report, audit, problems)
        if !problems.isEmpty { throw DiagnosticList(problems) }
      } catch {
        throw CommandFailure.report(error, json: json)
      }
    }

    /// The chain is read from a copy, so that a server may run meanwhile.
    private static func verifyAudit(_ path: String) async throws -> AuditReport {
      let copy = "\(path).verify-\(ProcessInfo.processInfo.processIdentifier)"
      try StoreBackup.back(up: path, to: copy)
      defer {
        for ending in ["", "-wal", "-shm", ".lock"] {
          try? FileManager.default.removeItem(atPath: copy + ending)
        }
      }
      let store = try SQLiteStore(path: copy, clock: SystemClock())
      let report = try await AuditLog.verify(store)
      try await store.close()
      return report
    }

    private func show(_ report: StoreReport, _ audit: AuditReport, _ problems: [Diagnostic]) {
      if json {
        let document: JSON = [
          "items": .int(report.items), "expired": .int(report.expired), "bytes": .int(report.bytes),
          "auditEntries": .int(audit.entries), "problems": .array(problems.map(\.json)),
        ]
        return Terminal.write(document.text + "\n")
      }
      Terminal.write(
        "\(report.items) items, \(report.bytes) bytes, \(audit.entries) entries of the security log, "
          + "\(problems.count) problems\n")
    }
  }

  /// Writes the items of a file of DynamoDB-JSON, such as S1's Stockitems.
  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write the items of a file into the store.")
    @Argument(help: "The file.")
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
        let items = try StoreImport.items(in: [UInt8](data), file: file)
        let store = try SQLiteStore(path: location.path(), clock: SystemClock())
        let report = try await StoreImport.write(items, into: store, replacing: replace)
        try await store.close()
        Terminal.write("wrote \(report.written), skipped \(report.skipped)\n")
      } catch {
        throw CommandFailure.report(error)
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
