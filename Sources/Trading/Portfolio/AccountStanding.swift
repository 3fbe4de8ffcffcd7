import Store
import Time

/// What an account holds at one moment, and the fills that brought it there.
struct AccountStanding: Sendable {
  var account: CashAccount
  /// By symbol; those that were sold out are there, too.
  var positions: [Position]
  /// Newest first, back to the moment asked for.
  var fills: [Fill] = []
  /// When the oldest of the fills happened that are read, should there be older ones in the range.
  var knownSince: Timestamp?
}

extension TradingBook {
  /// Fills of one answer at most; a busy year of a person has fewer, a program's day may have more.
  static let fillsMost = 20_000

  /// Reads that another commit may come between before the reader is told to come again.
  private static let readsMost = 16

  /// The account with its positions as they stood at one moment.
  func standing(_ user: String) async throws -> AccountStanding {
    try await unmoved(user) { account in
      AccountStanding(account: account, positions: try await self.positions(user))
    }
  }

  /// The same with the fills since a moment, the newest of them at most.
  func standing(_ user: String, since start: Timestamp, fillsMost: Int = Self.fillsMost)
    async throws -> AccountStanding
  {
    // The newest page is of the moment of the account; pages after it hold what never changes.
    var query = Query(
      pk: "USER#\(user)", .beginsWith("TXN#"), limit: StoreLimits.pageItemsMost,
      direction: .descending)
    let newest = query
    var (standing, page) = try await unmoved(user) { account in
      (
        AccountStanding(account: account, positions: try await self.positions(user)),
        try await self.store.query(newest)
      )
    }
    while true {
      let read = page.items.compactMap { Fill(attributes: $0.attributes) }
      standing.fills += read.prefix { $0.time > start }
      query.cursor = page.cursor
      if page.cursor == nil || read.last.map({ $0.time <= start }) ?? true { return standing }
      if standing.fills.count >= fillsMost {
        standing.knownSince = standing.fills.last?.time
        return standing
      }
      page = try await store.query(query)
    }
  }

  /// Reads again until no trade came between: every commit of a trade writes the account.
  private func unmoved<Value: Sendable>(
    _ user: String, _ read: (CashAccount) async throws -> Value
  ) async throws -> Value {
    for _ in 0..<Self.readsMost {
      let (account, version) = try await account(user)
      let value = try await read(account)
      if try await self.account(user).version == version { return value }
    }
    throw TradeError.conflict
  }

  /// Every position, by symbol.
  func positions(_ user: String) async throws -> [Position] {
    let page = try await store.query(
      Query(pk: "USER#\(user)", .beginsWith("POS#"), limit: StoreLimits.pageItemsMost))
    return page.items.compactMap { Position(attributes: $0.attributes) }
  }
}
