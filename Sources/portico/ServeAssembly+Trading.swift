import Diagnostics
import HTTPExchange
import JSON
import Market
import Store
import Time
import Tokens
import Trading
import Workflows

extension ServeAssembly {
  /// Trading over a store, with the state machine that the settings name.
  func trading(
    store: any ItemStore, market: MarketService, revocations: any RevocationCheck
  ) throws -> TradingService {
    let log = log
    return TradingService(
      store: store, feed: MarketFeed(market: market), rules: project.trading.rules, clock: clock,
      machine: try tradeMachine(), streams: project.trading.streams,
      isRevoked: {
        revocations.isRevoked(
          subject: $0.subject, sessionID: $0.sessionID, tokenID: $0.tokenID,
          issuedAt: $0.claims["iat"]?.int.map(Timestamp.init(seconds:)))
      },
      report: { log("\($0.code): \($0.message)") })
  }

  /// The document, read and found to trade.
  private func tradeMachine() throws -> TradeMachine {
    let path = project.trading.workflowFile
    let file = try WorkflowFile(
      path,
      missing: Diagnostic(
        .tradeWorkflowMissing, "there is no state machine '\(path)'", at: Place(file: path),
        remedy: "create it, or name another by trading.workflow"))
    return try TradeMachine(file.machine(), file: path)
  }
}
