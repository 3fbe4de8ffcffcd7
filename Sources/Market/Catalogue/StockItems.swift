import JSON
import Store

/// S1's table `Stockitems` as the catalogue's items: `symbol`, `name `, with the document's trailing
/// space, and `price`.
package enum StockItems {
  /// Whether the attributes are a row of that table.
  package static func recognises(_ attributes: JSONObject) -> Bool {
    attributes["pk"] == nil && attributes.names.contains { trimmed($0) == "symbol" }
  }

  /// The instrument of a row: `STOCK#NVDA` / `META`, found through the catalogue's index.
  package static func item(_ row: JSONObject) throws(ImportFault) -> Item {
    var attributes: JSONObject = ["type": "instrument"]
    for (name, value) in row {
      let plain = trimmed(name)
      if plain.isEmpty || attributes[plain] != nil {
        throw ImportFault([name], "there is another attribute '\(plain)'")
      }
      attributes[plain] = value
    }
    func path(_ name: String) -> [String] {
      row.names.first { trimmed($0) == name }.map { [$0] } ?? []
    }
    guard let symbol = attributes["symbol"]?.string.map(trimmed), isSymbol(symbol) else {
      throw ImportFault(path("symbol"), "'symbol' is one to ten capital letters")
    }
    guard let name = attributes["name"]?.string.map(trimmed), (1...200).contains(name.utf8.count)
    else { throw ImportFault(path("name"), "'name' is a text of at most 200 bytes") }
    // The console stores what was typed: a price may be a number or its digits as a text.
    let number =
      attributes["price"]?.number
      ?? attributes["price"]?.string.flatMap { JSONNumber(text: trimmed($0)) }
    guard let price = number, let units = price.scaled(by: 4), (1...pricesMost).contains(units)
    else {
      throw ImportFault(path("price"), "'price' is above zero with at most four decimals")
    }
    attributes["symbol"] = .string(symbol)
    attributes["name"] = .string(name)
    attributes["price"] = .number(price)
    return Item(
      ItemKey("STOCK#\(symbol)", "META"), attributes, g1: IndexKey("CATALOG", symbol))
  }

  /// Ten million dollars in ten-thousandths: what an order may meet at most.
  private static let pricesMost = 100_000_000_000

  /// One to ten capital letters, points or hyphens.
  static func isSymbol(_ text: String) -> Bool {
    (1...10).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == 0x2E || $0 == 0x2D }
  }

  private static func trimmed(_ text: String) -> String {
    let start = text.drop { $0 == " " || $0 == "\t" }
    return String(start.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
  }
}
