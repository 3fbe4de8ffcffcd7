import HTTPExchange
import JSON
import NIOCore
import Time

/// What a commit did to an account; told to the account's streams once it stands.
struct AccountChange: Sendable {
  var order: Order
  var fill: Fill?
  /// The account and the position after the commit; nil when it wrote neither: a refused order.
  var after: TradingBook.Snapshot?

  init(order: Order, fill: Fill? = nil, after: TradingBook.Snapshot? = nil) {
    self.order = order
    self.fill = fill
    self.after = after
  }

  /// What a trade came to.
  init(_ outcome: TradeOutcome, after: TradingBook.Snapshot) {
    switch outcome {
    case .filled(let order, let fill, _, _): self.init(order: order, fill: fill, after: after)
    case .opened(let order, _): self.init(order: order, after: after)
    }
  }

  /// Whether the commit wrote the position.
  private var movesShares: Bool { fill != nil || order.side == .sell }

  /// Where a reader stands who has seen it.
  var place: AccountPlace? {
    after.map { AccountPlace($0.account, version: $0.accountVersion, at: order.updatedAt) }
  }

  /// Its events. Only the last carries the id: a commit of which a reader has seen a part is sent
  /// again whole.
  var events: ByteBuffer {
    var bytes = AccountEvents.order(order)
    if let fill { bytes.writeImmutableBuffer(AccountEvents.fill(fill)) }
    guard let after, let place else { return bytes }
    if movesShares { bytes.writeImmutableBuffer(AccountEvents.position(after.position)) }
    bytes.writeImmutableBuffer(AccountEvents.balance(after.account, at: place))
    return bytes
  }
}

/// How far a reader has seen an account: the id of its events.
struct AccountPlace: Sendable, Hashable {
  /// The stored version of the account, one more with each commit that wrote it.
  var version: Int
  /// The last ledger entry, one more with each fill.
  var sequence: Int
  /// When the last change was decided; finds refused orders, which write no account.
  var time: Timestamp

  init(_ account: CashAccount, version: Int, at time: Timestamp) {
    self.version = version
    sequence = account.sequence
    self.time = time
  }

  /// Reads an id; nil when it is none of ours.
  init?(id: String) {
    guard id.utf8.count <= 60 else { return nil }
    let parts = id.split(separator: ".", omittingEmptySubsequences: false)
      .map { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int($0) : nil }
    guard parts.count == 3, let version = parts[0], let sequence = parts[1], let time = parts[2],
      1 <= sequence, sequence <= version
    else { return nil }
    self.version = version
    self.sequence = sequence
    self.time = Timestamp(milliseconds: time)
  }

  var id: String { "\(version).\(sequence).\(time.milliseconds)" }
}

/// The events of an account as bytes; their members have the names of the API's answers.
enum AccountEvents {
  /// The lists have to be read again: what was missed cannot be told.
  static let reset = EventStream.event("reset", id: nil, ["reason": "too_far_behind"])

  static func order(_ order: Order) -> ByteBuffer {
    EventStream.event("order", id: nil, order.json)
  }

  static func fill(_ fill: Fill) -> ByteBuffer {
    EventStream.event("fill", id: nil, TradeAnswers.transaction(fill))
  }

  static func position(_ position: Position) -> ByteBuffer {
    EventStream.event(
      "position", id: nil,
      [
        "symbol": .string(position.symbol), "quantity": .int(position.quantity),
        "available": .int(position.available), "cost": position.cost.json,
        "averageCost": position.averageCost?.json ?? .null,
      ])
  }

  static func balance(_ account: CashAccount, at place: AccountPlace) -> ByteBuffer {
    EventStream.event(
      "balance", id: place.id,
      [
        "cash": account.cash.json, "holds": account.holds.json,
        "available": account.available.json, "realisedProfit": account.realised.json,
      ])
  }
}
