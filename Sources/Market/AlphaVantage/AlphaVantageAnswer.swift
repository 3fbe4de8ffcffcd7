import JSON
import Time

/// What a body of Alpha Vantage means: every answer has status 200, so the words decide.
enum AlphaVantageAnswer: Sendable, Hashable {
  case quote(GlobalQuote)
  case bars([Bar])
  /// What SYMBOL_SEARCH found, best first.
  case matches([String])
  /// An empty `Global Quote`, or an `Error Message` for a symbol.
  case unknownSymbol
  /// The day's calls are spent.
  case dailyLimit
  /// Too many calls in a second or a minute.
  case tooFast
  /// The function costs money.
  case premium
  /// The key is missing, wrong, or the demonstration's.
  case badKey
  /// Something else: never kept, never a price.
  case unusable(String)

  /// The fields of GLOBAL_QUOTE, prices in ten-thousandths.
  struct GlobalQuote: Sendable, Hashable {
    var symbol: String
    var price: Int
    var previousClose: Int
    var volume: Int
    var day: String
  }

  /// Reads a body.
  init(_ body: [UInt8]) {
    guard let json = try? JSON(parsing: body, limits: JSON.Limits(bytes: 8 << 20)) else {
      self = .unusable("the body is not JSON")
      return
    }
    self = Self.read(json)
  }

  private static func read(_ json: JSON) -> AlphaVantageAnswer {
    if let message = json["Error Message"]?.string { return refusal(message) }
    if let message = json["Information"]?.string ?? json["Note"]?.string { return limit(message) }
    if let matches = json["bestMatches"]?.array {
      return .matches(matches.compactMap { $0["1. symbol"]?.string })
    }
    if let quote = json["Global Quote"] { return globalQuote(quote) }
    if let series = json.object?.first(where: { $0.name.hasPrefix("Time Series") })?.value.object {
      return bars(series)
    }
    return .unusable("the body has none of the known members")
  }

  private static func refusal(_ message: String) -> AlphaVantageAnswer {
    let text = message.lowercased()
    if text.contains("apikey") || text.contains("api key") { return .badKey }
    return text.contains("invalid api call") ? .unknownSymbol : .unusable(message)
  }

  private static func limit(_ message: String) -> AlphaVantageAnswer {
    let text = message.lowercased()
    if text.contains("demo") { return .badKey }
    if text.contains("per second") || text.contains("per minute") || text.contains("sparingly") {
      return text.contains("per day") && !text.contains("per second") && text.contains("25 ")
        && !text.contains("per minute") ? .dailyLimit : .tooFast
    }
    if text.contains("per day") || text.contains("daily") { return .dailyLimit }
    return text.contains("premium") ? .premium : .unusable(message)
  }

  private static func globalQuote(_ quote: JSON) -> AlphaVantageAnswer {
    guard let object = quote.object else { return .unusable("'Global Quote' is no object") }
    if object.isEmpty { return .unknownSymbol }
    guard let symbol = object["01. symbol"]?.string, let price = Self.price(object["05. price"]),
      let previous = Self.price(object["08. previous close"]),
      let volume = object["06. volume"]?.string.flatMap({ Int($0) }), volume >= 0
    else { return .unusable("'Global Quote' lacks a price, a close or a volume") }
    return .quote(
      GlobalQuote(
        symbol: symbol, price: price, previousClose: previous, volume: volume,
        day: object["07. latest trading day"]?.string ?? ""))
  }

  private static func bars(_ series: JSONObject) -> AlphaVantageAnswer {
    var bars: [Bar] = []
    for (time, value) in series {
      guard let start = Self.time(time), let open = Self.price(value["1. open"]),
        let high = price(value["2. high"]), let low = price(value["3. low"]),
        let close = price(value["4. close"]),
        let volume = value["5. volume"]?.string.flatMap({ Int($0) })
      else { return .unusable("a bar of the series is incomplete") }
      bars.append(
        Bar(start: start, open: open, high: high, low: low, close: close, volume: volume))
    }
    return .bars(bars.sorted { $0.start < $1.start })
  }

  /// A positive price, rounded to four decimals.
  private static func price(_ json: JSON?) -> Int? {
    guard let text = json?.string, let number = JSONNumber(text: text) else { return nil }
    let exact = number.scaled(by: 4) ?? number.scaled(by: 8).map { ($0 + 5_000) / 10_000 }
    return exact.flatMap { $0 > 0 && $0 < 100_000_000_000 ? $0 : nil }
  }

  /// `2026-01-05` or `2026-01-05 19:55:00`, the latter in New York's time.
  private static func time(_ text: String) -> Timestamp? {
    if text.count == 10 { return Timestamp(iso8601: text) }
    guard let local = Timestamp(iso8601: text.replacing(" ", with: "T") + "Z") else { return nil }
    return NewYorkTime.utc(local)
  }
}
