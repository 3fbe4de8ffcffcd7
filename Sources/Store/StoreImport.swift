import Diagnostics
import JSON

/// Items from lines of JSON into any store: `portico store import`, and the way between drivers.
package enum StoreImport {
  /// What an import did.
  package struct Report: Sendable, Hashable {
    /// Items written.
    package var written = 0
    /// Items left as they were, because they were there already.
    package var skipped = 0
  }

  /// Findings after which reading ends.
  private static let problemsMost = 20

  /// Reads every line before any is written; throws a `DiagnosticList` with the place of each
  /// fault.
  package static func items(in text: [UInt8], file: String) throws -> [Item] {
    var items: [Item] = []
    var problems: [Diagnostic] = []
    for (number, line) in text.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    {
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
      do {
        items.append(try Item(json: JSON(parsing: line)))
      } catch {
        problems.append(problem(error, file: file, line: number + 1))
      }
      if problems.count == problemsMost { break }
    }
    if !problems.isEmpty { throw DiagnosticList(problems) }
    return items
  }

  private static func problem(_ error: any Error, file: String, line: Int) -> Diagnostic {
    let place: Place
    let reason: String
    switch error {
    case let error as JSONSyntaxError:
      place = Place(file: file, line: line, column: error.offset + 1)
      reason = error.reason
    case StoreError.invalid(let text), StoreError.limitExceeded(let text):
      place = Place(file: file, line: line)
      reason = text
    default:
      place = Place(file: file, line: line)
      reason = String(describing: error)
    }
    return Diagnostic(
      .importLineBroken, "the line is no item: \(reason)", at: place,
      remedy: "write one object with pk, sk and attributes on each line")
  }

  /// Writes the items, a few at a time; without `replacing` what is there stays.
  ///
  /// Each item is a write of its own, so an import that was cut short is simply run again.
  package static func write(
    _ items: [Item], into store: any ItemStore, replacing: Bool = false, atOnce: Int = 32
  ) async throws -> Report {
    var report = Report()
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for (number, item) in items.enumerated() {
        if number >= atOnce, let isWritten = try await group.next() { report.count(isWritten) }
        group.addTask {
          do {
            try await store.write(.put(item, if: replacing ? .none : .notExists))
            return true
          } catch StoreError.conditionFailed {
            return false
          }
        }
      }
      for try await isWritten in group { report.count(isWritten) }
    }
    return report
  }
}

extension StoreImport.Report {
  fileprivate mutating func count(_ isWritten: Bool) {
    if isWritten { written += 1 } else { skipped += 1 }
  }
}
