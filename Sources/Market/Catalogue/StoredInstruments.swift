import Diagnostics
import JSON
import Store

// The stocks that `portico store import` has written, over the built-in ones.

extension Catalogue {
  /// Instruments of the store at most; each is looked at once a second for orders that wait.
  package static let storedMost = 100

  /// The built-in stocks with the store's over them: a stored one gives a built-in its name and its
  /// price, and any other is added behind, by symbol. One that cannot be a stock is reported and left
  /// out.
  package static func merged(
    with store: any ItemStore, report: (Diagnostic) -> Void
  ) async throws -> Catalogue {
    // One more than there may be tells that something is left out.
    let page = try await store.query(Query(.g1, pk: "CATALOG", limit: storedMost + 1))
    if page.items.count > storedMost {
      report(
        Diagnostic(
          .marketInstrumentUnusable,
          "the store has more than \(storedMost) instruments; the rest by symbol is left out",
          remedy: "delete the items that nobody trades", severity: .warning))
    }
    var stored: [Instrument] = []
    for item in page.items.prefix(storedMost) {
      do throws(Diagnostic) {
        stored.append(try Instrument(item, over: standard))
      } catch {
        report(error)
      }
    }
    let bySymbol = Dictionary(
      stored.map { ($0.symbol, $0) }, uniquingKeysWith: { first, _ in first })
    return Catalogue(
      standard.instruments.map { bySymbol[$0.symbol] ?? $0 }
        + stored.filter { standard[$0.symbol] == nil })
  }
}

extension Instrument {
  /// A cent to a million dollars in ten-thousandths: where the simulator's steps of a cent and its
  /// sums are exact.
  static let anchors = 100...10_000_000_000

  /// The instrument of an item `STOCK#symbol` / `META`; what a row of the table does not tell is
  /// that of the built-in stock, or an average one's.
  fileprivate init(_ item: Item, over catalogue: Catalogue) throws(Diagnostic) {
    func refused(_ reason: String) -> Diagnostic {
      Diagnostic(
        .marketInstrumentUnusable,
        "the item '\(item.key.pk)' / '\(item.key.sk)' is no stock: \(reason)",
        remedy: "import it again with `portico store import`, or delete it", severity: .warning)
    }
    let attributes = item.attributes
    guard let symbol = attributes["symbol"]?.string, StockItems.isSymbol(symbol),
      item.key == ItemKey("STOCK#\(symbol)", "META")
    else { throw refused("'symbol' is not that of its key") }
    guard let name = attributes["name"]?.string, (1...200).contains(name.utf8.count) else {
      throw refused("'name' is a text of at most 200 bytes")
    }
    guard let price = attributes["price"]?.number?.scaled(by: 4), Self.anchors.contains(price)
    else {
      throw refused("'price' is from a cent to a million dollars, with at most four decimals")
    }
    if let known = catalogue[symbol] {
      self = known
      self.name = name
      anchor = price
    } else {
      self.init(
        symbol: symbol, name: name, industry: "", description: "", anchor: price,
        volatilityPermille: 250, dailyVolume: 10_000_000, sharesOutstanding: 0,
        earningsPerShare: 0, isChecked: false)
    }
  }
}
