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

  /// The same for a fill that waits in the outbox: its execution ended early, or none brought it.
  init?(outbox item: Item) {
    guard let user = item["user"]?.string,
      let fill = item["fill"]?.object.flatMap({ Fill(attributes: $0) })
    else { return nil }
    self.init(
      user: user,
      trade: [
        "type": .string(fill.side.rawValue), "quantity": .int(fill.quantity),
        "timestamp": .string(fill.time.iso8601),
      ])
  }

  init(user: String, trade: JSON) {
    self.user = user
    self.trade = trade
  }
}
