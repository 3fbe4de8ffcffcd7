import JSON
import Time

/// Quotes in the shapes of the founding documents, with more fields.
enum QuoteAnswers {
  /// An element of `/check` and of the stream: S1's four fields and types first.
  static func checked(_ quote: Quote) -> JSONObject {
    JSONObject([
      ("symbol", .string(quote.symbol)), ("price", PriceText.json(quote.price)),
      ("change", .string(quote.changePercent)), ("volume", .int(quote.volume)),
      ("name", .string(quote.name)), ("previousClose", PriceText.json(quote.previousClose)),
      ("changeAbs", PriceText.json(quote.change)), ("asOf", .string(quote.asOf.iso8601)),
      ("source", .string(quote.source)), ("stale", .bool(quote.stale)),
      // What shares would bring and cost: holdings are valued at the bid.
      ("bid", PriceText.json(quote.bid)), ("ask", PriceText.json(quote.ask)),
    ])
  }

  /// An element of `/stocks`: S0's fields; here `change` is an amount and `changePercent` a number.
  static func stock(_ quote: Quote, _ instrument: Instrument) -> JSONObject {
    JSONObject([
      ("symbol", .string(quote.symbol)), ("name", .string(instrument.name)),
      ("companyName", .string(instrument.name)), ("price", PriceText.json(quote.price)),
      ("change", PriceText.json(quote.change)),
      ("changePercent", PriceText.number(quote.changePercent)),
      ("lastUpdated", .string(quote.asOf.iso8601)), ("asOf", .string(quote.asOf.iso8601)),
      ("bid", PriceText.json(quote.bid)), ("ask", PriceText.json(quote.ask)),
      ("previousClose", PriceText.json(quote.previousClose)),
      ("changeAbs", PriceText.json(quote.change)), ("volume", .int(quote.volume)),
      ("quoteId", .string(quote.id)), ("source", .string(quote.source)),
      ("stale", .bool(quote.stale)),
    ])
  }

  /// `/stocks/{symbol}`: the same with the company.
  static func detail(_ quote: Quote, _ instrument: Instrument) -> JSONObject {
    var object = stock(quote, instrument)
    object["industry"] = .string(instrument.industry)
    object["description"] = .string(instrument.description)
    if instrument.earningsPerShare > 0 {
      // Price in cents over earnings in cents, to hundredths.
      object["pe"] = PriceText.number(
        PriceText.fixed(quote.price / instrument.earningsPerShare, places: 2))
    }
    // A text in S0; whole dollars.
    if instrument.sharesOutstanding > 0 {
      let value = Int128(quote.price) * Int128(instrument.sharesOutstanding) / 10_000
      object["marketCap"] = .string(String(value))
    }
    return object
  }

  static func bar(_ bar: Bar) -> JSON {
    [
      "time": .string(bar.start.iso8601), "open": PriceText.json(bar.open),
      "high": PriceText.json(bar.high), "low": PriceText.json(bar.low),
      "close": PriceText.json(bar.close), "volume": .int(bar.volume),
    ]
  }
}
