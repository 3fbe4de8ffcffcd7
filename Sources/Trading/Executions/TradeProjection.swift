import JSON
import Store
import Time
import Workflows

/// What follows from a fill: the user's activity. It leaves the outbox in the same commit, so that
/// no repetition counts it twice.
struct TradeProjection: Sendable {
  let user: String
  /// The trade as it was answered.
  let trade: JSON

  static let outbox = "OUTBOX#trades"

  static func activityKey(_ user: String) -> ItemKey { ItemKey("USER#\(user)", "ACTIVITY") }

  func writes(fill: String) throws(TaskFailure) -> [Write] {
    guard let side = trade["type"]?.string.flatMap(Side.init(rawValue:)),
      let quantity = trade["quantity"]?.int, let time = trade["timestamp"]?.string
    else { throw TaskFailure("ValidationError", cause: "this is not a trade") }
    let shares = side == .buy ? "sharesBought" : "sharesSold"
    return [
      .delete(ItemKey(Self.outbox, fill), if: .exists),
      .update(
        Self.activityKey(user),
        [
          .set("type", "activity"), .add("trades", 1), .add(shares, quantity),
          .set("lastTradeAt", .string(time)),
        ]),
    ]
  }

  /// The same for a fill that has waited in the outbox since before a moment: its execution ended
  /// early, or none brought it.
  init?(outbox item: Item, before most: Timestamp) {
    guard let user = item["user"]?.string, let side = item["side"], let time = item["time"],
      let quantity = item["quantity"],
      let moment = time.string.flatMap({ Timestamp(iso8601: $0) }), moment <= most
    else { return nil }
    self.init(user: user, trade: ["type": side, "quantity": quantity, "timestamp": time])
  }

  init(user: String, trade: JSON) {
    self.user = user
    self.trade = trade
  }
}
