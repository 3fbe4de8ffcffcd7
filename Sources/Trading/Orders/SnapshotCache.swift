import Synchronization

/// Accounts and positions as the engine last wrote them, so that a trade need not read back what the
/// trade before it has written.
///
/// Nothing is decided by it alone: a fill's commit names the versions that it was decided on, and a
/// refusal is decided again on what the store holds.
final class SnapshotCache: Sendable {
  private struct Known {
    var account: CashAccount
    var version: Int
    var positions: [String: (position: Position, version: Int)] = [:]
  }

  private let users = Mutex<[String: Known]>([:])

  /// Users and symbols of one user at most; beyond, all are forgotten and known again by and by.
  private static let usersMost = 4_096
  private static let symbolsMost = 64

  /// What is known of both, or nil.
  func snapshot(_ user: String, _ symbol: String) -> TradingBook.Snapshot? {
    users.withLock { users in
      guard let known = users[user], let held = known.positions[symbol] else { return nil }
      return TradingBook.Snapshot(
        account: known.account, accountVersion: known.version, position: held.position,
        positionVersion: held.version)
    }
  }

  /// Remembers what a commit has left.
  func keep(_ user: String, _ snapshot: TradingBook.Snapshot) {
    users.withLock { users in
      if users.count >= Self.usersMost, users[user] == nil { users = [:] }
      var known =
        users[user] ?? Known(account: snapshot.account, version: snapshot.accountVersion)
      known.account = snapshot.account
      known.version = snapshot.accountVersion
      if known.positions.count >= Self.symbolsMost { known.positions = [:] }
      known.positions[snapshot.position.symbol] = (snapshot.position, snapshot.positionVersion)
      users[user] = known
    }
  }

  /// Forgets a user whom somebody else may have written.
  func forget(_ user: String) { users.withLock { _ = $0.removeValue(forKey: user) } }
}
