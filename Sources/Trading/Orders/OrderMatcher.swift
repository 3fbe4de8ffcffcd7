import Diagnostics
import Store
import Synchronization
import Time

/// Lets waiting limit orders meet the present prices, once a second.
///
/// An order that cannot be filled for a fault does not hold up the others; the fault is told once,
/// and again when it is another.
package final class OrderMatcher: Sendable {
  private let engine: TradeEngine
  private let symbols: [String]
  /// Whose orders wait because the books do not hold.
  private let isHeld: @Sendable (_ user: String) -> Bool
  private let report: @Sendable (Diagnostic) -> Void
  /// What was told, by order or symbol.
  private let told = Mutex<[String: String]>([:])
  private static let toldMost = 1_000

  package init(
    _ service: TradingService, symbols: [String],
    isHeld: @escaping @Sendable (_ user: String) -> Bool,
    report: @escaping @Sendable (Diagnostic) -> Void
  ) {
    engine = service.engine
    self.symbols = symbols
    self.isHeld = isHeld
    self.report = report
  }

  /// Matches once a second until cancelled.
  package func run(clock: any TimeSource) async {
    while (try? await clock.sleep(for: .seconds(1))) != nil {
      _ = await TradingService.matcher.run { await round() }
    }
  }

  /// One look at every symbol; answers how many orders were filled.
  func round() async -> Int {
    var filled = 0
    for symbol in symbols {
      do {
        filled += try await engine.match(symbol, except: isHeld) { order, error in
          self.tell(error, about: "the order '\(order.id)' of '\(order.user)'", key: order.id)
        }
        told.withLock { _ = $0.removeValue(forKey: symbol) }
      } catch is CancellationError {
        return filled
      } catch {
        tell(error, about: "the open orders of \(symbol)", key: symbol)
      }
    }
    return filled
  }

  private func tell(_ error: any Error, about what: String, key: String) {
    let isNew = told.withLock { told in
      if told[key] == "\(error)" { return false }
      if told.count >= Self.toldMost { told.removeAll() }
      told[key] = "\(error)"
      return true
    }
    guard isNew else { return }
    report(
      Diagnostic(
        .ordersUnmatched, "\(what) cannot be matched: \(error)",
        remedy: "it is tried again every second; 'portico store verify' examines the books",
        severity: .warning))
  }
}
