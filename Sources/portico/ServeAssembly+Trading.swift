import Diagnostics
import Foundation
import Market
import Store
import Trading
import Workflows

extension ServeAssembly {
  /// Trading over a store, with the state machine that the settings name.
  func trading(store: any ItemStore, market: MarketService) throws -> TradingService {
    let log = log
    return TradingService(
      store: store, feed: MarketFeed(market: market), rules: project.trading.rules, clock: clock,
      machine: try tradeMachine(),
      report: { log("\($0.code): \($0.message)") })
  }

  /// The document, read and found to trade.
  private func tradeMachine() throws -> TradeMachine {
    let path = project.trading.workflowFile
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Diagnostic(
        .tradeWorkflowMissing, "there is no state machine '\(path)'", at: Place(file: path),
        remedy: "create it, or name another by trading.workflow")
    }
    let file = path.split(separator: "/").last.map(String.init) ?? path
    let name = file.hasSuffix(".asl.json") ? String(file.dropLast(".asl.json".count)) : file
    return try TradeMachine(
      StateMachine(parsing: [UInt8](data), name: name, file: path), file: path)
  }
}
