import Diagnostics
import Synchronization
import Time
import Tokens

/// Which issuer's keys, and where they are.
package struct IssuerLocation: Sendable, Hashable {
  package var issuer: String
  /// Nil asks the issuer's discovery document.
  package var keySetURL: String?

  package init(issuer: String, keySetURL: String? = nil) {
    self.issuer = issuer
    self.keySetURL = keySetURL
  }
}

/// The keys of every remote issuer: one `IssuerKeys` per issuer, whoever trusts it, so that the
/// bounds on fetching hold for all its authorizers together.
package final class RemoteIssuers: Sendable {
  /// Brings the keys; bounded in size and without redirects by whoever gives it.
  package typealias Fetch = @Sendable (IssuerLocation) async throws -> FetchedKeys

  private let known = Mutex<[IssuerLocation: IssuerKeys]>([:])
  private let clock: any TimeSource
  private let report: @Sendable (Diagnostic) -> Void
  private let fetch: Fetch

  /// Nothing is fetched before a token or `warmKeys` asks.
  package init(
    clock: any TimeSource, report: @escaping @Sendable (Diagnostic) -> Void = { _ in },
    fetch: @escaping Fetch
  ) {
    self.clock = clock
    self.report = report
    self.fetch = fetch
  }

  /// The keys at a place, shared by all who ask for it.
  package func keys(at location: IssuerLocation) -> IssuerKeys {
    known.withLock { known in
      if let keys = known[location] { return keys }
      let keys = IssuerKeys(issuer: "'\(location.issuer)'", clock: clock, report: report) {
        [fetch] in try await fetch(location)
      }
      known[location] = keys
      return keys
    }
  }
}

extension GatewayPlan {
  /// Fetches the keys of remote issuers before the first token comes; what fails is reported and
  /// tried again when one comes.
  package func warmKeys() async {
    await withDiscardingTaskGroup { group in
      var warmed: Set<String> = []
      for case let authorizer? in allRoutes.map(\.authorizer) {
        guard warmed.insert(authorizer.name).inserted else { continue }
        group.addTask { await authorizer.verifier.warm() }
      }
    }
  }
}
