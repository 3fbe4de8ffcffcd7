/// A function's leave to use the store: who it is, what its list holds, and for whom it acts.
///
/// It travels with the task, as a Lambda function's role travels with its invocation: the gateway's
/// wrapper sets it around a handler, a background job around its work, and the store that was made
/// by `CapabilityStore.ofPresentTask` reads it at every call. A task without one is refused.
package struct StoreGrant: Sendable, Hashable {
  /// Whose list it is, as the log and the API document name it.
  package var holder: String
  /// The list; empty allows nothing.
  package var capabilities: [Capability]
  /// The user whose own items the patterns `.own` and `.ownPrefix` allow; nil allows none of them.
  package var caller: String?

  package init(_ holder: String, _ capabilities: [Capability], caller: String? = nil) {
    self.holder = holder
    self.capabilities = capabilities
    self.caller = caller
  }

  /// The grant of the present task and the tasks it starts.
  @TaskLocal package static var current: StoreGrant?

  /// Runs under this grant; a grant without a caller acts for the one of the task that calls it.
  package func run<Result: Sendable>(
    _ work: () async throws -> Result
  ) async rethrows -> Result {
    var grant = self
    if grant.caller == nil { grant.caller = Self.current?.caller }
    return try await Self.$current.withValue(grant, operation: work)
  }

  func allows(_ verb: Capability.Verb, _ key: ItemKey) -> Bool {
    capabilities.contains { $0.allows(verb, key, caller: caller) }
  }

  func allows(_ query: Query) -> Bool {
    capabilities.contains { $0.allows(query, caller: caller) }
  }
}
