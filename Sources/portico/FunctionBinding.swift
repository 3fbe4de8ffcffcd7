import Accounts
import Gateway
import JSON
import Store
import Time
import Trading
import Workflows

/// The project's functions by their names, each called under its own grant and without a socket.
struct FunctionBinding {
  let parts: ServeAssembly.Parts
  let clock: any TimeSource

  /// Every name.
  var names: [String] { (Array(parts.functions.keys) + parts.trading.taskFunctions.keys).sorted() }

  /// What the function answers; nil when there is none of the name.
  ///
  /// - Parameter caller: for whom a function of a state machine acts; one behind a route finds its
  ///   user in the event.
  func invoke(_ name: String, _ event: JSON, caller: String?) async throws -> JSON? {
    if let handler = parts.functions[name] {
      return try await EventInvocation(handler, clock: clock).invoke(event)
    }
    guard let function = parts.trading.taskFunctions[name] else { return nil }
    return try await TradingService.grant(name, caller: caller).run {
      try await function(event, nil)
    }
  }

  func close() async throws {
    parts.accounts.stop()
    try await parts.store.close()
  }
}
