import HTTPExchange
import JSON
import Store
import Time

// The stocks that a user marked (S0).
extension TradingService {
  /// `GET`, `POST /favorites` and `DELETE /favorites/{symbol}`.
  func favorites(_ request: Request, _ context: RequestContext) async throws -> Response {
    let user = try user(context)
    switch request.method {
    case "POST": return try await addFavorite(request, user)
    case "DELETE":
      let symbol = try TradeRequestReader.symbol(
        context.pathParameter("symbol").map { .string($0) })
      _ = try await book.store.write(.delete(ItemKey("USER#\(user)", "FAV#\(symbol)")))
      return Response(json: ["message": "Favorite removed"])
    default:
      let page = try await book.store.query(
        Query(pk: "USER#\(user)", .beginsWith("FAV#"), limit: StoreLimits.pageItemsMost))
      let rows = page.items.map { item -> JSON in
        var row = item.attributes
        row["type"] = nil
        return .object(row)
      }
      return Response(json: ["favorites": .array(rows)])
    }
  }

  private func addFavorite(_ request: Request, _ user: String) async throws -> Response {
    let body = try TradeRequestReader.object(request)
    let symbol = try TradeRequestReader.symbol(body["symbol"])
    let given = body["companyName"] ?? .string(symbol)
    guard let said = given.string, said.utf8.count <= 200 else {
      throw TradeRequestReader.invalid(
        "companyName", "'companyName' is a text of at most 200 bytes")
    }
    try engine.require(symbol)
    let known = engine.companyName(of: symbol)
    let item = Item(
      ItemKey("USER#\(user)", "FAV#\(symbol)"),
      JSONObject([
        ("type", "favorite"), ("userId", .string(user)), ("symbol", .string(symbol)),
        ("companyName", .string(known ?? said)),
        ("createdAt", .string(book.clock.now().iso8601)),
      ]), g1: IndexKey("SYM#\(symbol)", user))
    do {
      _ = try await book.store.write(.put(item, if: .notExists))
    } catch let error as StoreError where error.isConditionFailure {
      // It is marked already, since then and under that name.
    }
    return Response(status: 201, json: ["message": "Favorite added"])
  }
}
