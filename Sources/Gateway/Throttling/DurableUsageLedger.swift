import Synchronization
import Time

/// How much of a quota is set aside for the process that serves: what a journal keeps.
package struct QuotaReservation: Sendable, Hashable {
  /// The key's name.
  package var key: String
  /// The plan's name.
  package var plan: String
  /// The first day of the period.
  package var window: String
  /// Requests that may have been served by now.
  package var reserved: Int

  package init(key: String, plan: String, window: String, reserved: Int) {
    self.key = key
    self.plan = plan
    self.window = window
    self.reserved = reserved
  }
}

/// Where reservations survive the process; bound to the store where the parts are put together.
package protocol QuotaJournal: Sendable {
  /// Everything that was written, the last of each key and plan.
  func load() async throws -> [QuotaReservation]
  /// Writes one reservation in place of the one before; returns once it survives a crash.
  func write(_ reservation: QuotaReservation) async throws
}

/// Keys from the settings and quotas that no restart and no crash resets.
///
/// Requests are counted in memory. Before the first is served out of a block, the journal says that
/// the whole block may have been: so a crash can lose the rest of one block of each key, and the
/// quota is never exceeded. A request that meets the end of a block waits for one commit, all others
/// are decided at once. A clean end gives back what was not used.
package final class DurableUsageLedger: UsageLedger {
  /// A block is this part of the quota, so that a crash costs a client at most one in a hundred.
  private static let blocksPerQuota = 100
  private static let largestBlock = 1_000
  /// A request that others overtake so often is refused rather than kept.
  private static let mostRounds = 1_000

  private struct Account: Hashable {
    var key: String
    var plan: String
  }

  private struct Counter {
    var window: String
    var used: Int
    /// What the journal says.
    var reserved: Int
    /// Whether somebody writes the next block.
    var isWriting = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private struct State {
    var counters: [Account: Counter] = [:]
    /// Whether the last write failed; a journal that is away is told of once.
    var isBroken = false
  }

  private let keys: [String: APIKeyRecord]
  private let journal: any QuotaJournal
  private let log: @Sendable (String) -> Void
  private let state: Mutex<State>

  /// A ledger that goes on where the last one ended.
  ///
  /// - Parameters:
  ///   - keys: whose use is counted; what the journal has of others is left alone.
  ///   - journal: where reservations are kept.
  ///   - log: told of a journal that cannot be written.
  package init(
    keys: [APIKeyRecord], journal: any QuotaJournal,
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws {
    self.keys = Dictionary(keys.map { ($0.sha256, $0) }, uniquingKeysWith: { first, _ in first })
    self.journal = journal
    self.log = log
    var state = State()
    let known = Set(keys.map(\.name))
    for record in try await journal.load() where known.contains(record.key) {
      // What was set aside may all have been served.
      state.counters[Account(key: record.key, plan: record.plan)] = Counter(
        window: record.window, used: record.reserved, reserved: record.reserved)
    }
    self.state = Mutex(state)
  }

  package func key(sha256: String) -> APIKeyRecord? { keys[sha256] }

  package func count(key: String, plan: UsagePlan, now: Timestamp) -> QuotaVerdict {
    guard let quota = plan.quota else { return .counted(Usage(used: 0, remaining: .max)) }
    let account = Account(key: key, plan: plan.name)
    if let verdict = take(account, plan, quota, now) { return verdict }
    return .wait { await self.settle(account, plan, quota, now) }
  }

  package func usage(key: String, plan: UsagePlan, now: Timestamp) -> Usage {
    let window = plan.window(at: now)
    let used = state.withLock { state -> Int in
      guard let counter = state.counters[Account(key: key, plan: plan.name)] else {
        return plan.offset
      }
      return counter.window < window ? 0 : counter.used
    }
    return Usage(used: used, remaining: plan.quota.map { max(0, $0 - used) } ?? .max)
  }

  /// Gives back what was set aside and not used; for a clean end, after the last request.
  package func close() async throws {
    let ends = state.withLock { state in
      state.counters.compactMap { account, counter in
        counter.used < counter.reserved
          ? QuotaReservation(
            key: account.key, plan: account.plan, window: counter.window, reserved: counter.used)
          : nil
      }
    }
    for end in ends { try await journal.write(end) }
  }

  // MARK: Counting

  /// Counts one request out of the block at hand; nil when the next block must be set aside first.
  private func take(_ account: Account, _ plan: UsagePlan, _ quota: Int, _ now: Timestamp)
    -> QuotaVerdict?
  {
    state.withLock { state in
      var counter = Self.counter(of: account, plan, now, in: state)
      defer { state.counters[account] = counter }
      if counter.used >= quota { return .exhausted }
      guard counter.used < counter.reserved else { return nil }
      counter.used += 1
      return .counted(Usage(used: counter.used, remaining: quota - counter.used))
    }
  }

  /// The counter as it stands in the present period; a clock that goes back begins no new one.
  private static func counter(
    of account: Account, _ plan: UsagePlan, _ now: Timestamp, in state: State
  ) -> Counter {
    let window = plan.window(at: now)
    guard var counter = state.counters[account] else {
      return Counter(window: window, used: plan.offset, reserved: plan.offset)
    }
    if counter.window < window, !counter.isWriting {
      counter.window = window
      counter.used = 0
      counter.reserved = 0
    }
    return counter
  }

  private enum Turn {
    case writes(QuotaReservation)
    case waits
  }

  /// Waits for the next block, or writes it for everyone who waits.
  private func settle(_ account: Account, _ plan: UsagePlan, _ quota: Int, _ now: Timestamp) async
    -> QuotaVerdict
  {
    for _ in 0..<Self.mostRounds {
      if let verdict = take(account, plan, quota, now) { return verdict }
      guard let next = turn(account, plan, quota, now) else { continue }
      guard case .writes(let reservation) = next else {
        await waitForBlock(account)
        continue
      }
      do {
        try await journal.write(reservation)
        landed(account, reservation)
      } catch {
        landed(account, nil)
        // A client that went away says nothing of the journal.
        if error is CancellationError { return .unavailable }
        report(error, account)
        return plan.failsOpen ? countUnwritten(account, quota) : .unavailable
      }
    }
    return .unavailable
  }

  /// Whose turn it is to write; nil when a block has come meanwhile.
  private func turn(_ account: Account, _ plan: UsagePlan, _ quota: Int, _ now: Timestamp) -> Turn?
  {
    state.withLock { state in
      var counter = Self.counter(of: account, plan, now, in: state)
      defer { state.counters[account] = counter }
      if counter.isWriting { return .waits }
      guard counter.used >= counter.reserved, counter.used < quota else { return nil }
      counter.isWriting = true
      let block = max(1, min(quota / Self.blocksPerQuota, Self.largestBlock))
      return .writes(
        QuotaReservation(
          key: account.key, plan: account.plan, window: counter.window,
          reserved: min(quota, counter.used + block)))
    }
  }

  private func waitForBlock(_ account: Account) async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        guard state.counters[account]?.isWriting == true else { return true }
        state.counters[account]?.waiting.append(continuation)
        return false
      }
      if isOver { continuation.resume() }
    }
  }

  /// Ends a write and wakes whoever waits for it.
  private func landed(_ account: Account, _ reservation: QuotaReservation?) {
    let waiting = state.withLock { state in
      state.counters[account]?.isWriting = false
      if let reservation {
        state.counters[account]?.reserved = reservation.reserved
        state.isBroken = false
      }
      defer { state.counters[account]?.waiting = [] }
      return state.counters[account]?.waiting ?? []
    }
    for continuation in waiting { continuation.resume() }
  }

  private func report(_ error: any Error, _ account: Account) {
    let isKnown = state.withLock { state in
      defer { state.isBroken = true }
      return state.isBroken
    }
    if !isKnown { log("the quota of '\(account.key)' cannot be written: \(error)") }
  }

  /// AWS's choice: a plan that cannot be kept lets requests through, counted in memory alone.
  private func countUnwritten(_ account: Account, _ quota: Int) -> QuotaVerdict {
    state.withLock { state in
      guard var counter = state.counters[account], counter.used < quota else { return .exhausted }
      counter.used += 1
      counter.reserved = max(counter.reserved, counter.used)
      state.counters[account] = counter
      return .counted(Usage(used: counter.used, remaining: quota - counter.used))
    }
  }
}
