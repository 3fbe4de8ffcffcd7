import Dispatch
import GRDB
import Synchronization
import Time

/// Group commit: writers that arrive together share one commit.
///
/// Writers queue and sleep; the writer connection's own thread takes everything that waits, up to a
/// bound, carries it out within one transaction and answers each only after COMMIT has returned.
/// Each write is decided before it changes anything, so that one writer's refusal leaves no trace
/// in
/// the others' transaction. While the disk syncs, the next group gathers.
final class CommitQueue: Sendable {
  /// What one writer wants.
  enum Work: Sendable {
    case writes([PreparedWrite], answering: Bool)
    case sweep(limit: Int)
    case barrier
  }

  /// What it gets.
  enum Outcome: Sendable {
    case item(Item?)
    case count(Int)
  }

  /// One writer in the queue.
  struct Job: Sendable {
    var work: Work
    var bytes: Int
    var continuation: CheckedContinuation<Outcome, any Error>
  }

  private struct State {
    var waiting: [Job] = []
    var waitingBytes = 0
    var isDraining = false
    /// Why nothing is taken any more.
    var refusal: StoreError?
    var statistics = StoreStatistics()
    /// Rows changed by this connection when the log was last moved into the database.
    var changesAtCheckpoint = 0
  }

  private let state = Mutex(State())
  private let database: any DatabaseWriter
  private let clock: any TimeSource
  private let limits: SQLiteStore.Limits
  private let isDurable: Bool

  init(
    _ database: any DatabaseWriter, clock: any TimeSource, limits: SQLiteStore.Limits,
    isDurable: Bool
  ) {
    self.database = database
    self.clock = clock
    self.limits = limits
    self.isDurable = isDurable
  }

  var statistics: StoreStatistics { state.withLock { $0.statistics } }

  /// Queues the work and waits for its outcome.
  ///
  /// It cannot be cancelled: a writer must know what became of its write.
  func submit(_ work: Work, bytes: Int = 0, closing: Bool = false) async throws -> Outcome {
    try await withCheckedThrowingContinuation { continuation in
      let job = Job(work: work, bytes: bytes, continuation: continuation)
      let (refusal, starts) = state.withLock { state in
        let answer = enqueue(job, in: &state)
        if closing { state.refusal = state.refusal ?? .closed }
        return answer
      }
      if let refusal { return continuation.resume(throwing: refusal) }
      if starts { scheduleDrain() }
    }
  }

  private func enqueue(_ job: Job, in state: inout State) -> (StoreError?, starts: Bool) {
    if let refusal = state.refusal { return (refusal, false) }
    guard state.waiting.count < limits.waitingWrites,
      state.waitingBytes + job.bytes <= limits.waitingBytes || state.waiting.isEmpty
    else {
      state.statistics.refused += 1
      return (.busy, false)
    }
    state.waiting.append(job)
    state.waitingBytes += job.bytes
    defer { state.isDraining = true }
    return (nil, !state.isDraining)
  }

  /// Takes nothing more and returns when what waited is carried out; false when closed before.
  func close() async throws -> Bool {
    if state.withLock({ $0.refusal == .closed }) { return false }
    _ = try await submit(.barrier, closing: true)
    return true
  }

  private func stop(_ refusal: StoreError) {
    state.withLock { $0.refusal = $0.refusal ?? refusal }
  }

  private func scheduleDrain() {
    database.asyncWriteWithoutTransaction { db in self.drain(db) }
  }

  /// One group; the next is scheduled anew, so that others may use the connection in between.
  private func drain(_ db: Database) {
    let group = state.withLock { state -> [Job] in
      let count = min(state.waiting.count, limits.groupWrites)
      let group = Array(state.waiting.prefix(count))
      state.waiting.removeFirst(count)
      state.waitingBytes -= group.reduce(0) { $0 + $1.bytes }
      return group
    }
    commit(group, db)
    checkpointIfDue(db)
    let more = state.withLock { state in
      state.isDraining = !state.waiting.isEmpty
      return state.isDraining
    }
    if more { scheduleDrain() }
  }
}

