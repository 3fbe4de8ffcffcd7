import Cryptography
import Diagnostics
import HTTPExchange
import JSON
import Store
import Synchronization
import Time
import Workflows

/// Runs every trade as an execution of the state machine: the only way to the engine from outside.
package final class TradeExecutions: Sendable {
  /// How an execution came out.
  struct Ended: Sendable {
    var record: ExecutionRecord
    /// What the client gets, when there is a trade.
    var trade: JSON?
    /// The same request was carried out before.
    var isReplay = false
  }

  let log: StoreExecutionLog
  let functions: TradeFunctions
  private let runner: WorkflowRunner
  private let engine: TradeEngine
  private let idempotencySeconds: Int
  private let report: @Sendable (Diagnostic) -> Void
  /// One at a time for each name; a request with a key shares the lane of its repetitions.
  private let lanes = AccountLanes()
  private let waiting: AsyncStream<ExecutionID>
  private let queue: AsyncStream<ExecutionID>.Continuation
  private let accepted = Mutex(0)

  /// Executions in the background at most, running or waiting.
  private static let acceptedMost = 1_024
  /// Executions under one idempotency key at most: each but the last failed for no fault of its own.
  private static let attemptsMost = 100

  init(
    _ machine: TradeMachine, engine: TradeEngine, store: any ItemStore, clock: any TimeSource,
    idempotencySeconds: Int, report: @escaping @Sendable (Diagnostic) -> Void
  ) {
    let log = StoreExecutionLog(store: store, clock: clock) { $0.input["user"]?.string }
    let functions = TradeFunctions(engine: engine, log: log, machineName: machine.machine.name)
    let table = functions.table
    self.log = log
    self.functions = functions
    self.engine = engine
    self.idempotencySeconds = idempotencySeconds
    self.report = report
    runner = WorkflowRunner(
      machine.machine, log: log, clock: clock,
      environment: Self.environment,
      recording: .atEnd
    ) { resource, input, context in
      guard let (name, payload) = resource.call(input), let function = table[name] else {
        throw TaskFailure("States.TaskFailed", cause: "there is no function for '\(resource.text)'")
      }
      // Each function under its own list, for the user who began the execution, whatever name the
      // document puts into the payload.
      let grant = TradingService.grant(name, caller: context.executionInput["user"]?.string)
      return resource.result(try await grant.run { try await function(payload, context) })
    }
    (waiting, queue) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.acceptedMost))
  }

  // MARK: Starting

  /// Runs the machine to its end.
  func run(_ request: TradeRequest) async throws -> Ended {
    let name = firstName(request)
    return try await lanes.run(name) {
      switch try await self.begin(request, first: name) {
      case .new(let record): try await self.carryOut(record)
      case .ended(let record): try await self.ended(record, isReplay: true)
      case .running: throw TradeError.inProgress
      }
    }
  }

  /// Keeps the execution and lets it run in the background.
  func start(_ request: TradeRequest) async throws -> Ended {
    guard reserve() else { throw AccountLanes.Busy() }
    var isQueued = false
    defer { if !isQueued { release() } }
    let name = firstName(request)
    let beginning = try await lanes.run(name) { try await self.begin(request, first: name) }
    switch beginning {
    case .new(let record):
      isQueued = true
      queue.yield(record.id)
      return Ended(record: record)
    case .running(let record): return Ended(record: record)
    case .ended(let record): return try await ended(record, isReplay: true)
    }
  }

  private enum Beginning: Sendable {
    case new(ExecutionRecord)
    case running(ExecutionRecord)
    case ended(ExecutionRecord)
  }

  private func begin(_ request: TradeRequest, first: String) async throws -> Beginning {
    var request = request
    for attempt in 1...Self.attemptsMost {
      request.executionID = attempt == 1 ? first : "\(first)-\(attempt)"
      do {
        switch try await runner.begin(request.executionID, input: TradeInput.json(request)) {
        case .new(let record): return .new(record)
        case .running(let record): return .running(record)
        }
      } catch WorkflowRunner.Refusal.alreadyExists(let record) {
        let age = engine.book.clock.now() - record.startedAt
        if age >= .seconds(idempotencySeconds) { continue }
        guard record.input["fingerprint"]?.string == request.idempotency?.fingerprint else {
          throw TradeError.idempotencyMismatch
        }
        if record.status == .running { return .running(record) }
        if try await isForNothing(record) { continue }
        return .ended(record)
      }
    }
    throw TradeError.conflict
  }

  /// Whether it failed for a reason that may be over: then the key stands for another attempt.
  private func isForNothing(_ record: ExecutionRecord) async throws -> Bool {
    guard record.status != .succeeded, try await log.result(record.id) == nil else { return false }
    let problem = TradeFailure.problem(of: record)
    return problem.status >= 500 || problem.error == "conflict"
  }

  /// The same key of the same user is the same name; without a key each has its own.
  private func firstName(_ request: TradeRequest) -> String {
    guard let idempotency = request.idempotency else { return engine.book.newID() }
    let digest = SHA256.hash(Array("\(request.user)\n\(idempotency.key)".utf8)).hex
    return "key_\(digest.prefix(32))"
  }

  /// The lane of a name: attempts under one key share it.
  private static func lane(_ name: String) -> String { String(name.prefix { $0 != "-" }) }

  // MARK: Carrying out

  private func carryOut(_ record: ExecutionRecord) async throws -> Ended {
    do {
      return try await ended(try await runner.carryOut(record))
    } catch {
      log.forget(record.id)
      // The client is gone, or the end could not be kept. What was committed stands; the rest goes
      // on without anybody waiting.
      if reserve() { queue.yield(record.id) }
      if let trade = try? await log.result(record.id) { return Ended(record: record, trade: trade) }
      throw error
    }
  }

  /// An execution that timed out or failed after the commit has traded all the same.
  private func ended(_ record: ExecutionRecord, isReplay: Bool = false) async throws -> Ended {
    if record.status == .succeeded, let trade = record.output?["trade"] {
      return Ended(record: record, trade: trade, isReplay: isReplay)
    }
    return Ended(record: record, trade: try await log.result(record.id), isReplay: isReplay)
  }

  // MARK: In the background

  /// Resumes what a crash interrupted, then runs what is started in the background, until cancelled.
  package func run() async {
    let interrupted = await interrupted()
    await withDiscardingTaskGroup { group in
      group.addTask { for id in interrupted { await self.resume(id) } }
      group.addTask { await self.recordRemaining() }
      group.addTask { await self.log.keepEnds { self.reportStuck($0, $1) } }
      for await id in waiting {
        group.addTask {
          await self.resume(id)
          self.release()
        }
      }
    }
  }

  private func interrupted() async -> [ExecutionID] {
    do {
      return try await log.unfinished()
    } catch {
      report(
        Diagnostic(
          .tradeExecutionStuck, "interrupted executions cannot be read: \(error)",
          remedy: "they are looked for again at the next start", severity: .warning))
      return []
    }
  }

  /// Goes on where an execution stands; one that has ended is left alone.
  func resume(_ id: ExecutionID) async {
    do {
      try await lanes.run(Self.lane(id.name)) {
        guard try await self.log.record(id)?.status == .running else { return }
        _ = try await self.runner.resume(id.name)
      }
    } catch is CancellationError {
      log.forget(id)
    } catch {
      log.forget(id)
      reportStuck(id, error)
    }
  }

  private func reportStuck(_ id: ExecutionID, _ error: any Error) {
    report(
      Diagnostic(
        .tradeExecutionStuck, "the execution '\(id.name)' cannot go on: \(error)",
        remedy: "it is tried again at the next start", severity: .warning))
  }

  /// Fills that no execution has recorded: those of waiting limit orders, and those whose execution
  /// ended early.
  private func recordRemaining() async {
    let clock = engine.book.clock
    var failed = ""
    repeat {
      do {
        _ = try await recordOutbox()
        failed = ""
      } catch is CancellationError {
        return
      } catch {
        // Told once, however often it is tried again.
        if failed != "\(error)" { reportOutbox(error) }
        failed = "\(error)"
      }
    } while (try? await clock.sleep(for: .seconds(5))) != nil
  }

  private func reportOutbox(_ error: any Error) {
    report(
      Diagnostic(
        .tradeExecutionStuck, "fills wait to be recorded: \(error)",
        remedy: "it is tried again every five seconds", severity: .warning))
  }

  /// Records what has waited in the outbox for some seconds; answers how much.
  ///
  /// One that cannot be recorded does not hold up those behind it; its error is thrown at the end.
  func recordOutbox(olderThan age: Duration = .seconds(5)) async throws -> Int {
    let store = engine.book.store
    let most = engine.book.clock.now() - age
    var recorded = 0
    var failure: (any Error)?
    var cursor: String?
    repeat {
      let page = try await store.query(
        Query(pk: TradeProjection.outbox, limit: 200, cursor: cursor))
      cursor = page.cursor
      for item in page.items {
        guard let projection = TradeProjection(outbox: item, before: most) else { continue }
        do {
          try await store.transact(try projection.writes(fill: item.key.sk))
          recorded += 1
        } catch let error as StoreError where error.isConditionFailure {
          // Its execution recorded it meanwhile.
        } catch {
          failure = error
        }
      }
    } while cursor != nil
    if let failure { throw failure }
    return recorded
  }

  private func reserve() -> Bool {
    accepted.withLock { count in
      guard count < Self.acceptedMost else { return false }
      count += 1
      return true
    }
  }

  private func release() { accepted.withLock { $0 -= 1 } }

  // MARK: Chance and digests for the intrinsics

  /// What the intrinsics draw and reckon with.
  package static let environment = WorkflowEnvironment(randomBits: randomBits, digest: digest)

  private static let randomBits: @Sendable () -> UInt64 = {
    SecureRandom.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static let digest: @Sendable (String, [UInt8]) -> [UInt8]? = { algorithm, bytes in
    switch algorithm {
    case "SHA-1": DigestAlgorithm.sha1.hash(bytes).bytes
    case "SHA-256": SHA256.hash(bytes).bytes
    case "SHA-384": SHA384.hash(bytes).bytes
    case "SHA-512": SHA512.hash(bytes).bytes
    default: nil
    }
  }
}
