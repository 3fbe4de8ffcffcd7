import HTTPExchange
import JSON
import Store

// Lists of a user's own rows, newest first, in pages that a cursor continues.
extension TradingService {
  /// Rows that one request looks at for those it wants; the cursor goes on where it ended.
  private static let rowsMost = 2_000
  /// Rows that are looked at together.
  private static let rowsTogether = 250

  /// `GET /orders`, those of a `status` or a `symbol` when it is named.
  func orders(_ request: Request, _ context: RequestContext) async throws -> Response {
    let symbol = try Self.symbol(request)
    let statuses = try Self.statuses(request)
    let isFiltered = symbol != nil || statuses != nil
    let (orders, cursor) = try await rows("ORDER#", request, context, isFiltered) { item in
      guard let order = Order(attributes: item.attributes), order.symbol == symbol ?? order.symbol,
        statuses?.contains(order.status) ?? true
      else { return nil }
      return order.json
    }
    return Response(json: ["orders": .array(orders), "cursor": cursor])
  }

  /// `GET /transactions`, those of a `symbol` when it is named.
  func transactions(_ request: Request, _ context: RequestContext) async throws -> Response {
    let symbol = try Self.symbol(request)
    let (fills, cursor) = try await rows("TXN#", request, context, symbol != nil) { item in
      guard let fill = Fill(attributes: item.attributes), fill.symbol == symbol ?? fill.symbol
      else { return nil }
      return TradeAnswers.transaction(fill)
    }
    return Response(json: ["transactions": .array(fills), "cursor": cursor])
  }

  private static func symbol(_ request: Request) throws(Problem) -> String? {
    guard let text = request.target.queryValue("symbol") else { return nil }
    return try TradeRequestReader.symbol(.string(text))
  }

  /// A status, or one of the usual words for several of them.
  private static func statuses(_ request: Request) throws(Problem) -> [Order.Status]? {
    guard let text = request.target.queryValue("status") else { return nil }
    switch text {
    case "all": return nil
    case "open": return Order.Status.allCases.filter { !$0.isFinal }
    case "closed": return Order.Status.allCases.filter(\.isFinal)
    default:
      guard let status = Order.Status(rawValue: text) else {
        let names = Order.Status.allCases.map(\.rawValue).joined(separator: ", ")
        throw TradeRequestReader.invalid("status", "'status' is open, closed, all, \(names)")
      }
      return [status]
    }
  }

  /// A page of the rows that `read` makes something of, and the cursor behind it.
  private func rows(
    _ prefix: String, _ request: Request, _ context: RequestContext, _ isFiltered: Bool,
    read: (Item) -> JSON?
  ) async throws -> ([JSON], cursor: JSON) {
    let limit = try TradeRequestReader.limit(request)
    var query = Query(
      pk: "USER#\(try user(context))", .beginsWith(prefix),
      limit: isFiltered ? Self.rowsTogether : limit, direction: .descending,
      cursor: request.target.queryValue("cursor"))
    var found: [JSON] = []
    var seen = 0
    repeat {
      let page = try await self.page(query)
      for (index, item) in page.items.enumerated() {
        guard let row = read(item) else { continue }
        found.append(row)
        let isLast = page.cursor == nil && index == page.items.count - 1
        if found.count == limit {
          return (found, isLast ? .null : .string(query.cursor(after: item)))
        }
      }
      seen += page.items.count
      query.cursor = page.cursor
    } while isFiltered && query.cursor != nil && seen < Self.rowsMost
    return (found, query.cursor.map { .string($0) } ?? .null)
  }

  private func page(_ query: Query) async throws -> Page {
    do {
      return try await book.store.query(query)
    } catch StoreError.invalid, StoreError.limitExceeded {
      throw TradeRequestReader.invalid("cursor", "the cursor is not one of this list")
    }
  }
}
