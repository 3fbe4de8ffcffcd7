import JSON
import Store
import Time

/// Quotes and the day's budget of calls in the store: both outlive a restart.
struct QuoteBook: Sendable {
  let store: any ItemStore
  let source: String
  let settings: AlphaVantageSettings

  private func key(_ symbol: String) -> ItemKey { ItemKey("STOCK#\(symbol)", "QUOTE#\(source)") }

  /// The newest quote that may still be served.
  func quote(_ symbol: String) async throws -> Quote? {
    guard let item = try await store.get(key(symbol)) else { return nil }
    return Quote(attributes: item.attributes)
  }

  /// Keeps a quote until it may not even be served stale.
  func keep(_ quote: Quote) async throws {
    try await store.write(
      .put(
        Item(
          key(quote.symbol), quote.attributes,
          expiresAt: quote.asOf + .seconds(settings.hardAgeSeconds))))
  }

  /// A series that is still young enough, or nil.
  func bars(_ symbol: String, _ resolution: Resolution) async throws -> [Bar]? {
    guard let item = try await store.get(seriesKey(symbol, resolution)) else { return nil }
    return item.attributes["bars"]?.array?.compactMap(Bar.init(row:))
  }

  /// Keeps a series until it is due to be fetched again.
  func keep(_ bars: [Bar], _ symbol: String, _ resolution: Resolution, until: Timestamp)
    async throws
  {
    let rows = JSON.array(bars.suffix(Self.barsMost).map(\.row))
    try await store.write(
      .put(Item(seriesKey(symbol, resolution), ["bars": rows], expiresAt: until)))
  }

  /// A compact series has a hundred; an item of the store 400 KB.
  private static let barsMost = 1_000

  private func seriesKey(_ symbol: String, _ resolution: Resolution) -> ItemKey {
    ItemKey("STOCK#\(symbol)", "QUOTE#\(source)#\(resolution.rawValue)")
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
