import Foundation
import HTTPExchange
import JSON
import NIOCore
import Store
import Synchronization
import Testing
import Time

@testable import Trading

/// A trading service whose streams a test reads.
struct Wire {
  let clock = ManualClock()
  let store: SQLiteStore
  let feed: FixedFeed
  let service: TradingService
  let revoked = Flag()

  final class Flag: Sendable {
    let isSet = Mutex(false)
  }

  init(_ change: (inout AccountStreamSettings) -> Void = { _ in }) throws {
    store = try SQLiteStore.inMemory(clock: clock)
    feed = FixedFeed(["AAPL": 1_750_000, "MSFT": 3_800_000], clock: clock)
    var settings = AccountStreamSettings()
    change(&settings)
    let revoked = revoked
    service = TradingService(
      store: ListedStore(store), feed: feed, rules: TradingRules(), clock: clock,
      machine: try Desk.machine(), streams: settings,
      isRevoked: { _ in revoked.isSet.withLock { $0 } })
  }

  /// Another program on the same store, of which this one's streams hear nothing.
  func other() throws -> TradingService {
    TradingService(
      store: store, feed: feed, rules: TradingRules(), clock: clock, machine: try Desk.machine())
  }

  func identity(_ user: String = "ann", seconds: Int = 86_400) -> Identity {
    Identity(
      subject: user, username: user, claims: ["exp": .int(clock.now().seconds + seconds)])
  }

  func read(_ user: String = "ann", after last: String? = nil, seconds: Int = 86_400) async throws
    -> AccountReading
  {
    let identity = identity(user, seconds: seconds)
    return AccountReading(try #require(try await service.streams.open(identity, after: last)))
  }

  @discardableResult
  func trade(
    _ side: Side = .buy, _ quantity: Int = 1, limit: Int? = nil, user: String = "ann",
    by service: TradingService? = nil
  ) async throws -> TradeOutcome {
    try await (service ?? self.service).engine.trade(
      TradeRequest(
        user: user, symbol: "AAPL", side: side, kind: limit == nil ? .market : .limit,
        quantity: quantity, limit: limit.map { Price(units: $0) }))
  }

  /// Lets the time pass until the reader gets something.
  func next(_ reading: AccountReading) async throws -> [AccountReading.Event]? {
    try await withThrowingTaskGroup(of: Void.self) { group in
      let (clock, streams) = (clock, service.streams)
      group.addTask { await streams.run() }
      group.addTask {
        while !Task.isCancelled {
          if clock.sleeping > 0 { clock.advance(by: .seconds(1)) }
          await Task.yield()
        }
      }
      defer { group.cancelAll() }
      return try await reading.next()
    }
  }
}

/// The events of one stream as a reader takes them apart.
final class AccountReading {
  struct Event: Equatable {
    var name: String
    var id: String?
    var data: JSON
  }

  private var iterator: BodyStream.AsyncIterator
  /// As a reader keeps it between connections.
  private(set) var lastID: String?

  init(_ stream: BodyStream) { iterator = stream.makeAsyncIterator() }

  /// The events of the next chunk; a comment is an event without a name.
  func next() async throws -> [Event]? {
    guard let chunk = try await iterator.next() else { return nil }
    let blocks = String(buffer: chunk).components(separatedBy: "\n\n").filter { !$0.isEmpty }
    return try blocks.filter { !$0.hasPrefix("retry:") }.map { block in
      var event = Event(name: "", id: nil, data: .null)
      for line in block.split(separator: "\n") where !line.hasPrefix(":") {
        let field = line.split(separator: ":", maxSplits: 1).map {
          String($0).trimmingCharacters(in: .whitespaces)
        }
        switch field[0] {
        case "id": event.id = field[1]
        case "event": event.name = field[1]
        default: event.data = try JSON(parsing: field[1])
        }
      }
      if let id = event.id { lastID = id }
      return event
    }
  }
}

extension [AccountReading.Event] {
  var names: [String] { map(\.name) }

  func data(_ name: String) -> JSON { first { $0.name == name }?.data ?? .null }
}