extension CommitQueue {
  /// Carries out a group within one transaction and answers its writers.
  private func commit(_ group: [Job], _ db: Database) {
    if let refusal = state.withLock({ $0.refusal }), refusal != .closed {
      for job in group { job.continuation.resume(throwing: refusal) }
      return
    }
    let now = clock.now()
    var outcomes: [Result<Outcome, StoreError>] = []
    outcomes.reserveCapacity(group.count)
    do {
      try begin(db)
      for job in group { outcomes.append(try attempt(job.work, now: now, db)) }
      try end(db, changes: group.count)
    } catch {
      rollback(db)
      if let failure = SQLiteFailure(error), failure.isLostSync {
        stop(.unavailable("the disk lost a sync; restart to read back what it kept"))
      } else if group.count > 1, outcomes.count < group.count {
        // One of them made SQLite fail: each gets a transaction of its own, so that only it does.
        for job in group { commit([job], db) }
        return
      }
      outcomes = group.map { _ in .failure(StoreError(error)) }
    }
    for (job, outcome) in zip(group, outcomes) { job.continuation.resume(with: outcome) }
  }

  /// One writer's outcome; throws only what makes the whole transaction void.
  private func attempt(_ work: Work, now: Timestamp, _ db: Database) throws
    -> Result<Outcome, StoreError>
  {
    switch work {
    case .barrier: return .success(.count(0))
    case .sweep(let limit):
      return .success(.count(try ItemTable.sweep(limit: limit, now: now, in: db)))
    case .writes(let writes, let answering):
      let decisions: [Decision]
      do throws(StoreError) {
        decisions = try decide(writes, answering: answering, now: now, db)
      } catch {
        return .failure(error)
      }
      for decision in decisions { try ItemTable.apply(decision.effect, in: db) }
      return .success(.item(answering ? decisions.first?.item : nil))
    }
  }

  /// What every write of one writer does, or the reasons why they do not happen.
  private func decide(
    _ writes: [PreparedWrite], answering: Bool, now: Timestamp, _ db: Database
  ) throws(StoreError) -> [Decision] {
    var decisions: [Decision] = []
    var reasons: [StoreError.Reason] = []
    for write in writes {
      let whole = write.readsAttributes(answering: answering)
      let stored: StoredItem?
      do {
        stored = try ItemTable.stored(write.key, whole: whole, now: now, in: db)
      } catch {
        throw StoreError(error)
      }
      let decision = try write.decide(on: stored)
      reasons.append(decision == nil ? .conditionFailed : .passed)
      if let decision { decisions.append(decision) }
    }
    guard decisions.count == writes.count else { throw .conditionFailed(reasons: reasons) }
    return decisions
  }

  private func begin(_ db: Database) throws {
    try db.cachedStatement(sql: "BEGIN IMMEDIATE").execute()
  }

  private func end(_ db: Database, changes: Int) throws {
    try db.cachedStatement(sql: "COMMIT").execute()
    state.withLock { state in
      state.statistics.commits += 1
      state.statistics.writers += changes
      state.statistics.largestGroup = max(state.statistics.largestGroup, changes)
    }
  }

  private func rollback(_ db: Database) {
    // A failed COMMIT may have ended the transaction already.
    if db.isInsideTransaction { try? db.rollback() }
  }

  /// Moves the log into the database once enough has gathered, after the writers have been
  /// answered.
  private func checkpointIfDue(_ db: Database) {
    guard isDurable else { return }
    let changes = db.totalChangesCount
    let isDue = state.withLock { state in
      guard changes - state.changesAtCheckpoint >= limits.checkpointChanges else { return false }
      state.changesAtCheckpoint = changes
      return true
    }
    guard isDue else { return }
    do {
      try db.checkpoint(.passive)
      state.withLock { $0.statistics.checkpoints += 1 }
    } catch {
      if let failure = SQLiteFailure(error), failure.isLostSync {
        stop(.unavailable("the disk lost a sync; restart to read back what it kept"))
      }
    }
  }
}

/// What the store has done since it was opened.
package struct StoreStatistics: Sendable, Hashable {
  /// Commits, each shared by the writers of one group.
  package var commits = 0
  /// Writers answered, refused conditions among them.
  package var writers = 0
  /// Writers in the largest group.
  package var largestGroup = 0
  /// Writers turned away because too many waited.
  package var refused = 0
  /// Times the log was moved into the database.
  package var checkpoints = 0
}
