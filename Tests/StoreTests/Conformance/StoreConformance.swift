import JSON
import Store
import Testing
import Time

/// What every driver of the item store must do, as checks over `any ItemStore`.
///
/// A new driver adds a case to `Driver` and passes them all; nothing here knows what is beneath.
struct StoreConformance: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var run: @Sendable (any ItemStore, ManualClock) async throws -> Void

  init(_ name: String, _ run: @escaping @Sendable (any ItemStore, ManualClock) async throws -> Void)
  {
    testDescription = name
    self.run = run
  }

  static let all: [StoreConformance] =
    writes + conditions + transactions + queries + expiry + limits + concurrency
}

extension ItemKey {
  static func user(_ name: String, _ sk: String = "PROFILE") -> ItemKey {
    ItemKey("USER#\(name)", sk)
  }
}

extension ItemStore {
  /// The sort keys of a page.
  func sortKeys(_ query: Query) async throws -> [String] {
    try await self.query(query).items.map(\.key.sk)
  }

  /// Every page of a query, joined.
  func everything(_ query: Query) async throws -> [Item] {
    var query = query
    var items: [Item] = []
    repeat {
      let page = try await self.query(query)
      items += page.items
      query.cursor = page.cursor
    } while query.cursor != nil
    return items
  }
}

/// The reasons a refused write answers, or nil when it was not refused by a condition.
func reasons(_ body: () async throws -> Void) async -> [StoreError.Reason]? {
  do {
    try await body()
    return nil
  } catch StoreError.conditionFailed(let reasons) {
    return reasons
  } catch {
    return nil
  }
}

/// The error of the store that the body throws, if any.
func storeError(_ body: () async throws -> Void) async -> StoreError? {
  do {
    try await body()
    return nil
  } catch {
    return error as? StoreError
  }
}

/// A number by its digits; null when they are not a number.
func exact(_ digits: String) -> JSON { JSONNumber(text: digits).map { .number($0) } ?? .null }
