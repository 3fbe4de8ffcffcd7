import JSON
import Store
import Synchronization
import Time
import Workflows

/// A function as a state machine calls it; without a context it is run on its own.
package typealias TaskFunction = @Sendable (JSON, TaskContext?) async throws -> JSON

/// The three functions of the trade's state machine: JSON in, JSON out, so that they could be Lambda
/// functions as they are.
struct TradeFunctions: Sendable {
  static let validateName = "ValidateTradeFunction"
  static let executeName = "ExecuteTradeFunction"
  static let recordName = "RecordTransactionFunction"

  let engine: TradeEngine
  let log: StoreExecutionLog
  let machineName: String

  /// Name → function.
  var table: [String: TaskFunction] {
    [
      Self.validateName: { input, _ in try await failing { try await validate(input) } },
      Self.executeName: { input, context in
        try await failing { try await execute(input, context) }
      },
      Self.recordName: { input, context in try await record(input, context) },
    ]
  }

  /// Symbol, quantity, price and means, without a commit: refuses early what can be seen to fail.
  private func validate(_ input: JSON) async throws -> JSON {
    let request = try TradeInput.request(input)
    let (market, account) = try await engine.examine(request)
    return [
      "price": market.price(for: request.side).json, "quoteId": .string(market.quoteID),
      "available": account.available.json,
    ]
  }

  /// The whole trade in one commit, with the history up to here and the result that keeps it from
  /// happening twice.
  private func execute(_ input: JSON, _ context: TaskContext?) async throws -> JSON {
    var request = try TradeInput.request(input)
    if request.executionID.isEmpty { request.executionID = engine.book.newID() }
    let id =
      context?.execution ?? ExecutionID(machine: machineName, name: request.executionID)
    let events = context?.pending.take() ?? []
    if mayHaveTraded(events, context, input), let done = try await log.result(id) {
      context?.pending.putBack(events)
      return done
    }
    let commit = Mutex<CommittedResult?>(nil)
    do {
      _ = try await engine.trade(request) { outcome in
        let committed = CommittedResult(
          TradeAnswers.answer(outcome), after: events, input: context?.executionInput ?? .null)
        commit.withLock { $0 = committed }
        return [log.write(committed, of: id)]
      }
    } catch {
      context?.pending.putBack(events)
      if let error = error as? TradeError, error == .alreadyDone,
        let done = try await log.result(id)
      {
        return done
      }
      throw error
    }
    guard let done = commit.withLock({ $0 }) else { return .null }
    if context != nil { log.note(done, of: id) }
    return done.result
  }

  /// Whether an earlier call may have committed, so that it must be looked up: to decide anew could
  /// refuse what has happened. Nothing has where all events since the start still wait.
  private func mayHaveTraded(_ events: [HistoryEvent], _ context: TaskContext?, _ input: JSON)
    -> Bool
  {
    guard let context else { return input["executionId"]?.string?.isEmpty == false }
    return context.retryCount > 0 || events.first?.id != 1
  }

  /// What follows from a fill, exactly once: the user's activity grows while the fill leaves the
  /// outbox. Within an execution it shares the commit of its end.
  private func record(_ input: JSON, _ context: TaskContext?) async throws -> JSON {
    let trade = input["trade"] ?? input
    guard let user = input["user"]?.string else {
      throw TaskFailure("ValidationError", cause: "'user' is missing")
    }
    guard let fill = trade["transactionId"]?.string else { return ["recorded": false] }
    let writes = try TradeProjection(user: user, trade: trade).writes(fill: fill)
    if let context {
      log.join(writes, to: context.execution)
    } else {
      do {
        try await engine.book.store.transact(writes)
      } catch let error as StoreError where error.isConditionFailure {
        // It was recorded before.
      }
    }
    return ["recorded": true, "transactionId": .string(fill)]
  }

  /// An error of a trade becomes one that the machine knows by name.
  private func failing(_ body: () async throws -> JSON) async throws -> JSON {
    do {
      return try await body()
    } catch let failure as TaskFailure {
      throw failure
    } catch {
      throw TradeFailure(error)?.task ?? error
    }
  }
}
