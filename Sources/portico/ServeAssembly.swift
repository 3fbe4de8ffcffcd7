import Accounts
import Diagnostics
import Foundation
import Gateway
import HTTPExchange
import JSON
import Listener
import Market
import Settings
import SiteBundle
import Store
import Time
import Tokens
import Trading

/// Stores → applications → gateway, in that order: the only place where they meet.
struct ServeAssembly {
  let project: Project
  let isProduction: Bool
  let clock: any TimeSource
  let log: @Sendable (String) -> Void

  /// What runs while serving.
  struct Parts {
    let store: SQLiteStore
    let accounts: AccountsService
    let market: MarketService
    let trading: TradingService
    let functions: [String: any Handler]
    let usage: DurableUsageLedger
    let ledger: LedgerWatch
    let matcher: OrderMatcher
  }

  /// Opens the store and makes the applications with their handlers; refuses to start production
  /// without its secrets before anything is opened.
  func parts() async throws -> Parts {
    let masterKey = try MasterKey.resolve(
      project.masterKey,
      previewFile: isProduction ? nil : "\(project.store.folder)/secrets/master.key")
    return try await parts(store: openStore(), masterKey: masterKey)
  }

  /// The applications over a given store.
  func parts(store: SQLiteStore, masterKey: MasterKey) async throws -> Parts {
    let accounts = AccountsService(
      store: limited(store), masterKey: masterKey, settings: project.accounts, clock: clock,
      log: log)
    try await AccountsService.jobs.run { try await accounts.start() }
    let market = try await market(store: limited(store, to: MarketService.quotes))
    let trading = try trading(
      store: limited(store), market: market, revocations: accounts.revocations)
    var functions = accounts.handlers()
    functions.merge(market.handlers()) { first, _ in first }
    let log = log
    let ledger = LedgerWatch(clock: clock) { log("\($0.code): \($0.message)") }
    functions.merge(ledger.guarding(trading.handlers())) { first, _ in first }
    let matcher = OrderMatcher(
      trading, symbols: market.symbols, isHeld: ledger.isBroken
    ) { log("\($0.code): \($0.message)") }
    return Parts(
      store: store, accounts: accounts, market: market, trading: trading,
      functions: try granted(functions), usage: try await usageLedger(store), ledger: ledger,
      matcher: matcher)
  }

  private func openStore() throws -> SQLiteStore {
    try SQLiteStore(path: project.store.path, clock: clock, limits: project.store.limits)
  }

  /// Every name of the documents bound to its handler, every rule checked.
  func plan(_ parts: Parts, site: StaticSite, upstream: UpstreamPool) throws -> GatewayPlan {
    let documents = try documents()
    var settings = project.gateway
    settings.explains = !isProduction
    let authorizers = authorizers(parts.accounts, upstream)
    var assembly = GatewayAssembly(
      settings: settings, api: documents.api, accounts: documents.accounts, site: site,
      functions: parts.functions
    ) { authorizer in
      guard let verifier = try authorizers.verifier(for: authorizer) else {
        throw Self.foreign(authorizer)
      }
      return verifier
    }
    assembly.usage = parts.usage
    assembly.upstream = { upstream.integration(uri: $0, method: $1, timeoutMS: $2) }
    return try assembly.plan()
  }

  /// The two API documents with this project's names filled in.
  func documents() throws -> (api: APIDocument, accounts: APIDocument?) {
    let variables = [
      "accounts.issuer_url": project.accounts.issuer,
      "accounts.audience": project.accounts.audience, "site.origin": project.origin,
    ]
    func document(_ path: String) throws -> APIDocument {
      guard let data = FileManager.default.contents(atPath: path) else {
        throw Diagnostic(
          .documentMissing, "there is no API document '\(path)'", at: Place(file: path),
          remedy: "create it, or name another by gateway.openapi")
      }
      return try OpenAPILoader.load(
        String(decoding: data, as: UTF8.self), file: path, variables: variables)
    }
    let accountsFile = project.gateway.accountsOpenAPIFile
    return (
      try document(project.gateway.openAPIFile),
      accountsFile.isEmpty ? nil : try document(accountsFile)
    )
  }
}

extension DiagnosticCode {
  /// An API document that the settings name is not there.
  static let documentMissing: DiagnosticCode = "S005"
}
