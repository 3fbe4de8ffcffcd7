import ArgumentParser
import Diagnostics
import Foundation
import JSON
import Store
import Trading

extension StoreCommand {
  /// The ledgers as a Beancount journal, or the items as lines that `store import` reads.
  struct Export: AsyncParsableCommand {
    /// What is written.
    enum Format: String, ExpressibleByArgument, CaseIterable {
      case beancount
      case json
    }

    static let configuration = CommandConfiguration(
      abstract: "Write the ledgers for Beancount, or the items as JSON lines.",
      discussion: "Works while the store is served; what is written is one moment's state.")
    @Option(help: "beancount or json.")
    var format = Format.beancount
    @Option(help: "Only this user; may be given several times.")
    var account: [String] = []
    @Option(help: "How Beancount relieves sold shares: average, as Portico does, or fifo.")
    var booking = "average"
    @Option(name: .shortAndLong, help: "The file to write; otherwise standard output.")
    var output: String?
    @OptionGroup var location: Location

    func validate() throws {
      if BeancountJournal.Booking(rawValue: booking) == nil {
        throw ValidationError("--booking is average or fifo")
      }
    }

    func run() async throws {
      do {
        try await location.withCopy { store in
          let sink = try Sink(output)
          switch format {
          case .beancount: try await beancount(store, sink)
          case .json: try await json(store, sink)
          }
          try sink.finish()
        }
      } catch {
        throw CommandFailure.report(error)
      }
    }

    private func beancount(_ store: SQLiteStore, _ sink: Sink) async throws {
      let export = LedgerExport(
        store, booking: BeancountJournal.Booking(rawValue: booking) ?? .average)
      let count = try await export.beancount(of: account.isEmpty ? nil : account) {
        try sink.write($0)
      }
      sink.note("\(count) ledgers")
    }

    /// Every item, or what lies in the partitions of the users asked for.
    private func json(_ store: SQLiteStore, _ sink: Sink) async throws {
      let partitions = Set(account.flatMap { ["USER#\($0)", "LEDGER#\($0)"] })
      var last: ItemKey?
      var count = 0
      repeat {
        let page = try await store.export(after: last)
        for item in page where partitions.isEmpty || partitions.contains(item.key.pk) {
          try sink.write(item.json.text + "\n")
          count += 1
        }
        last = page.last?.key
      } while last != nil
      sink.note("\(count) items")
    }
  }

  /// Where an export goes: a file that only its owner may read, or standard output.
  final class Sink {
    private let path: String?
    private let descriptor: Int32
    private var pending: [UInt8] = []

    init(_ path: String?) throws {
      self.path = path
      guard let path else {
        descriptor = 1
        return
      }
      descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw Self.failure(path) }
    }

    deinit { if descriptor > 2 { close(descriptor) } }

    func write(_ text: String) throws {
      pending.append(contentsOf: text.utf8)
      if pending.count >= 1 << 16 { try flush() }
    }

    /// Says on a file's behalf what standard output shows by itself.
    func note(_ what: String) {
      if let path { Terminal.write("wrote \(what) to \(path)\n") }
    }

    func finish() throws {
      try flush()
      if let path, fsync(descriptor) != 0 { throw Self.failure(path) }
    }

    private func flush() throws {
      var offset = 0
      while offset < pending.count {
        let written = pending.withUnsafeBytes { buffer in
          Foundation.write(
            descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
        }
        if written < 0, errno != EINTR { throw Self.failure(path ?? "standard output") }
        offset += max(0, written)
      }
      pending.removeAll(keepingCapacity: true)
    }

    private static func failure(_ path: String) -> Diagnostic {
      Diagnostic(
        .exportFailed, "'\(path)' cannot be written: \(String(cString: strerror(errno)))",
        at: Place(file: path), remedy: "name a file in a folder that exists and has space")
    }
  }
}

extension DiagnosticCode {
  /// An export that could not be written.
  static let exportFailed: DiagnosticCode = "S031"
}
