import Diagnostics
import HTTPExchange
import JSON
import Store
import Synchronization
import Time

/// Proves the books of every account after a start, while the service answers already (spec/apps.md
/// §3.4), and takes no order of an account whose books do not hold.
///
/// It reads one account after the other, holds one in memory, and rests as long as it has worked; so
/// big ledgers delay no start and cost half a core at most. Names of orders and results of executions
/// beside the accounts are left to `portico store verify`.
package final class LedgerWatch: Sendable {
  /// How far it is and what it found.
  package struct Status: Sendable, Hashable {
    /// Whether every account has had its turn.
    package var isDone = false
    /// Accounts whose books hold.
    package var proved = 0
    /// Accounts whose books do not, by name.
    package var broken: Set<String> = []
    /// What is wrong with them.
    package var findings = 0
    /// Accounts that could not be read as of one moment, or were too large.
    package var unread = 0

    /// What `/healthz` tells: numbers, since names are the log's.
    package var json: JSON {
      [
        "state": .string(isDone ? "examined" : "examining"), "proved": .int(proved),
        "broken": .int(broken.count), "findings": .int(findings), "unread": .int(unread),
      ]
    }
  }

  /// Findings that are logged; the whole list is `portico store verify`'s.
  private static let findingsLogged = 20

  private let clock: any TimeSource
  private let report: @Sendable (Diagnostic) -> Void
  private let state = Mutex(Status())

  package init(clock: any TimeSource, report: @escaping @Sendable (Diagnostic) -> Void) {
    self.clock = clock
    self.report = report
  }

  package var status: Status { state.withLock { $0 } }

  /// Examines every account once; ends early when the task is cancelled.
  package func run(_ store: SQLiteStore) async {
    do {
      var pass = LedgerPass(store, clock: clock, tell: note)
      try await pass.run()
      state.withLock { $0.isDone = true }
      tellUnread()
    } catch is CancellationError {
      // The service ends; the next start begins anew.
    } catch {
      report(
        Diagnostic(
          .ledgerUnread, "the ledgers could not be examined: \(error)", remedy: Self.remedy))
    }
  }

  private func note(_ user: String, _ outcome: LedgerPass.Outcome) {
    guard case .read(let findings) = outcome else { return state.withLock { $0.unread += 1 } }
    let logged = state.withLock { status in
      if findings.isEmpty { status.proved += 1 } else { status.broken.insert(user) }
      defer { status.findings += findings.count }
      return status.findings
    }
    for finding in findings.prefix(max(0, Self.findingsLogged - logged)) {
      report(finding.diagnostic)
    }
  }

  private func tellUnread() {
    let unread = status.unread
    guard unread > 0 else { return }
    report(
      Diagnostic(
        .ledgerUnread,
        "the books of \(unread) accounts were not examined: they are too large, or "
          + "were traded on all the time", remedy: Self.remedy))
  }

  private static let remedy = "run 'portico store verify', also while serving"

  // MARK: Orders

  /// Functions that take or move orders.
  private static let guarded: Set<String> = [
    "BuyFunction", "SellFunction", "TradeFunction", "cancelOrder",
  ]

  /// The handlers, of which those that trade refuse an account whose books do not hold.
  package func guarding(_ handlers: [String: any Handler]) -> [String: any Handler] {
    var all = handlers
    for name in Self.guarded {
      guard let handler = handlers[name] else { continue }
      all[name] = FunctionHandler { [self] request, context in
        if isBroken(context.identity?.username) {
          return Self.refusal.response(requestID: context.requestID)
        }
        return try await handler.respond(request, context)
      }
    }
    return all
  }

  /// Whether an account's books are known not to hold.
  package func isBroken(_ user: String?) -> Bool {
    guard let user else { return false }
    return state.withLock { $0.broken.contains(user) }
  }

  private static let refusal = Problem(
    status: 503, error: "ledger_broken",
    message: "The books of this account do not hold; it takes no orders until they are mended",
    headers: HeaderFields([("cache-control", "no-store")]))
}
