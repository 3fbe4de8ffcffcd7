import Diagnostics
import Synchronization

/// Collects what is wrong with the sources, from all threads, so that one run tells everything.
final class Findings: Sendable {
  private let found = Mutex<[Diagnostic]>([])

  /// Findings kept at most: nobody reads more, and a broken layout breaks every page.
  private static let most = 200

  func note(_ diagnostic: Diagnostic) {
    found.withLock { found in
      guard found.count < Self.most, !found.contains(diagnostic) else { return }
      found.append(diagnostic)
    }
  }

  func warn(_ code: DiagnosticCode, _ message: String, at place: Place?, remedy: String? = nil) {
    note(Diagnostic(code, message, at: place, remedy: remedy, severity: .warning))
  }

  /// Everything in the order of files and lines.
  var sorted: [Diagnostic] {
    found.withLock { found in
      found.sorted {
        ($0.place?.file ?? "", $0.place?.line ?? 0, $0.place?.column ?? 0, $0.message)
          < ($1.place?.file ?? "", $1.place?.line ?? 0, $1.place?.column ?? 0, $1.message)
      }
    }
  }

  var warnings: [Diagnostic] { sorted.filter { $0.severity != .error } }

  /// Stops here when there are errors.
  func check() throws(DiagnosticList) {
    let sorted = sorted
    if sorted.contains(where: { $0.severity == .error }) {
      throw DiagnosticList(sorted)
    }
  }
}
