import Accounts
import Diagnostics
import HTTPExchange
import Market
import Store
import Trading

/// Every named function with its own permissions on the store, as a Lambda function has its own
/// role (spec/apps.md X-08, S4-21).
extension ServeAssembly {
  /// Function name → what it may do; the lists stand beside the functions.
  static var capabilities: [String: [Capability]] {
    AccountsService.capabilities
      .merging(MarketService.capabilities) { first, _ in first }
      .merging(TradingService.capabilities) { first, _ in first }
  }

  /// The store that services with many functions share: the grant of each task decides.
  func limited(_ store: any ItemStore) -> any ItemStore {
    CapabilityStore.ofPresentTask(store, refused: report)
  }

  /// A store for one holder, whoever asks it.
  func limited(_ store: any ItemStore, to grant: StoreGrant) -> any ItemStore {
    CapabilityStore(
      store, holder: grant.holder, capabilities: grant.capabilities, refused: report)
  }

  /// The handlers, each under its own list; one without a list is a mistake found at the start.
  func granted(_ functions: [String: any Handler]) throws -> [String: any Handler] {
    let capabilities = Self.capabilities
    var granted: [String: any Handler] = [:]
    for (name, handler) in functions {
      guard let list = capabilities[name] else {
        throw Diagnostic(
          .noCapabilities, "the function '\(name)' has no capability list",
          remedy: "write one beside the function: [] when it needs no store")
      }
      granted[name] = GrantedHandler(grant: StoreGrant(name, list), handler: handler)
    }
    return granted
  }

  private func report(_ refusal: CapabilityStore.Refusal) {
    log(refusal.diagnostic.terminalText())
  }
}

/// A handler that runs under its function's grant, for the user whose token the gateway verified.
struct GrantedHandler: Handler {
  let grant: StoreGrant
  let handler: any Handler

  func respond(_ request: Request, _ context: RequestContext) async throws -> Response {
    var grant = grant
    grant.caller = context.identity?.username
    return try await grant.run { try await handler.respond(request, context) }
  }
}

extension DiagnosticCode {
  /// A function without a capability list.
  static let noCapabilities: DiagnosticCode = "S030"
}
