import Diagnostics
import Market
import Store
import Time
import Trading

extension ServeAssembly {
  /// The market over a store, with the stocks that the store holds.
  func market(store: any ItemStore) async throws -> MarketService {
    let catalogue = try await Catalogue.merged(with: store) { log("\($0.code): \($0.message)") }
    return try MarketService(
      settings: project.market, catalogue: catalogue, store: store, clock: clock, log: log)
  }
}

/// The market's quotes as the prices that orders meet.
struct MarketFeed: PriceFeed {
  let market: MarketService

  func knows(_ symbol: String) -> Bool { market.knows(symbol) }

  func price(of symbol: String, fetchedWithin age: Duration?) async throws -> MarketPrice? {
    guard let quote = try await market.quote(symbol, fetchedWithin: age) else { return nil }
    return MarketPrice(
      quoteID: quote.id, symbol: quote.symbol, bid: Price(units: quote.bid),
      ask: Price(units: quote.ask), last: Price(units: quote.price),
      previousClose: Price(units: quote.previousClose), asOf: market.madeAt(quote),
      closure: closure(), isStale: quote.stale)
  }

  private func closure() -> MarketPrice.Closure? {
    market.closure().map { MarketPrice.Closure(since: $0.since, opens: $0.opens) }
  }

  func dayStart(at moment: Timestamp) -> Timestamp { market.dayStart(at: moment) }

  func companyName(of symbol: String) -> String? { market.companyName(symbol) }

  func closes(of symbol: String, from: Timestamp, to: Timestamp, step: Duration) async throws
    -> [Timestamp: Price]
  {
    let wanted = Int(step.components.seconds)
    guard let resolution = Resolution.allCases.first(where: { $0.seconds == wanted }) else {
      return [:]
    }
    return try await market.closes(symbol, from: from, to: to, step: resolution)
      .mapValues { Price(units: $0) }
  }
}
