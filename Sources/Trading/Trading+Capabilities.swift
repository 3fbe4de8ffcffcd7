import Store

/// What each trading function may do in the store (spec/apps.md X-08): it reaches its caller's own
/// items and no one else's, and only the one that executes moves cash and shares: what buys, sells
/// and trades runs the state machine, whose functions have lists of their own.
extension TradingService {
  /// Function name → its list.
  package static let capabilities: [String: [Capability]] = [
    "BuyFunction": executions,
    "SellFunction": executions,
    "TradeFunction": executions,
    "ValidateTradeFunction": validation,
    "ExecuteTradeFunction": execution,
    "RecordTransactionFunction": recording,
    "listExecutions": executionReading,
    "getExecution": executionReading,
    "getExecutionHistory": executionReading,
    "getPortfolio": account + [
      Capability([.query], pk: user, sk: .prefix("POS#"))
    ],
    "getPortfolioHistory": account + [
      Capability([.query], pk: user, sk: .prefix("POS#")),
      Capability([.query], pk: user, sk: .prefix("TXN#")),
    ],
    "listTransactions": [Capability([.query], pk: user, sk: .prefix("TXN#"))],
    "listOrders": [Capability([.query], pk: user, sk: .prefix("ORDER#"))],
    "getOrder": [Capability([.get], pk: user, sk: .prefix("ORDER#"))],
    "cancelOrder": [
      Capability([.get, .put], pk: user, sk: .prefix("ORDER#")),
      Capability([.get, .put], pk: user, sk: .exact("ACCOUNT")),
      Capability([.get, .put], pk: user, sk: .prefix("POS#")),
    ],
    "previewOrder": validation,
    // What a reader missed: entries of the ledger, with their fills, orders and positions.
    "streamAccount": account + [
      Capability([.query], pk: .own("LEDGER#")),
      Capability([.get], pk: user, sk: .prefix("TXN#")),
      Capability([.get, .query], pk: user, sk: .prefix("ORDER#")),
      Capability([.get], pk: user, sk: .prefix("POS#")),
    ],
    "userFavorites": [Capability([.query, .put, .delete], pk: user, sk: .prefix("FAV#"))],
  ]

  /// Filling open orders: the one job that reads and moves what belongs to every user.
  package static let matcher = StoreGrant(
    "order-matcher",
    [
      Capability([.query], index: .g1, pk: .prefix("OPEN#")),
      Capability([.get, .put], pk: .prefix("USER#"), sk: .exact("ACCOUNT")),
      Capability([.get, .put], pk: .prefix("USER#"), sk: .prefix("POS#")),
      Capability([.get, .put], pk: .prefix("USER#"), sk: .prefix("ORDER#")),
      Capability([.put], pk: .prefix("USER#"), sk: .prefix("TXN#")),
      Capability([.put], pk: .prefix("LEDGER#")),
      Capability([.put], pk: .exact("OUTBOX#trades")),
    ])

  /// The grant of a function by its name, for whoever calls it without the gateway: a function that
  /// has no list may do nothing.
  package static func grant(_ function: String, caller: String? = nil) -> StoreGrant {
    StoreGrant(function, capabilities[function] ?? [], caller: caller)
  }

  private static let user = Capability.Pattern.own("USER#")

  /// The account, which the first look opens with its starting cash.
  private static let account = [
    Capability([.get, .put], pk: user, sk: .exact("ACCOUNT")),
    Capability([.put], pk: .own("LEDGER#")),
  ]

  private static let validation =
    account + [
      Capability([.get], pk: user, sk: .prefix("POS#")),
      // A refused order is kept.
      Capability([.put], pk: user, sk: .prefix("ORDER#")),
    ]

  /// The whole commit of a trade.
  private static let execution =
    account + [
      Capability([.get, .put], pk: user, sk: .prefix("POS#")),
      Capability([.get, .put], pk: user, sk: .prefix("ORDER#")),
      Capability([.get, .put], pk: user, sk: .prefix("TXN#")),
      Capability([.get, .put], pk: .ownPrefix("UNIQ#CLOID#"), sk: .exact("UNIQ")),
      Capability([.put], pk: .exact("OUTBOX#trades")),
      // The result that keeps a trade from happening twice, with the history before it.
      Capability([.put], pk: .prefix("EXEC#"), sk: .exact("RESULT")),
      Capability([.get], pk: .prefix("EXEC#")),
    ]

  /// The projection of a fill that stands already: it moves neither cash nor shares.
  private static let recording = [
    Capability([.update], pk: user, sk: .exact("ACTIVITY")),
    Capability([.delete], pk: .exact("OUTBOX#trades")),
  ]

  /// A run of the state machine with its history; the end shares its commit with the record.
  private static let executions =
    recording + [
      Capability([.get, .query, .put], pk: .prefix("EXEC#"))
    ]

  private static let executionReading = [
    Capability([.get, .query], pk: .prefix("EXEC#")),
    Capability([.query], index: .g1, pk: .own("EXECS#NOW#")),
    Capability([.query], index: .g1, pk: .own("EXECS#OF#")),
  ]

  /// Carrying on with executions that no request waits for, and recording what they left: what a
  /// function of the machine does then is on its own list.
  package static let background = StoreGrant(
    "trade-executions",
    [
      Capability([.get, .query, .put], pk: .prefix("EXEC#")),
      Capability([.query], index: .g2, pk: .exact("EXECS#RUNNING")),
      Capability([.query, .delete], pk: .exact("OUTBOX#trades")),
      Capability([.update], pk: .prefix("USER#"), sk: .exact("ACTIVITY")),
    ])
}
