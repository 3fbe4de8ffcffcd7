/// A stock of the catalogue.
package struct Instrument: Sendable, Hashable {
  package var symbol: String
  /// The company's name.
  package var name: String
  package var industry: String
  package var description: String
  /// The price the simulator moves around, in ten-thousandths of a dollar.
  package var anchor: Int
  /// Standard deviation of a year's log return, in thousandths.
  package var volatilityPermille: Int
  /// Shares of an average day.
  package var dailyVolume: Int
  /// Shares outstanding, for the market's value of the company.
  package var sharesOutstanding: Int
  /// Earnings per share of a year, in cents.
  package var earningsPerShare: Int
  /// Whether `/check` shows it.
  package var isChecked: Bool
}

/// The stocks there are.
package struct Catalogue: Sendable {
  /// In the order shown.
  package let instruments: [Instrument]
  private let bySymbol: [String: Instrument]

  package init(_ instruments: [Instrument]) {
    self.instruments = instruments
    bySymbol = Dictionary(
      instruments.map { ($0.symbol, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The stock of that symbol.
  package subscript(symbol: String) -> Instrument? { bySymbol[symbol] }

  /// The symbols `/check` shows, in their order.
  package var checked: [String] { instruments.filter(\.isChecked).map(\.symbol) }

  /// The symbols and names that hold the text, symbols that begin with it first.
  package func search(_ text: String) -> [Instrument] {
    let wanted = text.lowercased()
    let starts = instruments.filter { $0.symbol.lowercased().hasPrefix(wanted) }
    let holds = instruments.filter { instrument in
      !starts.contains(instrument)
        && (instrument.name.lowercased().contains(wanted)
          || instrument.symbol.lowercased().contains(wanted))
    }
    return starts + holds
  }
}

extension Catalogue {
  /// The stocks of the founding document: five that `/check` shows, and NVDA. The anchors are the
  /// prices of its examples, so that its commands work as printed; the company figures are made up.
  package static let standard = Catalogue([
    stock(
      "GOOGL", "Alphabet Inc.", "Internet services", "Search, advertising and cloud services",
      (1_500_000, 220, 24_000_000, 12_300_000_000, 580)),
    stock(
      "AAPL", "Apple Inc.", "Consumer electronics", "Phones, computers and services",
      (1_750_000, 200, 52_000_000, 15_400_000_000, 640)),
    stock(
      "MSFT", "Microsoft Corporation", "Software", "Operating systems, office software and cloud",
      (3_800_000, 190, 21_000_000, 7_430_000_000, 1150)),
    stock(
      "TSLA", "Tesla, Inc.", "Automobiles", "Electric cars, batteries and solar energy",
      (2_600_000, 420, 98_000_000, 3_190_000_000, 310)),
    stock(
      "AMZN", "Amazon.com, Inc.", "Retail", "Online shops and cloud computing",
      (1_400_000, 260, 43_000_000, 10_400_000_000, 290)),
    stock(
      "NVDA", "NVIDIA Corporation", "Semiconductors", "Graphics and machine learning processors",
      (9_047_000, 380, 41_000_000, 2_460_000_000, 1190), isChecked: false),
  ])

  private static func stock(
    _ symbol: String, _ name: String, _ industry: String, _ description: String,
    _ figures: (anchor: Int, volatility: Int, volume: Int, shares: Int, earnings: Int),
    isChecked: Bool = true
  ) -> Instrument {
    Instrument(
      symbol: symbol, name: name, industry: industry, description: description,
      anchor: figures.anchor, volatilityPermille: figures.volatility,
      dailyVolume: figures.volume, sharesOutstanding: figures.shares,
      earningsPerShare: figures.earnings, isChecked: isChecked)
  }
}
