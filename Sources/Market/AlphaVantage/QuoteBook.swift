import JSON
import Store
import Time

/// A quote, and when it was fetched: its own moment may be the close of days ago.
struct KeptQuote: Sendable, Hashable {
  var quote: Quote
  var fetchedAt: Timestamp
}

/// Quotes and the day's budget of calls in the store: both outlive a restart.
struct QuoteBook: Sendable {
  let store: any ItemStore
  let source: String
  let settings: AlphaVantageSettings

  private func key(_ symbol: String) -> ItemKey { ItemKey("STOCK#\(symbol)", "QUOTE#\(source)") }

  /// The newest quote that may still be served.
  func quote(_ symbol: String) async throws -> KeptQuote? {
    guard let item = try await store.get(key(symbol)),
      let quote = Quote(attributes: item.attributes)
    else { return nil }
    let fetchedAt = item.attributes["fetchedAt"]?.int.map(Timestamp.init(milliseconds:))
    return KeptQuote(quote: quote, fetchedAt: fetchedAt ?? quote.asOf)
  }

  /// Keeps a quote until it may not even be served stale.
  func keep(_ kept: KeptQuote) async throws {
    var attributes = kept.quote.attributes
    attributes["fetchedAt"] = .int(kept.fetchedAt.milliseconds)
    try await store.write(
      .put(
        Item(
          key(kept.quote.symbol), attributes,
          expiresAt: kept.fetchedAt + .seconds(settings.hardAgeSeconds))))
  }

  /// The newest series that may still be served.
  func series(_ subject: AlphaVantageCalls.Subject) async throws -> PriceSeries? {
    guard let item = try await store.get(seriesKey(subject)),
      let bars = item.attributes["bars"]?.array?.compactMap(Bar.init(row:)),
      let fetchedAt = item.attributes["fetchedAt"]?.int
    else { return nil }
    return PriceSeries(bars: bars, asOf: Timestamp(milliseconds: fetchedAt))
  }

  /// Keeps a series until it may not even be served stale.
  func keep(_ series: PriceSeries, of subject: AlphaVantageCalls.Subject) async throws {
    let rows = JSON.array(series.bars.suffix(Self.barsMost).map(\.row))
    try await store.write(
      .put(
        Item(
          seriesKey(subject), ["bars": rows, "fetchedAt": .int(series.asOf.milliseconds)],
          expiresAt: series.asOf + .seconds(settings.hardAgeSeconds))))
  }

  /// A compact series has a hundred; an item of the store 400 KB.
  private static let barsMost = 1_000

  private func seriesKey(_ subject: AlphaVantageCalls.Subject) -> ItemKey {
    ItemKey(
      "STOCK#\(subject.symbol)", "QUOTE#\(source)#\(subject.resolution?.rawValue ?? "")")
  }

  /// The calls that the day still has.
  func callsLeft(at now: Timestamp) async throws -> Int {
    let item = try await store.get(ItemKey("BUDGET#AV#\(now.isoDate)", "COUNT"))
    return item?.attributes["remaining"]?.int ?? settings.callsPerDay
  }

  /// Takes one call of the day's budget; false when there is none left.
  func spendCall(at now: Timestamp) async throws -> Bool {
    let key = ItemKey("BUDGET#AV#\(now.isoDate)", "COUNT")
    for _ in 0..<2 {
      do {
        try await store.write(
          .update(key, [.add("remaining", -1)], if: .numberAtLeast("remaining", 1)))
        return true
      } catch let error as StoreError where error.isConditionFailure {
        if try await store.get(key) != nil { return false }
        let first = Item(
          key, ["remaining": .int(settings.callsPerDay)], expiresAt: now + .seconds(172_800))
        do {
          try await store.write(.put(first, if: .notExists))
        } catch let error as StoreError where error.isConditionFailure {
          // Another caller opened the day.
        }
      }
    }
    return false
  }
}

extension Quote {
  var attributes: JSONObject {
    JSONObject([
      ("symbol", .string(symbol)), ("name", .string(name)), ("price", .int(price)),
      ("bid", .int(bid)), ("ask", .int(ask)), ("previousClose", .int(previousClose)),
      ("volume", .int(volume)), ("asOf", .int(asOf.milliseconds)), ("source", .string(source)),
    ])
  }

  init?(attributes: JSONObject) {
    guard let symbol = attributes["symbol"]?.string, let name = attributes["name"]?.string,
      let price = attributes["price"]?.int, price > 0, let bid = attributes["bid"]?.int,
      let ask = attributes["ask"]?.int, let previousClose = attributes["previousClose"]?.int,
      let volume = attributes["volume"]?.int, let asOf = attributes["asOf"]?.int,
      let source = attributes["source"]?.string
    else { return nil }
    self.init(
      symbol: symbol, name: name, price: price, bid: bid, ask: ask, previousClose: previousClose,
      volume: volume, asOf: Timestamp(milliseconds: asOf), source: source)
  }
}

extension Bar {
  /// Start, prices and volume as a row of integers.
  fileprivate var row: JSON {
    .array([start.seconds, open, high, low, close, volume].map { .int($0) })
  }

  fileprivate init?(row: JSON) {
    let values = (row.array ?? []).compactMap(\.int)
    guard values.count == 6 else { return nil }
    self.init(
      start: Timestamp(seconds: values[0]), open: values[1], high: values[2], low: values[3],
      close: values[4], volume: values[5])
  }
}
